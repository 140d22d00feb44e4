/**
 * The job verbs: each makes a command, waits until the log has its outcome, and returns or throws what it says.
 *
 * Errors of every verb: `RejectedError` with a code of the protocol when the command was refused; `OperationalError`
 * when it could not be asked, `unknown-outcome` when it may have been applied.
 */
import type { Trigger } from '../core/triggers/trigger.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'
import { runsAskedBy, scheduledAtOf } from './asked-runs.ts'
import type { Backend, StoredJob } from './backend.ts'
import { type CommandOptions, findEvent, type Request, submitCommand } from './commands.ts'
import { type ExplainOptions, type Explanation, explain, type Replay } from './explain/explain.ts'
import { EVENT_ALL } from './event-masks.ts'
import { filedJobs, type JobFile, jobFile } from './job-file.ts'
import { type JobInfo, jobInfo } from './job-info.ts'
import {
  type DeliverJobOptions,
  type Instant,
  instantMs,
  jobChanges,
  jobInput,
  type JobOptions,
  payloadInput,
} from './job-options.ts'
import { jobTable } from './job-table.ts'
import { type Listener, Listeners } from './listeners.ts'
import { checkEventType, type ListenerEventType, type LocalEvent } from './local-event.ts'
import { type RunHandle, RunWatch } from './run-handle.ts'
import { finishedRunDetails, openRunDetails, type RunDetails } from './run-info.ts'

export interface PauseOptions extends CommandOptions {
  readonly reason?: string
  /** Ends by itself then. Default: never. */
  readonly until?: Instant
}

export interface RunOptions extends CommandOptions {
  /** Instead of the job's payload. */
  readonly payload?: unknown
  readonly contentType?: string
}

export interface ModifyOptions extends CommandOptions {
  /** Rejected with `version-conflict` when the job has another. */
  readonly version?: number
}

export interface BackfillOptions extends CommandOptions {
  /** First scheduled time, inclusive. */
  readonly from: Instant
  /** Exclusive. */
  readonly to: Instant
  /** Only says which times it would run. Default false. */
  readonly dryRun?: boolean
}

/** What was made; the repetition of a backfill under its command id says what the first one made. */
export interface BackfillResult {
  /** How many scheduled times the range has. */
  readonly count: number
  /** Of a dry run at most 100. */
  readonly times: readonly Date[]
  readonly runs: readonly RunHandle[]
}

/** Any options of the job but its id. null is none where an option may be none (`misfireGrace`, `timeout`,
 * `heartbeatTimeout`, `name`, `description`); any other it sets back to its default. */
export type JobChanges = {
  readonly [K in keyof Omit<JobOptions, 'id' | 'ifExists' | 'paused' | 'commandId' | 'actor' | 'store'>]?:
    | JobOptions[K]
    | null
}

export interface JobHandle {
  readonly id: string
  modify(changes: JobChanges, options?: ModifyOptions): Promise<JobHandle>
  reschedule(trigger: Trigger, options?: ModifyOptions): Promise<JobHandle>
  pause(options?: PauseOptions): Promise<JobHandle>
  resume(options?: CommandOptions): Promise<JobHandle>
  remove(options?: CommandOptions): Promise<void>
  runNow(options?: RunOptions): Promise<RunHandle>
}

/** A command that asks for a run. */
type RunRequest = Extract<Request, { type: 'RunJob' | 'RetryRun' }>

const DEFAULT_STORE = 'default'

export class JobClient {
  readonly #backend: Backend
  readonly #listeners: Listeners
  readonly #runs: RunWatch

