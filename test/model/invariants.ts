/**
 * The invariants of design §10 that the accepted history of one partition shows by itself. Kept apart from the model,
 * which says what should have been decided: this knows only what must never be seen.
 *
 * - I1, I2: no scheduled time of an incarnation is decided twice, and they rise; no run is queued twice.
 * - I3: batches are numbered without a gap, each by the one owner of its epoch; time does not go back.
 * - I4: a command is answered in one batch, by one kind of event, and what a given id applied is not applied again.
 * - I7, I11: a run has at most one outcome, nothing happens to it afterwards, and its attempts are numbered 1, 2, 3.
 * - I8: no run is let in while `maxInstances` others are.
 * - I9: nothing fires and nothing is tried again while its job is held, or after it is gone.
 */
import type { CausedBy, Event, EventOf, Times } from '../../src/core/events.ts'
import type { Labels } from '../../src/core/commands.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'

interface Job {
  readonly incarnation: string
  definition: JobDefinition
  version: number
  paused: boolean
  decided: number
}

interface Run {
  readonly jobId: string
  readonly incarnation: string
  /** It was queued to wait. That a place became free for it no event says. */
  waits: boolean
  attempt: number
}

const MEMORY_MS = 3_600_000

export class Invariants {
  readonly #jobs = new Map<string, Job>()
  readonly #runs = new Map<string, Run>()
  readonly #ended = new Set<string>()
  readonly #tags = new Map<string, string>()
  readonly #applied = new Map<string, number>()
  readonly #rules = new Map<string, Labels>()
  #schedulePaused = false
  #epoch = 0
  #seq = 0
  #owner = ''
  #time = 0

  /** One accepted batch with its trailer, or an announcement. Throws with the name of the invariant that it breaks. */
  see(batch: readonly Event[]): void {
    const [first] = batch
    const trailer = batch.at(-1)
    if (first?.type === 'OwnerAnnounced') this.#announced(first)
    else if (trailer?.type === 'BatchCommitted') this.#committed(batch, trailer)
    for (const event of batch) {
      // An announcement is decided on no history: one that was long under way may come after later events.
      const goesBack = event.time < this.#time && event.type !== 'OwnerAnnounced'
      if (goesBack) throw broken('I3', `the time goes back to ${event.time}`, event)
      this.#time = Math.max(this.#time, event.time)
      if ('commandId' in event) this.#answered(batch, event)
      this.#take(event)
    }
  }

  #announced(event: EventOf<'OwnerAnnounced'>): void {
    if (event.epoch !== this.#epoch + 1) throw broken('I3', `epoch ${event.epoch} follows ${this.#epoch}`, event)
    this.#epoch = event.epoch
    this.#seq = 0
    this.#owner = hex(event.owner)
  }

  #committed(batch: readonly Event[], trailer: EventOf<'BatchCommitted'>): void {
    const { epoch, seq, owner, count } = trailer
    const isNext = epoch === this.#epoch && seq === this.#seq + 1
    if (!isNext) throw broken('I3', `batch (${epoch}, ${seq}) follows (${this.#epoch}, ${this.#seq})`, trailer)
    if (hex(owner) !== this.#owner) throw broken('I3', 'the batch is of another owner', trailer)
    const isWhole = count === batch.length - 1 && batch.every((one, index) => one.index === index && one.seq === seq)
    if (!isWhole) throw broken('I3', 'the batch is not whole', trailer)
    this.#seq = seq
  }

