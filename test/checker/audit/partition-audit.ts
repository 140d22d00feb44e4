/**
 * Takes the accepted batches of one partition in order and holds them against the promises: who decides what when
 * (`job-ledger.ts`, `decisions.ts`), what becomes of runs (`run-ledger.ts`), how commands are answered
 * (`command-ledger.ts`).
 */
import { CommandLedger } from './command-ledger.ts'
import type { JobDefined, JobsRemoved, Place, Placed, RunQueued, TimesPassed } from './events.ts'
import { type Job, JobLedger } from './job-ledger.ts'
import { partitionOf } from './murmur2.ts'
import { Pauses } from './pauses.ts'
import { countUp, type Report, rfc3339 } from './report.ts'
import { RunLedger } from './run-ledger.ts'

/** A job has at most so many runs without an outcome, waiting ones counted. */
const MAX_OPEN_RUNS = 900

export class PartitionAudit {
  readonly #report: Report
  readonly #pauses = new Pauses()
  readonly #jobs: JobLedger
  readonly #runs: RunLedger
  readonly #commands: CommandLedger
  #partitions = 1
  #lastTime = 0

  constructor(report: Report) {
    this.#report = report
    this.#jobs = new JobLedger(report, this.#pauses)
    this.#runs = new RunLedger(report, this.#jobs)
    this.#commands = new CommandLedger(report)
  }

  answered(commandId: string): boolean {
    return this.#commands.has(commandId)
  }

  queued(runId: string): boolean {
    return this.#runs.has(runId)
  }

  succeeded(): Iterable<string> {
    return this.#runs.succeeded()
  }

  /** The records of an accepted batch, without its trailer; an announcement is a batch of one. */
  batch(events: readonly Placed[]): void {
    for (const placed of events) {
      countUp(this.#report.events, placed.event.type)
      this.#apply(placed)
      this.#lastTime = Math.max(this.#lastTime, placed.event.time)
    }
    this.#jobs.endOfBatch()
    this.#commands.batch(events)
  }

  endOfLog(final: boolean): void {
    this.#runs.endOfLog(final)
    this.#report.behindMs = Math.max(this.#report.behindMs, this.#jobs.behindMs(this.#lastTime))
  }

  #apply({ event, place }: Placed): void {
    switch (event.type) {
      case 'OwnerAnnounced':
        this.#partitions = event.partitions
        return
      case 'JobAdded':
        this.#checkPartition(event.jobId, place)
        this.#jobs.added(event, place)
        return
      case 'JobModified':
        this.#modified(event, place)
        return
      case 'JobPaused':
        this.#jobs.paused(event, place)
        return
      case 'JobResumed':
        this.#jobs.resumed(event, place)
        return
      case 'JobRemoved':
      case 'JobFinished':
        this.#jobs.gone(event, place)
        return
      case 'JobsRemoved':
        this.#allRemoved(event, place)
        return
      case 'JobsPaused':
      case 'JobsResumed':
      case 'SchedulePaused':
      case 'ScheduleResumed':
        this.#pauses.apply(event)
        return
      case 'RunQueued':
        this.#queued(event, place)
        return
      case 'RunSkipped':
      case 'RunMissed':
        if (event.runId === null) this.#passed(event, place)
        else this.#runs.ended(event, place)
        return
      case 'RunSucceeded':
      case 'RunFailed':
      case 'RunTimedOut':
      case 'RunCancelled':
      case 'RunLost':
        this.#runs.ended(event, place)
        return
      case 'RunStarted':
      case 'RunGranted':
      case 'RunRetryScheduled':
      case 'RunRetryQueued':
      case 'RunCancelRequested':
        this.#runs.attempted(event, place)
        return
      default:
    }
  }

