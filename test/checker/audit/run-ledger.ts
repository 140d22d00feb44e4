/**
 * The runs of a partition: each is queued once, goes through attempts numbered without a gap, and has one outcome, after
 * which nothing happens to it.
 */
import type { AttemptEvent, Place, RunQueued, TimesPassed } from './events.ts'
import type { Job, JobLedger } from './job-ledger.ts'
import { type Report, rfc3339, type ViolationKind } from './report.ts'

interface OpenRun {
  readonly job: Job
  readonly epoch: number
  readonly scheduledAt: number
  readonly startBefore: number | null
  readonly maxAttempts: number
  /** Another run has to end before it begins. */
  waits: boolean
  /** Its id, or `queueOf` the job for any. */
  waitsFor: string
  attempt: number
  /** Attempts that found no such task; the retry policy does not count them. */
  unknownTask: number
  /** When the next attempt is due; null: it is not waiting for one. */
  retryAt: number | null
  /** The claim of this attempt was granted: it runs in that process or nowhere. */
  granted: boolean
  readonly atMostOnce: boolean
  isOver: boolean
  readonly place: Place
}

type Outcome = TimesPassed | AttemptEvent

/** Instead of a run id: any run of the job. */
const ANY_RUN = '*'

function queueOf({ jobId, incarnation }: Job): string {
  return `${jobId} ${incarnation}`
}

export class RunLedger {
  readonly #report: Report
  readonly #jobs: JobLedger
  readonly #open = new Map<string, OpenRun>()
  /** Runs that are over, and how. */
  readonly #over = new Map<string, string>()
  /** Runs that wait, by the id of the one that they wait for; for any run of their job, by `queueOf` it. */
  readonly #waiting = new Map<string, OpenRun[]>()

  constructor(report: Report, jobs: JobLedger) {
    this.#report = report
    this.#jobs = jobs
  }

  has(runId: string): boolean {
    return this.#open.has(runId) || this.#over.has(runId)
  }

  *succeeded(): Iterable<string> {
    for (const [runId, outcome] of this.#over) if (outcome === 'RunSucceeded') yield runId
  }

  /** `job`: the job that it is queued for, as it is then. */
  queued(event: RunQueued, job: Job, place: Place): void {
    const { runId, after } = event
    if (this.has(runId)) {
      this.#report.violate('queued-twice', place, `run ${runId} was queued before`)
      return
    }
    const run: OpenRun = {
      job,
      epoch: event.epoch,
      scheduledAt: event.scheduledAt,
      startBefore: event.startBefore,
      maxAttempts: job.definition.retry.maxAttempts,
      waits: after === ANY_RUN ? job.openRuns > 0 : after !== null && this.#open.has(after),
      waitsFor: '',
      attempt: 1,
      unknownTask: 0,
      retryAt: null,
      granted: false,
      atMostOnce: job.definition.delivery === 'at-most-once',
      isOver: false,
      place,
    }
    this.#open.set(runId, run)
    job.openRuns += 1
    if (run.waits) this.#letWait(run, after === ANY_RUN || after === null ? queueOf(job) : after)
    else {
      job.activeRuns += 1
      this.#checkInstances(job, place)
    }
  }

  #checkInstances(job: Job, place: Place): void {
    const { maxInstances, overlap } = job.definition
    if (overlap !== 'skip' || job.activeRuns <= maxInstances) return
    const text = `job ${job.jobId} has ${job.activeRuns} runs, but maxInstances is ${maxInstances}`
    this.#report.violate('over-max-instances', place, text)
  }

  /** Anything of an attempt that is not the run's outcome. */
  attempted(event: AttemptEvent, place: Place): void {
    const run = this.#find(event, place)
    if (run === undefined) return
    switch (event.type) {
      case 'RunRetryScheduled':
        this.#expectAttempt(event, run.attempt, place)
        if (run.retryAt !== null)
          this.#violate('wrong-attempt', event, place, `attempt ${run.attempt} was over already`)
        run.retryAt = event.retryAt ?? event.time
        if (event.reason === 'unknown-task') run.unknownTask += 1
        return
      case 'RunRetryQueued':
        this.#retried(run, event, place)
        return
      default:
        this.#expectAttempt(event, run.attempt, place)
        if (run.waits && event.type !== 'RunCancelRequested') this.#violateWaiting(event, place)
        if (event.type === 'RunGranted') this.#granted(run, event, place)
        if (run.retryAt !== null && event.type !== 'RunCancelRequested') {
          this.#violate('wrong-attempt', event, place, `${event.type} of attempt ${run.attempt}, which was over`)
        }
    }
  }