  constructor(backend: Backend, logger: Logger) {
    this.#backend = backend
    this.#listeners = new Listeners(logger)
    this.#runs = new RunWatch(backend, (runId, options) => this.cancelRun(runId, options))
    backend.subscribe((accepted) => this.#listeners.tell(accepted))
  }

  /** Adds the job; with `ifExists: 'replace'` (the default) an equal one is left as it is and keeps its phase. */
  async addJob(options: JobOptions | DeliverJobOptions): Promise<JobHandle> {
    const { id, ifExists = 'replace' } = options
    await this.#submit({ type: 'AddJob', jobId: id, ifExists, job: jobInput(options) }, options)
    return this.#handle(id, options)
  }

  /** Changes the options that are given; a trigger that stays keeps its phase. */
  async modifyJob(jobId: string, changes: JobChanges, options: ModifyOptions = {}): Promise<JobHandle> {
    const version = options.version ?? null
    await this.#submit({ type: 'ModifyJob', jobId, version, job: jobChanges(changes) }, options)
    return this.#handle(jobId, options)
  }

  /** Gives the job a trigger from now on; its phase begins anew. */
  async rescheduleJob(jobId: string, trigger: Trigger, options: ModifyOptions = {}): Promise<JobHandle> {
    await this.#submit({ type: 'RescheduleJob', jobId, version: options.version ?? null, trigger }, options)
    return this.#handle(jobId, options)
  }

  /** Runs that are queued or running may finish and report; no fire and no retry starts any more. */
  async removeJob(jobId: string, options: CommandOptions = {}): Promise<void> {
    await this.#submit({ type: 'RemoveJob', jobId }, options)
  }

  async removeAllJobs(options: CommandOptions = {}): Promise<void> {
    await this.#submit({ type: 'RemoveAllJobs' }, options)
  }

  /** No fire and no retry of the job starts until it is resumed. Its phase is kept. */
  async pauseJob(jobId: string, options: PauseOptions = {}): Promise<JobHandle> {
    await this.#submit({ type: 'PauseJob', jobId, ...pauseOf(options) }, options)
    return this.#handle(jobId, options)
  }

  /** Times that came due during the pause are skipped, and counted. */
  async resumeJob(jobId: string, options: CommandOptions = {}): Promise<JobHandle> {
    await this.#submit({ type: 'ResumeJob', jobId }, options)
    return this.#handle(jobId, options)
  }

  /**
   * Pauses the jobs that have all these labels, also those added later. Rejects with `invalid-option` without any label,
   * which every job would have: `pause` is for the whole schedule.
   */
  async pauseJobs(labels: Readonly<Record<string, string>>, options: PauseOptions = {}): Promise<void> {
    mustHaveLabel(labels)
    await this.#submit({ type: 'PauseJobs', labels, ...pauseOf(options) }, options)
  }

  /** Ends the pause of exactly these labels; none: that of all jobs, which only a producer of commands can ask for. */
  async resumeJobs(labels: Readonly<Record<string, string>>, options: CommandOptions = {}): Promise<void> {
    await this.#submit({ type: 'ResumeJobs', labels }, options)
  }

  /** Pauses the whole schedule, durably. Times that come due are judged by grace and coalescing when it is resumed. */
  async pause(options: PauseOptions = {}): Promise<void> {
    await this.#submit({ type: 'PauseSchedule', ...pauseOf(options) }, options)
  }

  async resume(options: CommandOptions = {}): Promise<void> {
    await this.#submit({ type: 'ResumeSchedule' }, options)
  }

  /** One run now, beside the schedule. Over `maxInstances` it follows `overlap`; with `skip` it is rejected. */
  async runJob(jobId: string, options: RunOptions = {}): Promise<RunHandle> {
    const { payload = null, contentType = null } = payloadInput(options.payload, options.contentType, 'payload')
    return this.#queued({ type: 'RunJob', jobId, payload, contentType }, options)
  }

  /** Runs the scheduled times of a past range, one after another; at most 500. */
  async backfill(jobId: string, options: BackfillOptions): Promise<BackfillResult> {
    const [from, to] = [instantMs(options.from, 'from'), instantMs(options.to, 'to')]
    const { commandId, ...asking } = options
    const dryRun = options.dryRun ?? false
    const store = this.#storeOf(jobId, options)
    // A dry run changes nothing: its answer is the same however often it is asked.
    const given = dryRun || commandId === undefined ? asking : { ...asking, commandId }
    const events = await this.#submit({ type: 'BackfillJob', jobId, from, to, dryRun }, given)
    const applied = findEvent(events, 'CommandApplied')
    if (applied?.duplicate === true) {
      return this.#backfilled(await runsAskedBy(this.#backend, jobId, commandId, store), store)
    }
    if (applied !== undefined) {
      return { count: applied.times?.count ?? 0, times: (applied.times?.listed ?? []).map(dateOf), runs: [] }
    }
    const queued = events.filter((event) => event.type === 'RunQueued')
    return this.#backfilled(
      queued.map((event) => event.runId),
      store,
    )
  }

