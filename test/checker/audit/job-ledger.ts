/**
 * The jobs of a partition: which there are, in which version and incarnation, whether they may fire, and what was
 * decided on their scheduled times.
 *
 * Boundary: runs are `run-ledger.ts`, which asks here for the job of a run.
 */
import { type Schedule, scheduleOf } from '../oracle/trigger-oracle.ts'
import { Decisions } from './decisions.ts'
import type { Definition, JobDefined, JobGone, JobPaused, JobResumed, Place, Stamp, Times } from './events.ts'
import { isOn, type Pauses } from './pauses.ts'
import { countUp, type Report, rfc3339 } from './report.ts'

export interface Job {
  readonly jobId: string
  /** `(epoch, seq, index)` of its JobAdded. */
  readonly incarnation: string
  version: number
  definition: Definition
  anchor: number
  readonly decisions: Decisions
  /** undefined: not paused; null: until it is resumed. */
  pausedUntil: number | null | undefined
  /** Runs without an outcome, and those of them that do not wait for another run. */
  openRuns: number
  activeRuns: number
  removed: boolean
}

interface NextFire {
  readonly job: Job
  readonly nextFireTime: number | null
  readonly place: Place
}

export class JobLedger {
  readonly #report: Report
  readonly #pauses: Pauses
  readonly #jobs = new Map<string, Job>()
  /** Jobs with decisions in this batch, and the next fire time that the last of them names. */
  readonly #touched = new Map<string, NextFire>()

  constructor(report: Report, pauses: Pauses) {
    this.#report = report
    this.#pauses = pauses
  }

  job(jobId: string): Job | undefined {
    return this.#jobs.get(jobId)
  }

  isHeld(job: Job, time: number): boolean {
    if (job.pausedUntil !== undefined && isOn(job.pausedUntil, time)) return true
    return this.#pauses.hold(job.definition.labels, time)
  }