  #modified(event: JobDefined, place: Place): void {
    this.#jobs.modified(event, place)
    const job = this.#jobs.job(event.jobId)
    if (job !== undefined) this.#runs.admit(job)
  }

  #allRemoved({ count, cancelledRuns, ...event }: JobsRemoved, place: Place): void {
    const ended = this.#runs.allRemoved()
    const jobs = this.#jobs.allGone(event, place)
    if (jobs === count && ended === cancelledRuns) return
    const text = `${count} jobs removed and ${cancelledRuns} runs cancelled, there were ${jobs} and ${ended}`
    this.#report.violate('job-order', place, text)
  }

  #checkPartition(jobId: string, place: Place): void {
    const home = partitionOf(jobId, this.#partitions)
    if (home !== place.partition) this.#report.violate('wrong-partition', place, `job ${jobId} belongs on ${home}`)
  }

  #queued(event: RunQueued, place: Place): void {
    const job = this.#jobs.job(event.jobId)
    if (job === undefined) {
      this.#report.violate('after-removal', place, `run ${event.runId} is queued, but there is no job ${event.jobId}`)
      return
    }
    this.#checkQueued(event, job, place)
    if (event.cause === 'trigger') this.#fired(event, job, place)
    else {
      this.#report.extraRuns += 1
      if (event.coalesced !== null) this.#violateCoalesce(event, place)
    }
    this.#runs.queued(event, job, place)
  }

  #checkQueued(event: RunQueued, job: Job, place: Place): void {
    const { runId, scheduledAt, commandId, cause, jobVersion } = event
    const suffix = cause === 'trigger' ? '' : `/${commandId}`
    const expected = `${event.jobId}/${job.incarnation}/${rfc3339(scheduledAt).replaceAll(/[-:]/g, '')}${suffix}`
    // Where the client gave the command's id, the runs of past times have the place of the decision besides.
    const rest = runId.startsWith(expected) ? runId.slice(expected.length) : null
    const isRight = rest === '' || (rest !== null && cause !== 'trigger' && /^\/\d+-\d+-\d+$/.test(rest))
    if (!isRight) this.#report.violate('wrong-run-id', place, `run ${runId}, expected ${expected}`)
    if (jobVersion !== job.version) {
      this.#report.violate('job-order', place, `run ${runId} is of version ${jobVersion}, the job is in ${job.version}`)
    }
  }

  #fired(event: RunQueued, job: Job, place: Place): void {
    const { scheduledAt, dueAt, coalesced, nextFireTime, runId, startBefore } = event
    const { definition } = job
    this.#report.fires += 1
    this.#report.coalesced += coalesced?.count ?? 0
    if (this.#jobs.isHeld(job, event.time)) {
      this.#report.violate('while-paused', place, `run ${runId} is queued while its job is paused`)
    }
    const due = job.decisions.dueTime(scheduledAt)
    if (dueAt !== due)
      this.#report.violate('wrong-due-time', place, `run ${runId}: ${rfc3339(dueAt)}, not ${rfc3339(due)}`)
    const latest = definition.misfireGraceMs === null ? null : due + definition.misfireGraceMs
    // Whether it was in time is not judged: after a step back the clock shows less than the time of the event.
    if (startBefore !== latest) {
      const text = `run ${runId}: startBefore ${rfc3339(startBefore)}, expected ${rfc3339(latest)}`
      this.#report.violate('wrong-due-time', place, text)
    }
    const first = definition.coalesce === 'earliest'
    if (coalesced !== null) {
      const fits = first ? scheduledAt < coalesced.first : scheduledAt > coalesced.last
      if (definition.coalesce === 'all' || !fits) this.#violateCoalesce(event, place)
      job.decisions.claim({ times: coalesced, stamp: event, place })
    }
    const own = { first: scheduledAt, last: scheduledAt, count: 1, listed: [scheduledAt] }
    this.#jobs.decide(job, own, event, nextFireTime, place)
  }

  #violateCoalesce({ runId, coalesced }: RunQueued, place: Place): void {
    const times = `${coalesced?.count} times from ${rfc3339(coalesced?.first ?? 0)}`
    this.#report.violate('wrong-coalesce', place, `run ${runId} may not stand for ${times}`)
  }

  /** Times that never became a run. */
  #passed(event: TimesPassed, place: Place): void {
    const { jobId, times, nextFireTime, type, why } = event
    const job = this.#jobs.job(jobId)
    if (job === undefined) {
      this.#report.violate('after-removal', place, `${type} of job ${jobId}, which is not there`)
      return
    }
    if (type === 'RunMissed') this.#report.missed += times.count
    else this.#report.skipped += times.count
    const reason = this.#reasonAgainst(event, job)
    if (reason !== null) this.#report.violate('unfounded', place, `${why ?? 'missed'} of job ${jobId}: ${reason}`)
    this.#jobs.decide(job, times, event, nextFireTime, place)
  }

  /** Why these times could not be passed over on this ground; null: they could. */
  #reasonAgainst({ type, times, time, why }: TimesPassed, job: Job): string | null {
    const { misfireGraceMs, coalesce, maxInstances } = job.definition
    if (type === 'RunMissed') {
      const isLate = misfireGraceMs !== null && time - times.last > misfireGraceMs
      return isLate || coalesce === 'all' ? null : `${rfc3339(times.last)} is within its grace time`
    }
    if (why !== 'max-instances' || job.activeRuns >= maxInstances || job.openRuns >= MAX_OPEN_RUNS) return null
    return `it has ${job.activeRuns} runs of at most ${maxInstances}`
  }
}
