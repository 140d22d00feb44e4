/**
 * The state of one partition: what the events so far amount to.
 *
 * Reading (`View`) and writing (`Draft`) are different types: `decide` gets the one, only `evolve` gets the other. The
 * `State` is the truth up to the log's last accepted batch; an `Overlay` holds the changes of a batch that is on its way
 * and becomes part of the state, or nothing.
 */
import { COMMAND_MEMORY_MS, MAX_COMMANDS_REMEMBERED } from './limits.ts'
import type { Labels } from './commands.ts'
import type { JobPause, JobState } from './job/job-state.ts'
import { jobOf, keepJob, type KeptJob } from './job/kept-job.ts'
import type { FinishedRun } from './run/finished-run.ts'
import type { RunState } from './run/run-state.ts'
import { Tracker } from './tracker.ts'

/** Jobs with these labels are paused, also those added later; no labels: all jobs. */
export interface PauseRule extends JobPause {
  readonly labels: Labels
}

export interface View {
  job(jobId: string): JobState | undefined
  run(runId: string): RunState | undefined
  /** When the command of this id, given by a client, was answered; undefined when it is not remembered. */
  commandTime(commandId: string): number | undefined
  hasExecutor(name: string): boolean
  /** Executors by name, the default one among them. */
  readonly executorCount: number
  jobs(): Iterable<JobState>
  runs(): Iterable<RunState>
  readonly schedulePaused: JobPause | null
  readonly pauseRules: readonly PauseRule[]
  /** Time of the last event. */
  readonly lastTime: number
  /** The time-zone database of the last announced owner; null: not known. */
  readonly zoneData: string | null
}

export interface Draft extends View {
  putJob(job: JobState): void
  removeJob(jobId: string): void
  putRun(run: RunState): void
  removeRun(runId: string): void
  /** Also forgets the ids that are too old at `time`, or too many. */
  rememberCommand(commandId: string, time: number): void
  addExecutor(name: string): void
  setSchedulePaused(pause: JobPause | null): void
  setPauseRules(rules: readonly PauseRule[]): void
  setLastTime(time: number): void
  setZoneData(version: string | null): void
  /** A run that ended, for the store; `job` as it is after it. */
  keepFinished(job: JobState, run: FinishedRun): void
}

/** What left the state: finished runs that the store keeps, and jobs whose runs it keeps no longer. */
export interface Retired {
  readonly finished: readonly { readonly job: JobState; readonly run: FinishedRun }[]
  readonly jobs: readonly JobState[]
}

/** The executor that every namespace has. */
export const DEFAULT_EXECUTOR = 'default'

/** Of a batch, and of some before it. */
const JOBS_READ_LATELY = 512

export class State implements Draft {
  readonly #jobs = new Map<string, KeptJob>()
  readonly #runs = new Map<string, RunState>()
  readonly #commands = new Map<string, number>()
  readonly #executors = new Set<string>([DEFAULT_EXECUTOR])
  #retired: { finished: Retired['finished'][number][]; jobs: JobState[] } = { finished: [], jobs: [] }
  #trackers: readonly Tracker[] = []
  /**
   * What was last put or read, as it was before it was packed and after it was unpacked: it is asked for several times. Of
   * jobs that are kept and no others, so that it holds no large payload which the state does not hold anyway.
   */
  readonly #lately = new Map<KeptJob, JobState>()
  schedulePaused: JobPause | null = null
  pauseRules: readonly PauseRule[] = []
  lastTime = 0
  zoneData: string | null = null