  #backfilled(runIds: readonly string[], store: string): BackfillResult {
    const runs = runIds.map((runId) => this.#runs.handle(runId, store))
    return { count: runs.length, times: runIds.map(scheduledAtOf), runs }
  }

  /** A run that has not begun is over at once; one that runs is asked to stop, by its `AbortSignal`. */
  async cancelRun(runId: string, options: CommandOptions & { readonly reason?: string } = {}): Promise<void> {
    await this.#submit({ type: 'CancelRun', jobId: jobIdOf(runId), runId, reason: options.reason ?? null }, options)
  }

  /** Does a run that failed again, as a run of its own. */
  async retryRun(runId: string, options: CommandOptions = {}): Promise<RunHandle> {
    return this.#queued({ type: 'RetryRun', jobId: jobIdOf(runId), runId }, options)
  }

  /** undefined when there is no such job. */
  getJob(jobId: string, options: { readonly store?: string } = {}): JobInfo | undefined {
    const found = this.#backend.job(jobId, options.store)
    return found === undefined ? undefined : infoOf(found)
  }

  /** All jobs, by their next fire time, those without one last. */
  getJobs(options: { readonly store?: string } = {}): JobInfo[] {
    const jobs = this.#backend.jobs(options.store).map((found) => infoOf(found))
    return jobs.toSorted((a, b) => timeOf(a) - timeOf(b) || (a.id < b.id ? -1 : 1))
  }

