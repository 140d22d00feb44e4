/**
 * What the model knows of one partition: plain maps of jobs and runs, which the rules (`job-rules.ts`, `fire-rules.ts`,
 * `run-rules.ts`) change in place. Written from the design, not from src/core.
 */
import type { Labels } from '../../src/core/commands.ts'
import type { RunCause } from '../../src/core/events.ts'
import type { Spec } from './spec.ts'

export interface Pause {
  readonly reason: string | null
  readonly until: number | null
}

export type Outcome = 'succeeded' | 'failed' | 'timed-out' | 'cancelled' | 'missed' | 'lost'
export type Status = 'waiting' | 'queued' | 'running' | 'retrying'

export interface Job {
  readonly id: string
  readonly incarnation: string
  version: number
  spec: Spec
  anchor: number
  next: number | null
  /** The last scheduled time that was decided; −1 before the first. */
  decided: number
  decidedCount: number
  paused: Pause | null
  /** Times up to here came due during a pause that is over. */
  heldThrough: number | null
  /** Runs without an outcome, oldest first. */
  open: string[]
  ended: number
  last: { readonly runId: string; readonly outcome: Outcome } | null
  missed: number
  skipped: number
  /** The last `keepRuns` runs that ended. */
  finished: readonly Finished[]
}

export interface Finished {
  readonly runId: string
  readonly at: number
  readonly outcome: Outcome
  /** What it was given instead of its job's payload. */
  readonly payload: string | null
}

export interface Run {
  readonly id: string
  readonly jobId: string
  readonly incarnation: string
  readonly at: number
  /** With jitter. */
  readonly dueAt: number
  readonly cause: RunCause
  readonly version: number
  readonly spec: Spec
  readonly startBefore: number | null
  /** Instead of the job's. */
  readonly payload: string | null
  /** It waits for this run, or for any of the job (`*`). */
  after: string | null
  status: Status
  attempt: number
  /** As its executor said. */
  startedAt: number | null
  /** By the time of the event, from which the time-outs count. */
  runningSince: number | null
  executor: string | null
  starts: number
  granted: boolean
  retryAt: number | null
  unknownTask: number
  cancelRequested: boolean
}

export const ANY = '*'

export interface Rule extends Pause {
  readonly labels: Labels
}

/** How long a given command id is remembered. */
const MEMORY_MS = 3_600_000

export class World {
  readonly jobs: Map<string, Job>
  readonly runs: Map<string, Run>
  readonly executors: Set<string>
  /** Command ids that clients gave, and when they were answered last; the oldest first. */
  readonly answered: Map<string, number>
  schedulePaused: Pause | null
  rules: readonly Rule[]
  lastTime: number
  /** Jobs and runs that were changed since this was last emptied. */
  readonly touched: Set<string>
  /** Answered in the batch that is under way: what is too old is forgotten when it is over. */
  #answers: readonly (readonly [id: string, time: number])[]

  constructor(from?: World) {
    this.jobs = new Map(from && [...from.jobs].map(([id, job]) => [id, { ...job, open: [...job.open] }]))
    this.runs = new Map(from && [...from.runs].map(([id, run]) => [id, { ...run }]))
    this.executors = new Set(from?.executors ?? ['default'])
    this.answered = new Map(from?.answered)
    this.schedulePaused = from?.schedulePaused ?? null
    this.rules = from?.rules ?? []
    this.lastTime = from?.lastTime ?? 0
    this.touched = new Set(from?.touched)
    this.#answers = from === undefined ? [] : from.#answers
  }

  /** A copy that can be changed and thrown away. */
  copy(): World {
    return new World(this)
  }

  /** The job, to be changed. */
  job(id: string): Job | undefined {
    this.touched.add(id)
    return this.jobs.get(id)
  }

  /** The run, to be changed. */
  run(id: string): Run | undefined {
    this.touched.add(id)
    return this.runs.get(id)
  }

  /** The job of the run, unless it is gone: one of the same id that was added later is another. */
  jobOf(run: Run): Job | undefined {
    const job = this.jobs.get(run.jobId)
    return job?.incarnation === run.incarnation ? job : undefined
  }

  openRuns(job: Job): Run[] {
    return job.open.map((id) => this.runs.get(id)).filter((run) => run !== undefined)
  }

  /** Those that count against `maxInstances`. */
  active(job: Job): Run[] {
    return this.openRuns(job).filter((run) => run.status !== 'waiting')
  }

  isHeld(job: Job): boolean {
    return job.paused !== null || this.schedulePaused !== null || this.rules.some((rule) => hasLabels(job, rule.labels))
  }

  remember(commandId: string, time: number): void {
    this.#answers = [...this.#answers, [commandId, time]]
  }

  knows(commandId: string): boolean {
    return this.answered.has(commandId) || this.#answers.some(([id]) => id === commandId)
  }

  endOfBatch(): void {
    for (const [id, time] of this.#answers) {
      this.answered.delete(id)
      this.answered.set(id, time)
      for (const [old, at] of this.answered) {
        if (at > time - MEMORY_MS) break
        this.answered.delete(old)
      }
    }
    this.#answers = []
  }

  /** The run is over. Who waited for it goes on; a run that never began leaves its predecessor to its successor. */
  end(run: Run, outcome: Outcome): void {
    this.touched.add(run.id)
    this.runs.delete(run.id)
    if (this.jobOf(run) === undefined) return
    const job = this.job(run.jobId)
    if (job === undefined) return
    job.open = job.open.filter((id) => id !== run.id)
    job.ended += 1
    job.last = { runId: run.id, outcome }
    if (outcome === 'missed') job.missed += 1
    const { keepRuns } = job.spec
    const { id: runId, at, payload } = run
    job.finished = [...job.finished, { runId, at, outcome, payload }].slice(-keepRuns)
    for (const next of this.openRuns(job)) {
      if (next.status !== 'waiting' || next.after !== run.id) continue
      this.touched.add(next.id)
      if (run.status === 'waiting') next.after = run.after
      else letGo(next)
    }
    this.admit(job)
  }

  /** Free places go to those that wait for any, first come first served. */
  admit(job: Job): void {
    for (const run of this.openRuns(job)) {
      if (this.active(job).length >= job.spec.maxInstances) return
      if (run.status !== 'waiting' || run.after !== ANY) continue
      this.touched.add(run.id)
      letGo(run)
    }
  }
}

function letGo(run: Run): void {
  run.status = 'queued'
  run.after = null
}

export function hasLabels(job: Job, labels: Labels): boolean {
  return Object.entries(labels).every(([key, value]) => job.spec.labels[key] === value)
}