  #answered(batch: readonly Event[], event: Event & CausedBy): void {
    const { actor, commandId, commandGiven, type } = event
    if (actor === null || commandId === null) return
    const place = `${event.epoch}-${event.seq}`
    const before = this.#tags.get(actor)
    if (before !== undefined && before !== place) throw broken('I4', `the command was answered in ${before}`, event)
    this.#tags.set(actor, place)
    const answers = batch.filter((one) => 'actor' in one && one.actor === actor)
    const isEffect = type !== 'CommandApplied' && type !== 'CommandRejected'
    if (!isEffect && answers.length > 1) throw broken('I4', `it is one of ${answers.length} answers`, event)
    if (isEffect && commandGiven && answers[0] === event) {
      const last = this.#applied.get(commandId)
      if (last !== undefined && event.time < last + MEMORY_MS) throw broken('I4', 'the id was applied before', event)
    }
    if (commandGiven && type !== 'CommandRejected') this.#applied.set(commandId, event.time)
  }

  #take(event: Event): void {
    switch (event.type) {
      case 'JobAdded':
        return this.#added(event)
      case 'JobModified':
        return this.#modified(event)
      case 'JobPaused':
      case 'JobResumed':
        return this.#pausedOrResumed(event)
      case 'JobRemoved':
      case 'JobFinished':
        if (!this.#jobs.delete(event.jobId)) throw broken('I9', 'there is no such job', event)
        return
      case 'JobsRemoved':
        this.#jobs.clear()
        return
      case 'JobsPaused':
        this.#rules.set(keyOf(event.labels), event.labels)
        return
      case 'JobsResumed':
        this.#rules.delete(keyOf(event.labels))
        return
      case 'SchedulePaused':
      case 'ScheduleResumed':
        this.#schedulePaused = event.type === 'SchedulePaused'
        return
      case 'RunQueued':
        return this.#queued(event)
      case 'RunSkipped':
      case 'RunMissed':
        return event.runId === null ? this.#passed(event) : this.#over(event, event.runId)
      case 'RunStarted':
      case 'RunGranted':
      case 'RunRetryScheduled':
      case 'RunCancelRequested':
        this.#runOf(event).waits = false
        return
      case 'RunRetryQueued':
        return this.#triedAgain(event)
      case 'RunSucceeded':
      case 'RunFailed':
      case 'RunTimedOut':
      case 'RunCancelled':
      case 'RunLost':
        this.#runOf(event)
        return this.#over(event, event.runId)
      default:
    }
  }

  #added(event: EventOf<'JobAdded'>): void {
    if (this.#jobs.has(event.jobId)) throw broken('I1', 'the job is there already', event)
    const { definition, paused, version } = event
    const incarnation = `${event.epoch}-${event.seq}-${event.index}`
    this.#jobs.set(event.jobId, { incarnation, definition, version, paused, decided: -1 })
  }

  #modified(event: EventOf<'JobModified'>): void {
    const job = this.#jobOf(event)
    const { definition, version, nextFireTime } = event
    if (version !== job.version + 1) throw broken('I2', `the version before is ${job.version}`, event)
    if (nextFireTime !== null && nextFireTime <= job.decided)
      throw broken('I2', 'its next time was decided before', event)
    job.definition = definition
    job.version = version
  }

  #pausedOrResumed(event: EventOf<'JobPaused' | 'JobResumed'>): void {
    const job = this.#jobOf(event)
    job.paused = event.type === 'JobPaused'
    if (event.type === 'JobResumed' && event.skipped !== null) decide(job, event.skipped, event)
  }

  #queued(event: EventOf<'RunQueued'>): void {
    const job = this.#jobOf(event)
    const { runId, jobId, after, cause, scheduledAt, coalesced } = event
    const isTwice = this.#runs.has(runId) || this.#ended.has(runId)
    if (isTwice) throw broken('I1', 'the run was queued before', event)
    const { incarnation } = job
    if (after === null) {
      const others = [...this.#runs.values()].filter(
        (run) => run.jobId === jobId && run.incarnation === incarnation && !run.waits,
      )
      if (others.length >= job.definition.maxInstances) throw broken('I8', `${others.length} others are open`, event)
    }
    this.#runs.set(runId, { jobId, incarnation, waits: after !== null, attempt: 1 })
    if (cause !== 'trigger') return
    if (this.#isHeld(job)) throw broken('I9', 'its job is held', event)
    const first = Math.min(scheduledAt, coalesced?.first ?? scheduledAt)
    decide(job, { first, last: Math.max(scheduledAt, coalesced?.last ?? scheduledAt), count: 1, listed: [] }, event)
  }

  #passed(event: EventOf<'RunSkipped' | 'RunMissed'>): void {
    const job = this.#jobOf(event)
    // Before a change of a held job, what came due under the pause is said to be skipped.
    const isForPause = event.type === 'RunSkipped' && event.why === 'paused'
    if (this.#isHeld(job) && !isForPause) throw broken('I9', 'its job is held', event)
    decide(job, event.times, event)
  }

  #triedAgain(event: EventOf<'RunRetryQueued'>): void {
    const run = this.#runs.get(event.runId)
    if (run === undefined) throw broken('I7', 'the run is over or never was', event)
    if (event.attempt !== run.attempt + 1) throw broken('I11', `the attempt was ${run.attempt}`, event)
    run.attempt = event.attempt
    const job = this.#jobs.get(event.jobId)
    if (job?.incarnation !== run.incarnation) throw broken('I9', 'its job is gone', event)
    if (this.#isHeld(job)) throw broken('I9', 'its job is held', event)
  }

  #over(event: Event, runId: string): void {
    if (!this.#runs.delete(runId)) throw broken('I7', 'the run is over or never was', event)
    this.#ended.add(runId)
  }

  #runOf(event: Event & { readonly runId: string; readonly attempt: number }): Run {
    const run = this.#runs.get(event.runId)
    if (run === undefined) throw broken('I7', 'the run is over or never was', event)
    if (run.attempt !== event.attempt) throw broken('I11', `the attempt is ${run.attempt}`, event)
    return run
  }

  #jobOf(event: Event & { readonly jobId: string }): Job {
    const job = this.#jobs.get(event.jobId)
    if (job === undefined) throw broken('I9', 'there is no such job', event)
    return job
  }

  #isHeld(job: Job): boolean {
    const { labels } = job.definition
    const hasAll = (rule: Labels): boolean => Object.entries(rule).every(([key, value]) => labels[key] === value)
    return job.paused || this.#schedulePaused || [...this.#rules.values()].some(hasAll)
  }
}

function decide(job: Job, times: Times, event: Event): void {
  const { first, last } = times
  if (first <= job.decided || last < first) throw broken('I2', `${job.decided} was decided before`, event)
  job.decided = last
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function broken(invariant: string, what: string, event: Event): Error {
  return new Error(`${invariant}: ${what}: ${JSON.stringify(event)}`)
}