  /**
   * The runs of a job, the latest first: those without an outcome, and the last `keepRuns` that have one. With
   * `all: true` also the older ones, read from the events.
   */
  async getRuns(
    jobId: string,
    options: { readonly all?: boolean; readonly store?: string } = {},
  ): Promise<RunDetails[]> {
    const { store } = options
    const job = this.#backend.job(jobId, store)?.job
    const ended = options.all ? this.#backend.history(jobId, store) : this.#backend.finishedRuns(jobId, store)
    const finished = (await ended).map(finishedRunDetails)
    const open = (job?.openRuns ?? []).map((runId) => this.#backend.run(jobId, runId, store))
    return [
      ...open
        .filter((run) => run !== undefined)
        .map(openRunDetails)
        .toReversed(),
      ...finished,
    ]
  }

  /** One run; undefined when the events have none of that id. */
  async getRun(runId: string, options: { readonly store?: string } = {}): Promise<RunDetails | undefined> {
    const jobId = jobIdOf(runId)
    const open = this.#backend.run(jobId, runId, options.store)
    if (open !== undefined) return openRunDetails(open)
    const kept = await this.#backend.finishedRuns(jobId, options.store)
    const isIt = (run: { readonly runId: string }): boolean => run.runId === runId
    const found = kept.find(isIt) ?? (await this.#backend.history(jobId, options.store)).find(isIt)
    return found === undefined ? undefined : finishedRunDetails(found)
  }

  /**
   * Why a job or a run did or did not run: what holds it, since when and by whom, its counts, what happened to it. `id`: of
   * either. undefined when the events have no such job or run. Reads the log from its beginning, as long as that takes;
   * rejects with a `LogError` when it can't be read from there.
   */
  async explain(id: string, options: ExplainOptions = {}): Promise<Explanation | undefined> {
    const replay: Replay = (jobId, see) => this.#backend.replay(jobId, see, options.store)
    return explain(replay, this.#backend.now(), id, options)
  }

  /** A table of the jobs for people: one line each. */
  printJobs(options: { readonly store?: string; readonly write?: (text: string) => void } = {}): void {
    const write = options.write ?? ((text: string) => void process.stdout.write(text))
    write(jobTable(this.getJobs(options)))
  }

  /** The jobs with their phase, as JSON that `importJobs` reads: those that have a time to come. */
  exportJobs(options: { readonly store?: string } = {}): JobFile {
    return jobFile(this.#backend.jobs(options.store).map(({ job }) => job))
  }

  /** Adds the jobs of a file, one after another; returns how many. Throws at the first that is refused. */
  async importJobs(
    file: unknown,
    options: Omit<CommandOptions, 'commandId'> & { readonly ifExists?: 'replace' | 'keep' | 'reject' } = {},
  ): Promise<number> {
    const jobs = filedJobs(file)
    const { ifExists = 'replace', ...others } = options
    for (const { id, input, pause } of jobs) {
      const events = await this.#submit({ type: 'AddJob', jobId: id, ifExists, job: input }, others)
      const isPaused = findEvent(events, 'JobAdded')?.paused === true
      if (isPaused && pause !== null) await this.#submit({ type: 'PauseJob', jobId: id, ...pause }, others)
    }
    return jobs.length
  }

  /**
   * Calls `listener` for every event of that name that the log accepts from now on. Throws `invalid-option` for a name
   * that no event has.
   */
  on<T extends ListenerEventType>(type: T, listener: Listener<T>): this {
    checkEventType(type)
    this.#listeners.add(type, listener)
    return this
  }

  off<T extends ListenerEventType>(type: T, listener: Listener<T>): this {
    checkEventType(type)
    this.#listeners.remove(type, listener)
    return this
  }

  /** APScheduler's way: a union of `EVENT_…` masks. Default: all of them. */
  addListener(listener: Listener, mask: number = EVENT_ALL): this {
    this.#listeners.addMasked(listener, mask)
    return this
  }

  /** Takes the listener away from all events. */
  removeListener(listener: Listener): this {
    this.#listeners.removeMasked(listener)
    return this
  }

  /** Tells listeners of what is on no log. */
  protected tellLocal(event: LocalEvent): void {
    this.#listeners.tellLocal(event)
  }

  async #queued(request: RunRequest, options: CommandOptions): Promise<RunHandle> {
    const store = this.#storeOf(request.jobId, options)
    const events = await this.#submit(request, options)
    const queued = findEvent(events, 'RunQueued')
    if (queued !== undefined) return this.#runs.handle(queued.runId, store)
    const [before] = await runsAskedBy(this.#backend, request.jobId, options.commandId, store)
    if (before !== undefined) return this.#runs.handle(before, store)
    throw new OperationalError('invalid-option', 'commandId: expected one that no other command had within an hour')
  }

  #submit(request: Request, options: CommandOptions): ReturnType<typeof submitCommand> {
    return submitCommand(this.#backend, request, options)
  }

  #storeOf(jobId: string, options: CommandOptions): string {
    return options.store ?? this.#backend.job(jobId)?.store ?? DEFAULT_STORE
  }

  /** It stays with the store that the job is in: another one may have a job of that id too. */
  #handle(id: string, given: CommandOptions): JobHandle {
    const store = this.#storeOf(id, given)
    return {
      id,
      modify: (changes, options) => this.modifyJob(id, changes, { store, ...options }),
      reschedule: (trigger, options) => this.rescheduleJob(id, trigger, { store, ...options }),
      pause: (options) => this.pauseJob(id, { store, ...options }),
      resume: (options) => this.resumeJob(id, { store, ...options }),
      remove: (options) => this.removeJob(id, { store, ...options }),
      runNow: (options) => this.runJob(id, { store, ...options }),
    }
  }
}

function infoOf({ job, pauses, store }: StoredJob): JobInfo {
  return jobInfo(job, pauses, store)
}

function pauseOf(options: PauseOptions): { reason: string | null; until: number | null } {
  const until = options.until === undefined ? null : instantMs(options.until, 'until')
  return { reason: options.reason ?? null, until }
}

/** What is no object the log refuses. */
function mustHaveLabel(labels: unknown): void {
  if (typeof labels !== 'object' || labels === null || Object.keys(labels).length > 0) return
  const reason = 'labels: expected at least one, got none: pause() pauses the whole schedule'
  throw new OperationalError('invalid-option', reason)
}

/** The job id is the first part of a run id; it has no slash itself. */
function jobIdOf(runId: unknown): string {
  if (typeof runId === 'string' && runId.includes('/')) return runId.slice(0, runId.indexOf('/'))
  throw new OperationalError(
    'invalid-option',
    'runId: expected the id of a run: <job id>/<incarnation>/<scheduled time>',
  )
}

function dateOf(at: number): Date {
  return new Date(at)
}

function timeOf(job: JobInfo): number {
  return job.nextFireTime?.getTime() ?? Number.MAX_SAFE_INTEGER
}