  added(event: JobDefined, place: Place): void {
    const { jobId, definition, anchor, nextFireTime } = event
    const incarnation = `${event.epoch}-${event.seq}-${event.index}`
    if (this.#jobs.has(jobId))
      this.#report.violate('job-order', place, `job ${jobId} is added, but it is there already`)
    if (event.version !== 1)
      this.#report.violate('job-order', place, `job ${jobId} begins with version ${event.version}`)
    const schedule = this.#scheduleOf(definition, anchor)
    const first = this.#firstFire(schedule, anchor, -1, nextFireTime)
    const decisions = new Decisions(this.#report, jobId, incarnation, schedule, first)
    const pausedUntil = event.paused === true ? null : undefined
    const { version } = event
    const runs = { openRuns: 0, activeRuns: 0, removed: false }
    const kept = withoutPayload(definition)
    this.#jobs.set(jobId, { jobId, incarnation, version, definition: kept, anchor, decisions, pausedUntil, ...runs })
  }

  modified(event: JobDefined, place: Place): void {
    const job = this.#existing(event.jobId, event.type, place)
    if (job === undefined) return
    this.#settle(job)
    const { definition, anchor, nextFireTime, version } = event
    if (version !== job.version + 1) {
      this.#report.violate('job-order', place, `job ${job.jobId}: version ${version} follows version ${job.version}`)
    }
    const schedule = this.#scheduleOf(definition, anchor)
    const keepsPhase = definition.trigger === job.definition.trigger && anchor === job.anchor
    const { expected, decided } = job.decisions
    const first =
      keepsPhase && nextFireTime === expected ? expected : this.#firstFire(schedule, anchor, decided, nextFireTime)
    job.decisions.reschedule(schedule, first, keepsPhase, event.time, place)
    job.version = version
    job.definition = withoutPayload(definition)
    job.anchor = anchor
  }

  paused(event: JobPaused, place: Place): void {
    const job = this.#existing(event.jobId, event.type, place)
    if (job !== undefined) job.pausedUntil = event.until
  }

  resumed(event: JobResumed, place: Place): void {
    const job = this.#existing(event.jobId, event.type, place)
    if (job === undefined) return
    job.pausedUntil = undefined
    this.#report.skipped += event.skipped?.count ?? 0
    this.decide(job, event.skipped, event, event.nextFireTime, place)
  }

  gone(event: JobGone, place: Place): void {
    const job = this.#existing(event.jobId, event.type, place)
    if (job !== undefined) this.#remove(job, event, place)
  }

  /** Returns how many there were. */
  allGone(event: Stamp, place: Place): number {
    const jobs = [...this.#jobs.values()]
    for (const job of jobs) this.#remove(job, event, place)
    return jobs.length
  }

  #remove(job: Job, event: Stamp & { readonly type?: string }, place: Place): void {
    this.#settle(job)
    if (event.type === 'JobFinished') {
      const { hasOracle, expected } = job.decisions
      if (hasOracle && expected !== null) {
        this.#report.violate('job-order', place, `job ${job.jobId} is finished, but it fires at ${rfc3339(expected)}`)
      }
      if (job.openRuns > 0) {
        this.#report.violate('job-order', place, `job ${job.jobId} is finished with ${job.openRuns} open runs`)
      }
    }
    job.removed = true
    this.#jobs.delete(job.jobId)
  }

  /** Scheduled times that an event decides; null: none, it only names the next one. */
  decide(job: Job, times: Times | null, stamp: Stamp, nextFireTime: number | null, place: Place): void {
    if (times !== null) job.decisions.claim({ times, stamp, place })
    this.#touched.set(job.jobId, { job, nextFireTime, place })
  }

  endOfBatch(): void {
    for (const { job } of [...this.#touched.values()]) this.#settle(job)
  }

  /** How far the job that is furthest behind has undecided times before `time`, in milliseconds. */
  behindMs(time: number): number {
    let behind = 0
    for (const job of this.#jobs.values()) {
      const { expected } = job.decisions
      if (expected !== null && !this.isHeld(job, time)) behind = Math.max(behind, time - expected)
    }
    return behind
  }

  #settle(job: Job): void {
    job.decisions.settle()
    const touched = this.#touched.get(job.jobId)
    this.#touched.delete(job.jobId)
    if (touched === undefined || touched.job !== job || !job.decisions.hasOracle) return
    const { nextFireTime, place } = touched
    const { expected } = job.decisions
    if (nextFireTime === expected) return
    const text = `job ${job.jobId}: ${rfc3339(nextFireTime)} instead of ${rfc3339(expected)}`
    this.#report.violate('wrong-next-fire-time', place, text)
  }

  #existing(jobId: string, type: string, place: Place): Job | undefined {
    const job = this.#jobs.get(jobId)
    if (job === undefined) this.#report.violate('job-order', place, `${type} of job ${jobId}, which is not there`)
    return job
  }

  #scheduleOf(definition: Definition, anchor: number): Schedule {
    const schedule = scheduleOf(definition.trigger, anchor)
    if (schedule.oracle === null) countUp(this.#report.unchecked, schedule.type)
    return schedule
  }

  /** The event says it, because a client may give one; whether it is the trigger's own is counted. */
  #firstFire(schedule: Schedule, now: number, decided: number, given: number | null): number | null {
    if (schedule.oracle === null) return null
    const own = schedule.first(now, decided)
    if (given === null) return own
    if (given !== own) this.#report.givenFireTimes += 1
    return given
  }
}

/** The payload is a view of what was read, and would keep all of that in memory. */
function withoutPayload(definition: Definition): Definition {
  const { trigger, labels, misfireGraceMs, coalesce, maxCatchUp, maxInstances, overlap, delivery, retry } = definition
  return { trigger, labels, misfireGraceMs, coalesce, maxCatchUp, maxInstances, overlap, delivery, retry }
}
