/**
 * Runs dispatched attempts in this process, up to `concurrency` at a time, first come first served.
 *
 * An attempt here: waiting → active → gone, and for an at-most-once one whose claim was lost active → parked → waiting.
 *
 * Boundary: slots, copies and routing; the rules of one attempt are in attempt.ts, threads and processes in
 * worker-pool.ts.
 * Invariants:
 * 1. An attempt (run id, number) is executed once here: copies are dropped while it is open and after its end.
 * 2. At most `concurrency` attempts have a slot; one that waits for its grant has one, one that is parked has none.
 * 3. Every slot is given back exactly once.
 */
import { availableParallelism } from 'node:os'
import type { Report } from '../core/reports.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dispatcher, RunRequest } from '../ports/dispatcher.ts'
import type { Logger } from '../ports/telemetry.ts'
import { Attempt } from './attempt.ts'
import { attemptKey } from './attempt-key.ts'
import { callHere } from './call-here.ts'
import { FinalReports, type SendReport } from './final-reports.ts'
import type { Outcome } from './run-result.ts'
import { RunQueue } from './run-queue.ts'
import type { Place, RunIn, Task, TaskContext, TaskRegistry } from './task-registry.ts'
import { WorkerPool } from './worker-pool.ts'

export interface ExecutorOptions {
  /** Runs in flight at a time, at least 1. */
  readonly concurrency: number
  readonly tasks: TaskRegistry
  readonly clock: Clock
  readonly logger: Logger
  /** `host:pid:<128 random bits>`. */
  readonly process: string
  readonly report: SendReport
  /** Shared by the executors of a process. Default: its own. */
  readonly finalReports?: FinalReports
  /**
   * The attempt needs no hand-over any more: its final report is durable, its claim was answered, or its owner ended it.
   * Told again for a copy of one that ended here.
   */
  readonly settled?: (runId: string, attempt: number) => void
  /** There may be room for another attempt. */
  readonly released?: () => void
  /** Environment of child processes. Default: empty. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Names come from the log: whoever makes them up must not fill our memory. */
const MAX_UNKNOWN_TOLD = 1_000

interface Entry {
  readonly key: string
  request: RunRequest
  state: 'waiting' | 'active' | 'parked' | 'gone'
  /** At-most-once: the claim was granted to this process. */
  granted: boolean
  /** While active. */
  attempt: Attempt | null
  /** Where its slot counts, while active. */
  place: Place
}

export class Executor implements Dispatcher {
  readonly #options: ExecutorOptions
  readonly #finals: FinalReports
  readonly #queue = new RunQueue<Entry>()
  readonly #open = new Map<string, Entry>()
  readonly #workers = new Map<RunIn, WorkerPool>()
  readonly #maxWorkers: number
  readonly #active: Record<Place, number> = { here: 0, worker: 0, process: 0 }
  /** Names of tasks that are not here, and that were told. */
  readonly #unknownTold = new Set<string>()
  #taking = true
  #held = false
  #pumping = false
  #sending = 0
  #idle: (() => void)[] = []

  constructor(options: ExecutorOptions) {
    this.#options = options
    this.#maxWorkers = Math.min(options.concurrency, availableParallelism())
    const { report, logger } = options
    this.#finals = options.finalReports ?? new FinalReports(report, (unsent, err) => logUnsent(logger, unsent, err))
  }

  /** Slots in use. */
  get running(): number {
    return this.#active.here + this.#active.worker + this.#active.process
  }

  /** Attempts that are not over here, waiting ones counted. */
  get open(): number {
    return this.#open.size
  }

  /** `cancelled`: why its end was asked for before it came; it doesn't begin. Default null: it wasn't. */
  dispatch(request: RunRequest, cancelled: string | null = null): void {
    const key = attemptKey(request)
    const sent = this.#finals.resend(key)
    if (sent !== null) return void this.#count(sent, request)
    const open = this.#open.get(key)
    if (open === undefined) {
      const entry: Entry = { key, request, state: 'waiting', granted: false, attempt: null, place: 'here' }
      this.#open.set(key, entry)
      if (cancelled === null) this.#enqueue(entry)
      else this.cancel(request.runId, request.attempt, cancelled)
    } else if (open.state === 'parked') {
      open.request = request
      this.#enqueue(open)
    }
  }