  #granted(run: OpenRun, event: AttemptEvent, place: Place): void {
    if (run.granted || !run.atMostOnce) {
      this.#violate('wrong-attempt', event, place, `attempt ${event.attempt} is granted, but not for the first time`)
    }
    run.granted = true
  }

  #retried(run: OpenRun, event: AttemptEvent, place: Place): void {
    this.#expectAttempt(event, run.attempt + 1, place)
    if (run.retryAt === null) {
      this.#violate('wrong-attempt', event, place, `attempt ${event.attempt} begins, but ${run.attempt} is not over`)
    } else if (event.time < run.retryAt) {
      this.#violate('early', event, place, `attempt ${event.attempt} was to begin at ${rfc3339(run.retryAt)}`)
    }
    if (event.attempt - run.unknownTask > run.maxAttempts) {
      this.#violate('wrong-attempt', event, place, `attempt ${event.attempt} of at most ${run.maxAttempts}`)
    }
    if (run.job.removed) this.#violate('after-removal', event, place, 'a retry begins after its job was removed')
    else if (this.#jobs.isHeld(run.job, event.time)) {
      this.#violate('while-paused', event, place, 'a retry begins while its job is paused')
    }
    run.attempt = event.attempt
    run.retryAt = null
    run.granted = false
  }

  ended(event: Outcome, place: Place): void {
    const run = this.#find(event, place)
    if (run === undefined) return
    const { runId } = event
    if (runId === null) return
    if (typeof event.attempt === 'number') this.#expectAttempt(event, run.attempt, place)
    this.#checkOutcome(run, event, place)
    if (event.epoch !== run.epoch) this.#report.runsAcrossOwnerships += 1
    this.#close(runId, run, event.type)
  }

  /** All jobs are gone: what has not begun is cancelled by that event alone. Returns how many runs that were. */
  allRemoved(): number {
    const ended = [...this.#open].filter(([, run]) => run.waits || run.retryAt !== null)
    for (const [runId, run] of ended) this.#close(runId, run, 'JobsRemoved')
    return ended.length
  }

  #close(runId: string, run: OpenRun, outcome: string): void {
    const { job } = run
    this.#report.outcomes += 1
    run.isOver = true
    this.#open.delete(runId)
    this.#over.set(runId, outcome)
    job.openRuns -= 1
    if (!run.waits) job.activeRuns -= 1
    const next = this.#waiting.get(runId) ?? []
    this.#waiting.delete(runId)
    for (const waiting of next) {
      // Whoever waits for a run that never began waits for what that one waited for.
      if (run.waits) this.#letWait(waiting, run.waitsFor)
      else this.#begin(waiting)
    }
    this.admit(job)
  }

  #letWait(run: OpenRun, key: string): void {
    run.waitsFor = key
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), run])
  }

  #begin(run: OpenRun): void {
    if (run.isOver) return
    run.waits = false
    run.job.activeRuns += 1
  }

  /** Runs that wait for any other begin as far as there is room, first come first served. */
  admit(job: Job): void {
    const key = queueOf(job)
    const queue = this.#waiting.get(key)?.filter((run) => !run.isOver)
    if (queue === undefined) return
    while (job.activeRuns < job.definition.maxInstances && queue.length > 0) {
      for (const run of queue.splice(0, 1)) this.#begin(run)
    }
    if (queue.length === 0) this.#waiting.delete(key)
    else this.#waiting.set(key, queue)
  }

  #checkOutcome(run: OpenRun, event: Outcome, place: Place): void {
    const scheduledAt = 'times' in event ? event.times.first : event.scheduledAt
    if (scheduledAt !== run.scheduledAt) {
      this.#violate('wrong-run-id', event, place, `it was scheduled for ${rfc3339(run.scheduledAt)}`)
    }
    if (run.retryAt !== null && event.type !== 'RunCancelled') {
      this.#violate('wrong-attempt', event, place, `${event.type} of attempt ${run.attempt}, which was over`)
    }
    if (run.waits && event.type !== 'RunCancelled' && event.type !== 'RunSkipped') this.#violateWaiting(event, place)
    if (event.type === 'RunSucceeded' && run.atMostOnce && !run.granted) {
      this.#violate('wrong-attempt', event, place, `attempt ${run.attempt} succeeded, but was never granted`)
    }
    if (event.type !== 'RunMissed') return
    if (run.startBefore === null || event.time <= run.startBefore) {
      this.#violate('unfounded', event, place, `missed, but it could start until ${rfc3339(run.startBefore)}`)
    }
  }

  /** Runs without an outcome; with `final`, each is a violation. */
  endOfLog(final: boolean): void {
    this.#report.openRuns += this.#open.size
    if (!final) return
    for (const [runId, { place }] of this.#open) this.#report.violate('open-run', place, `run ${runId} has no outcome`)
  }

  #find(event: Outcome, place: Place): OpenRun | undefined {
    const { runId } = event
    if (runId === null) return undefined
    const run = this.#open.get(runId)
    if (run !== undefined) {
      if (run.job.jobId !== event.jobId) this.#violate('wrong-run-id', event, place, `it is not of ${event.jobId}`)
      return run
    }
    const isOutcome = !NOT_OUTCOMES.has(event.type)
    if (!this.#over.has(runId)) this.#violate('unknown-run', event, place, `${event.type}, but it was never queued`)
    else if (isOutcome) this.#violate('second-outcome', event, place, `${event.type}, but it had its outcome`)
    else this.#violate('after-outcome', event, place, `${event.type}, but it is over`)
    return undefined
  }

  #violateWaiting(event: Outcome, place: Place): void {
    this.#violate('wrong-attempt', event, place, `${event.type}, but it waits for another run to end`)
  }

  #expectAttempt(event: Outcome, expected: number, place: Place): void {
    if (event.attempt === expected) return
    this.#violate('wrong-attempt', event, place, `${event.type} of attempt ${event.attempt}, expected ${expected}`)
  }

  #violate(kind: ViolationKind, event: Outcome, place: Place, text: string): void {
    this.#report.violate(kind, place, `run ${event.runId}: ${text}`)
  }
}

const NOT_OUTCOMES: ReadonlySet<string> = new Set([
  'RunStarted',
  'RunGranted',
  'RunRetryScheduled',
  'RunRetryQueued',
  'RunCancelRequested',
])
