/**
 * The invariants of design §10 that a history of accepted events shows by itself, kept in a way of their own: nothing
 * of the engine is used but the form of its events.
 *
 * - I1, I2: no scheduled time of an incarnation is decided twice, and they rise; of an interval none is left out.
 * - I4: no command has two outcomes.
 * - I7: a run has at most one outcome, and nothing happens to it afterwards.
 * - I8: no run is let in while `maxInstances` others are.
 * - I9: nothing fires and nothing is tried again while its job is paused, or after it is gone.
 */
import type { CausedBy, Event, EventOf, Times } from '../../src/core/events.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { COMMAND_MEMORY_MS } from '../../src/core/limits.ts'

interface Job {
  readonly incarnation: string
  definition: JobDefinition
  paused: boolean
  next: number | null
  lastDecided: number
  /** Since when, and how many, times are counted for the check that none is left out. */
  segmentStart: number | null
  segmentAnchor: number
  segmentCount: number
}

interface Run {
  readonly jobId: string
  readonly incarnation: string
  /** Not yet dispatched: it waits for this run, or for any place (`*`). */
  after: string | null
  attempt: number
}

const OUTCOMES: ReadonlySet<string> = new Set(['RunSucceeded', 'RunFailed', 'RunTimedOut', 'RunCancelled', 'RunLost'])

export class Bookkeeping {
  readonly #jobs = new Map<string, Job>()
  readonly #runs = new Map<string, Run>()
  readonly #endedRuns = new Set<string>()
  /** When a command was answered last. */
  readonly #answered = new Map<string, number>()
  /** Fires decided, as job, incarnation and scheduled time. */
  readonly #fires = new Set<string>()

  get runsQueued(): number {
    return this.#runs.size + this.#endedRuns.size
  }

  /** One accepted batch. Throws with the name of the invariant that it breaks. */
  see(batch: readonly Event[]): void {
    const answers = new Set<string>()
    for (const event of batch) {
      // What was sent on is answered by its home.
      const isAnswer = 'commandId' in event && event.commandId !== null && event.type !== 'CommandForwarded'
      if (isAnswer) answers.add(event.commandId)
      this.#take(event)
    }
    for (const commandId of answers) this.#checkAnswer(batch, commandId)
    for (const [jobId, job] of this.#jobs) this.#checkNoneLeftOut(jobId, job)
  }

  #take(event: Event): void {
    switch (event.type) {
      case 'JobAdded':
        return this.#added(event)
      case 'JobModified':
        return this.#modified(event)
      case 'JobPaused':
        this.#job(event.jobId, 'I9').paused = true
        return
      case 'JobResumed': {
        const job = this.#job(event.jobId, 'I9')
        job.paused = false
        if (event.skipped !== null) this.#decided(event.jobId, job, event.skipped)
        job.next = event.nextFireTime
        return
      }
      case 'JobRemoved':
      case 'JobFinished':
        this.#must(this.#jobs.delete(event.jobId), event, 'I9: it ends a job that is not there')
        return
      case 'RunQueued':
        return this.#queued(event)
      case 'RunSkipped':
        return this.#passed(event)
      case 'RunMissed':
        return event.runId === null ? this.#passed(event) : this.#ended(event, event.runId)
      case 'RunStarted':
      case 'RunGranted':
      case 'RunRetryScheduled':
      case 'RunRetryQueued':
      case 'RunCancelRequested':
        return this.#happened(event)
      default:
        if (OUTCOMES.has(event.type) && 'runId' in event && event.runId !== null) this.#ended(event, event.runId)
    }
  }