  cancel(runId: string, attempt: number, reason: string | null): void {
    const entry = this.#open.get(attemptKey({ runId, attempt }))
    if (entry === undefined) return
    // Without a reason the owner has ended it already: nobody waits for its report, and its slot is wanted.
    if (entry.attempt !== null && !entry.attempt.claiming && reason !== null) return entry.attempt.cancel(reason)
    const { delivery } = entry.request
    const waited = entry.state === 'waiting'
    this.#drop(entry)
    // Its end was asked for and is waited for: the owner takes it for running, because it began elsewhere or was
    // granted here. Of an at-most-once attempt only the process that was granted it speaks.
    const ours = delivery === 'at-least-once' || entry.granted
    if (waited && reason !== null && ours) this.#reportCancelled(entry, reason)
    else this.#settle(entry)
  }

  grant(runId: string, attempt: number, executor: string): void {
    const entry = this.#open.get(attemptKey({ runId, attempt }))
    if (entry === undefined || entry.granted || entry.request.delivery !== 'at-most-once') return
    this.#settle(entry)
    if (executor !== this.#options.process) return this.#drop(entry)
    entry.granted = true
    if (entry.attempt !== null) entry.attempt.grant()
    else if (entry.state === 'parked') this.#enqueue(entry)
  }

  refuse(runId: string, attempt: number, executor: string): void {
    const entry = this.#open.get(attemptKey({ runId, attempt }))
    if (entry === undefined || entry.granted || entry.request.delivery !== 'at-most-once') return
    if (executor !== this.#options.process) return
    this.#settle(entry)
    this.#drop(entry)
  }

  /** Forgets an attempt that another process has as well, unless it has begun or was granted here. */
  withdraw(runId: string, attempt: number): void {
    const entry = this.#open.get(attemptKey({ runId, attempt }))
    if (entry?.state === 'waiting' && !entry.granted) this.#drop(entry)
  }

  /**
   * Takes nothing more, and waits for what has a slot and for its reports; what is not over at `deadline` (epoch ms) is
   * abandoned: it stays open, and whoever owns it next hands it over again. Workers are ended.
   */
  async drain(deadline: number): Promise<void> {
    this.#taking = false
    await this.#untilIdle(deadline)
    for (const entry of [...this.#open.values()]) this.#drop(entry, 'the process shuts down')
    await Promise.all([...this.#workers.values()].map((pool) => pool.destroy()))
  }

  /** Starts nothing until `resume`. Resolves when what has a slot is over and reported, or at `deadline` (epoch ms). */
  async hold(deadline: number): Promise<void> {
    this.#held = true
    await this.#untilIdle(deadline)
  }

  resume(): void {
    this.#held = false
    this.#pump()
  }

  async #untilIdle(deadline: number): Promise<void> {
    if (this.#isIdle) return
    const { clock } = this.#options
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = clock.schedule(deadline, resolve)
    })
    await Promise.race([late, new Promise<void>((resolve) => this.#idle.push(resolve))])
    cancel()
  }

  get #isIdle(): boolean {
    return this.running === 0 && this.#sending === 0
  }

  #enqueue(entry: Entry): void {
    entry.state = 'waiting'
    const place = this.#options.tasks.get(entry.request.task)?.place ?? 'here'
    // The owner counts its time-out from the grant.
    if (entry.granted) this.#queue.pushFirst(place, entry)
    else this.#queue.push(place, entry)
    this.#pump()
  }

  #hasRoom(place: Place): boolean {
    return place === 'here' || this.#active[place] < this.#maxWorkers
  }

  #pump(): void {
    // An attempt can be over at once; its slot is taken by this same loop.
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#taking && !this.#held && this.running < this.#options.concurrency) {
        const entry = this.#queue.take((place) => this.#hasRoom(place))
        if (entry === undefined) break
        if (entry.state === 'waiting') this.#start(entry)
      }
    } finally {
      this.#pumping = false
    }
    if (!this.#isIdle) return
    for (const resolve of this.#idle) resolve()
    this.#idle = []
  }

  #start(entry: Entry): void {
    const { clock, logger, tasks, process } = this.#options
    const task = tasks.get(entry.request.task)
    if (task === undefined) this.#tellUnknown(entry.request.task)
    const place = task?.place ?? 'here'
    // The task was added after the attempt had come.
    if (!this.#hasRoom(place)) return this.#queue.push(place, entry)
    const attempt = new Attempt(entry.request, {
      clock,
      logger,
      executor: process,
      call: (called, context, payload) => this.#call(called, context, payload),
      report: (report) => this.#report(report, entry.request.partition),
      finish: (report) => this.#finished(entry, report),
      claimLost: () => this.#park(entry),
    })
    entry.state = 'active'
    entry.attempt = attempt
    entry.place = place
    this.#active[place] += 1
    attempt.run(task, entry.granted)
  }

  /** Once for each name, not once for each attempt. */
  #tellUnknown(task: string): void {
    if (this.#unknownTold.has(task) || this.#unknownTold.size >= MAX_UNKNOWN_TOLD) return
    this.#unknownTold.add(task)
    this.#options.logger.warn({ task }, 'no task of that name is here: its runs are tried again, and fail in the end')
  }

  #call(task: Task, context: TaskContext, payload: unknown): Promise<Outcome> {
    if (task.place === 'here') return callHere(task.handler, context, payload)
    return this.#workerPool(task.place).call(task, context, payload)
  }

  #workerPool(runIn: RunIn): WorkerPool {
    const there = this.#workers.get(runIn)
    if (there !== undefined) return there
    const { clock, logger, environment = {} } = this.#options
    const made = new WorkerPool({ runIn, maxWorkers: this.#maxWorkers, environment, clock, logger })
    this.#workers.set(runIn, made)
    return made
  }

  #finished(entry: Entry, report: Report): void {
    void this.#count(this.#finals.send(entry.key, report, entry.request.partition), report)
    this.#release(entry, 'gone')
  }

  #park(entry: Entry): void {
    this.#release(entry, 'parked')
  }

  /** Without a report. */
  #drop(entry: Entry, why = 'the attempt may not run here'): void {
    entry.attempt?.drop(why)
    this.#release(entry, 'gone')
  }