  job(jobId: string): JobState | undefined {
    const kept = this.#jobs.get(jobId)
    return kept === undefined ? undefined : this.#read(kept)
  }
  /** For whoever holds many of them. */
  keptJob(jobId: string): KeptJob | undefined {
    return this.#jobs.get(jobId)
  }
  run(runId: string): RunState | undefined {
    return this.#runs.get(runId)
  }
  commandTime(commandId: string): number | undefined {
    return this.#commands.get(commandId)
  }
  hasExecutor(name: string): boolean {
    return this.#executors.has(name)
  }
  *jobs(): Generator<JobState> {
    for (const kept of this.#jobs.values()) yield this.#read(kept)
  }
  keptJobs(): IterableIterator<KeptJob> {
    return this.#jobs.values()
  }
  runs(): IterableIterator<RunState> {
    return this.#runs.values()
  }
  commands(): IterableIterator<[string, number]> {
    return this.#commands.entries()
  }
  get executorCount(): number {
    return this.#executors.size
  }
  executors(): IterableIterator<string> {
    return this.#executors.values()
  }
  /** It is told of every change from now on. */
  track(): Tracker {
    const tracker = new Tracker()
    this.#trackers = [...this.#trackers, tracker]
    return tracker
  }
  untrack(tracker: Tracker): void {
    this.#trackers = this.#trackers.filter((one) => one !== tracker)
  }
  get jobCount(): number {
    return this.#jobs.size
  }
  get runCount(): number {
    return this.#runs.size
  }

  #read(kept: KeptJob): JobState {
    const known = this.#lately.get(kept)
    if (known !== undefined) return known
    const job = jobOf(kept)
    this.#remember(kept, job)
    return job
  }
  #remember(kept: KeptJob, job: JobState): void {
    if (kept === job) return
    if (this.#lately.size >= JOBS_READ_LATELY) this.#lately.clear()
    this.#lately.set(kept, job)
  }
  #forget(jobId: string): void {
    const kept = this.#jobs.get(jobId)
    if (kept !== undefined) this.#lately.delete(kept)
  }
  putJob(job: JobState): void {
    const kept = keepJob(job)
    this.#forget(job.jobId)
    this.#remember(kept, job)
    this.#jobs.set(job.jobId, kept)
    for (const tracker of this.#trackers) tracker.jobs.add(job.jobId)
  }
  removeJob(jobId: string): void {
    const job = this.job(jobId)
    if (job !== undefined) this.retire(job)
    this.dropJob(jobId)
  }
  /** Without a word to the store. */
  dropJob(jobId: string): void {
    this.#forget(jobId)
    this.#jobs.delete(jobId)
    for (const tracker of this.#trackers) tracker.jobs.add(jobId)
  }
  /** The store keeps the finished runs of the job no longer. */
  retire(job: JobState): void {
    if (job.endedRuns > 0) this.#retired.jobs.push(job)
  }
  keepFinished(job: JobState, run: FinishedRun): void {
    this.#retired.finished.push({ job, run })
  }
  /** What left the state since the last call. */
  takeRetired(): Retired {
    const retired = this.#retired
    if (retired.finished.length > 0 || retired.jobs.length > 0) this.#retired = { finished: [], jobs: [] }
    return retired
  }
  putRun(run: RunState): void {
    this.#runs.set(run.runId, run)
    for (const tracker of this.#trackers) tracker.runs.add(run.runId)
  }
  removeRun(runId: string): void {
    this.#runs.delete(runId)
    for (const tracker of this.#trackers) tracker.runs.add(runId)
  }
  /**
   * Ids lie in the order of their times. Too many: all of the oldest time are forgotten together, so that the order of
   * those of one time, which no checkpoint keeps, never matters.
   */
  rememberCommand(commandId: string, time: number): void {
    this.#commands.delete(commandId)
    this.#commands.set(commandId, time)
    for (const tracker of this.#trackers) tracker.commands.add(commandId)
    let forgotten = time - COMMAND_MEMORY_MS
    for (const [id, at] of this.#commands) {
      if (at > forgotten) {
        if (this.#commands.size <= MAX_COMMANDS_REMEMBERED) break
        forgotten = at
      }
      this.#commands.delete(id)
      for (const tracker of this.#trackers) tracker.commands.add(id)
    }
  }
  addExecutor(name: string): void {
    this.#executors.add(name)
  }
  setSchedulePaused(pause: JobPause | null): void {
    this.schedulePaused = pause
  }
  setPauseRules(rules: readonly PauseRule[]): void {
    this.pauseRules = rules
  }
  setLastTime(time: number): void {
    this.lastTime = time
  }
  setZoneData(version: string | null): void {
    this.zoneData = version
  }
}

export class Overlay implements Draft {
  readonly #base: State
  readonly #jobs = new Map<string, JobState | null>()
  readonly #runs = new Map<string, RunState | null>()
  readonly #commands = new Map<string, number>()
  readonly #executors = new Set<string>()
  readonly #finished: [JobState, FinishedRun][] = []
  readonly #removed: JobState[] = []
  schedulePaused: JobPause | null
  pauseRules: readonly PauseRule[]
  lastTime: number
  zoneData: string | null

  constructor(base: State) {
    this.#base = base
    this.schedulePaused = base.schedulePaused
    this.pauseRules = base.pauseRules
    this.lastTime = base.lastTime
    this.zoneData = base.zoneData
  }

  job(jobId: string): JobState | undefined {
    const changed = this.#jobs.get(jobId)
    return changed === undefined ? this.#base.job(jobId) : (changed ?? undefined)
  }
  run(runId: string): RunState | undefined {
    const changed = this.#runs.get(runId)
    return changed === undefined ? this.#base.run(runId) : (changed ?? undefined)
  }
  commandTime(commandId: string): number | undefined {
    return this.#commands.get(commandId) ?? this.#base.commandTime(commandId)
  }
  hasExecutor(name: string): boolean {
    return this.#executors.has(name) || this.#base.hasExecutor(name)
  }
  get executorCount(): number {
    return this.#base.executorCount + this.#executors.size
  }
  *jobs(): Generator<JobState> {
    for (const job of this.#base.jobs()) if (!this.#jobs.has(job.jobId)) yield job
    for (const job of this.#jobs.values()) if (job !== null) yield job
  }
  *runs(): Generator<RunState> {
    for (const run of this.#base.runs()) if (!this.#runs.has(run.runId)) yield run
    for (const run of this.#runs.values()) if (run !== null) yield run
  }

  putJob(job: JobState): void {
    this.#jobs.set(job.jobId, job)
  }
  removeJob(jobId: string): void {
    // As it is now, with what this batch did to it: that is what the store has of it.
    const job = this.job(jobId)
    if (job !== undefined && job.endedRuns > 0) this.#removed.push(job)
    this.#jobs.set(jobId, null)
  }
  keepFinished(job: JobState, run: FinishedRun): void {
    this.#finished.push([job, run])
  }
  putRun(run: RunState): void {
    this.#runs.set(run.runId, run)
  }
  removeRun(runId: string): void {
    this.#runs.set(runId, null)
  }
  rememberCommand(commandId: string, time: number): void {
    this.#commands.delete(commandId)
    this.#commands.set(commandId, time)
  }
  addExecutor(name: string): void {
    this.#executors.add(name)
  }
  setSchedulePaused(pause: JobPause | null): void {
    this.schedulePaused = pause
  }
  setPauseRules(rules: readonly PauseRule[]): void {
    this.pauseRules = rules
  }
  setLastTime(time: number): void {
    this.lastTime = time
  }
  setZoneData(version: string | null): void {
    this.zoneData = version
  }

  /** Ids of jobs that the batch touched, in the order of the first touch; a removed one is among them. */
  changedJobs(): IterableIterator<string> {
    return this.#jobs.keys()
  }
  changedRuns(): IterableIterator<string> {
    return this.#runs.keys()
  }

  /** Makes the changes part of the state. */
  commit(): void {
    const base = this.#base
    for (const [job, run] of this.#finished) base.keepFinished(job, run)
    for (const job of this.#removed) base.retire(job)
    for (const [jobId, job] of this.#jobs) {
      if (job === null) base.dropJob(jobId)
      else base.putJob(job)
    }
    for (const [runId, run] of this.#runs) {
      if (run === null) base.removeRun(runId)
      else base.putRun(run)
    }
    for (const [commandId, time] of this.#commands) base.rememberCommand(commandId, time)
    for (const name of this.#executors) base.addExecutor(name)
    base.setSchedulePaused(this.schedulePaused)
    base.setPauseRules(this.pauseRules)
    base.setLastTime(this.lastTime)
    base.setZoneData(this.zoneData)
  }
}