  #added(event: EventOf<'JobAdded'>): void {
    this.#must(!this.#jobs.has(event.jobId), event, 'I1: it adds a job that is there')
    this.#jobs.set(event.jobId, {
      incarnation: `${event.epoch}-${event.seq}-${event.index}`,
      definition: event.definition,
      paused: event.paused,
      next: event.nextFireTime,
      lastDecided: -1,
      segmentStart: event.nextFireTime,
      segmentAnchor: event.anchor,
      segmentCount: 0,
    })
  }

  #modified(event: EventOf<'JobModified'>): void {
    const job = this.#job(event.jobId, 'I9')
    job.definition = event.definition
    job.next = event.nextFireTime
    job.segmentStart = event.nextFireTime
    job.segmentAnchor = event.anchor
    job.segmentCount = 0
    this.#must(
      event.nextFireTime === null || event.nextFireTime > job.lastDecided,
      event,
      'I2: the new version begins with a time that was decided',
    )
  }

  #queued(event: EventOf<'RunQueued'>): void {
    const job = this.#job(event.jobId, 'I9')
    const { runId } = event
    this.#must(!this.#runs.has(runId) && !this.#endedRuns.has(runId), event, 'I1: the run was there before')
    if (event.after === null) {
      const others = [...this.#runs.values()].filter(
        (run) => run.jobId === event.jobId && run.incarnation === job.incarnation && run.after === null,
      )
      this.#must(others.length < job.definition.maxInstances, event, 'I8: it is over maxInstances')
    }
    this.#runs.set(runId, { jobId: event.jobId, incarnation: job.incarnation, after: event.after, attempt: 1 })
    if (event.cause !== 'trigger') return
    this.#must(!job.paused, event, 'I9: its job is paused')
    const fire = `${event.jobId}/${job.incarnation}/${event.scheduledAt}`
    this.#must(!this.#fires.has(fire), event, 'I1: its time was decided before')
    this.#fires.add(fire)
    this.#decided(event.jobId, job, together(event))
    job.next = event.nextFireTime
  }

  #passed(event: EventOf<'RunSkipped' | 'RunMissed'>): void {
    const job = this.#job(event.jobId, 'I9')
    const saysWhy = event.type === 'RunSkipped' && event.why === 'paused'
    this.#must(!job.paused || saysWhy, event, 'I9: its job is paused')
    this.#decided(event.jobId, job, event.times)
    job.next = event.nextFireTime
  }

  #decided(jobId: string, job: Job, times: Times): void {
    if (times.first <= job.lastDecided || times.last < times.first) {
      throw new Error(`I2: ${jobId}: ${times.first} … ${times.last} after ${job.lastDecided}`)
    }
    const listed = times.listed.slice(0, Math.min(times.count, 100))
    if (listed.some((at, i) => at <= (listed[i - 1] ?? -1))) throw new Error(`I2: ${jobId}: listed times do not rise`)
    job.lastDecided = times.last
    job.segmentCount += times.count
  }

  #happened(
    event: EventOf<'RunStarted' | 'RunGranted' | 'RunRetryScheduled' | 'RunRetryQueued' | 'RunCancelRequested'>,
  ): void {
    const run = this.#runs.get(event.runId)
    if (run === undefined) return this.#must(false, event, 'I7: its run has ended or never was')
    run.after = null
    if (event.type !== 'RunRetryQueued') {
      return this.#must(event.attempt === run.attempt, event, `I11: the attempt is ${run.attempt}`)
    }
    this.#must(event.attempt === run.attempt + 1, event, `I11: the attempt was ${run.attempt}`)
    run.attempt = event.attempt
    const job = this.#jobs.get(event.jobId)
    this.#must(job?.incarnation === run.incarnation, event, 'I9: its job is gone')
    this.#must(job?.paused === false, event, 'I9: its job is paused')
  }

  #ended(event: Event, runId: string): void {
    const ended = this.#runs.get(runId)
    if (ended === undefined) return this.#must(false, event, 'I7: its run has ended before or never was')
    this.#runs.delete(runId)
    this.#endedRuns.add(runId)
    // Who waited for a run that never began waits for its predecessor.
    for (const run of this.#runs.values()) if (run.after === runId) run.after = ended.after
  }

  /** A command is applied at most once as long as its id is remembered; a rejection is not. */
  #checkAnswer(batch: readonly Event[], commandId: string): void {
    const answers = batch.filter((event) => 'commandId' in event && (event as CausedBy).commandId === commandId)
    const isRepetition = (event: Event): boolean => event.type === 'CommandApplied' && event.duplicate
    const first = answers.filter((event) => event.type !== 'CommandRejected' && !isRepetition(event))
    const isOne = first.length <= 1 || !first.some(({ type }) => type.startsWith('Command'))
    if (!isOne) throw new Error(`I4: ${commandId} has the outcomes ${first.map(({ type }) => type).join(', ')}`)
    const [time = 0] = answers.map((event) => event.time)
    const last = this.#answered.get(commandId)
    const remembered = last !== undefined && time < last + COMMAND_MEMORY_MS
    if (remembered && !answers.every(isRepetition)) throw new Error(`I4: ${commandId} is answered again`)
    if (first.length > 0 || remembered) this.#answered.set(commandId, time)
  }

  /** Between the first time of a version and its next one, as many times were decided as the interval has. */
  #checkNoneLeftOut(jobId: string, job: Job): void {
    const { trigger } = job.definition
    const { segmentStart: start, segmentAnchor: anchor, next, segmentCount } = job
    if (trigger?.type !== 'interval' || trigger.start !== undefined) return
    if (start === null || next === null) return
    const everyMs = durationMs(trigger.every)
    // The grid begins one interval after its anchor; a first fire time that was given may lie before that, and off the grid.
    const before = start < anchor ? 0 : Math.floor((start - anchor) / everyMs)
    const between = Math.ceil((next - anchor) / everyMs) - before - 1
    const expected = next === start ? 0 : 1 + between
    if (segmentCount !== expected) {
      throw new Error(`I1: ${jobId}: ${segmentCount} times decided from ${start} to ${next}, there are ${expected}`)
    }
  }

  #job(jobId: string, invariant: string): Job {
    const job = this.#jobs.get(jobId)
    if (job === undefined) throw new Error(`${invariant}: there is no job ${jobId}`)
    return job
  }

  #must(holds: boolean, event: Event, what: string): void {
    if (!holds) throw new Error(`${what}: ${JSON.stringify(event)}`)
  }
}

/** `PT1H30M15S` */
function durationMs(iso: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(iso) ?? []
  return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
}

/** The times that one run stands for. */
function together(event: EventOf<'RunQueued'>): Times {
  const { scheduledAt, coalesced } = event
  if (coalesced === null) return { first: scheduledAt, last: scheduledAt, count: 1, listed: [scheduledAt] }
  return {
    first: Math.min(scheduledAt, coalesced.first),
    last: Math.max(scheduledAt, coalesced.last),
    count: coalesced.count + 1,
    listed: [],
  }
}