  #release(entry: Entry, to: 'gone' | 'parked'): void {
    if (entry.state === 'active') this.#active[entry.place] -= 1
    entry.state = to
    entry.attempt = null
    if (to === 'gone') this.#open.delete(entry.key)
    this.#pump()
    this.#options.released?.()
  }

  #reportCancelled({ key, request }: Entry, reason: string): void {
    const { clock, process } = this.#options
    const { jobId, runId, attempt, partition, token = null } = request
    const error = { name: 'AbortError', message: reason, stack: null, retryable: true }
    const common = { jobId, runId, attempt, token, at: clock.now(), startedAt: null }
    const report: Report = { type: 'cancelled', ...common, executor: process, result: null, error }
    void this.#count(this.#finals.send(key, report, partition), report)
  }

  /** Final reports under way keep a drain waiting. */
  async #count(sent: Promise<void>, { runId, attempt }: Pick<Report, 'runId' | 'attempt'>): Promise<void> {
    this.#sending += 1
    await sent
    this.#sending -= 1
    if (this.#finals.ended(attemptKey({ runId, attempt }))) this.#options.settled?.(runId, attempt)
    this.#pump()
  }

  #settle({ request }: Entry): void {
    this.#options.settled?.(request.runId, request.attempt)
  }

  async #report(report: Report, partition: number): Promise<boolean> {
    try {
      await this.#options.report(report, partition)
      return true
    } catch (error) {
      logUnsent(this.#options.logger, report, error)
      return false
    }
  }
}

/** The owner hands the attempt over again when it is back, and then the report goes again. */
export function logUnsent(logger: Logger, report: Report, err: unknown): void {
  logger.debug({ runId: report.runId, report: report.type, err }, 'a report was not taken')
}
