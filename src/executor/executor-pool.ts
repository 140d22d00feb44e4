/**
 * The named executors of this process, added and removed while it runs.
 *
 * Boundary: it routes; what a run waits for and how it runs is its executor's. A run for a name that isn't here is left
 * alone: its owner hands its open runs over again after an executor was added.
 * Invariants:
 * 1. All executors share one registry of tasks, one process id and one memory of what ended here.
 * 2. A removed executor hears cancels and grants until it is drained, and its name is free only then: no attempt runs
 *    in two executors.
 */
import type { Clock } from '../ports/clock.ts'
import type { Dispatcher, RunRequest } from '../ports/dispatcher.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'
import { checkConcurrency } from './concurrency.ts'
import { Executor, logUnsent } from './executor.ts'
import { FinalReports, type SendReport } from './final-reports.ts'
import type { TaskRegistry } from './task-registry.ts'

export interface ExecutorPoolOptions {
  readonly tasks: TaskRegistry
  readonly clock: Clock
  readonly logger: Logger
  /** `host:pid:<128 random bits>`. */
  readonly process: string
  /** Resolves when the report is durable. */
  readonly report: SendReport
  /** Environment of child processes. Default: empty. Worker threads have a copy of this process's own. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface AddExecutorOptions {
  /** Runs in flight at a time, 1 to 10,000. */
  readonly concurrency: number
}

interface Named {
  readonly executor: Executor
  /** It takes nothing more. */
  leaving: boolean
}

export class ExecutorPool implements Dispatcher {
  readonly #options: ExecutorPoolOptions
  readonly #finals: FinalReports
  readonly #executors = new Map<string, Named>()

  constructor(options: ExecutorPoolOptions) {
    this.#options = options
    const { report, logger } = options
    this.#finals = new FinalReports(report, (unsent, err) => logUnsent(logger, unsent, err))
  }

  /** Names of the executors that take runs. */
  get names(): readonly string[] {
    return [...this.#executors].filter(([, { leaving }]) => !leaving).map(([name]) => name)
  }

  has(name: string): boolean {
    return this.#executors.get(name)?.leaving === false
  }

  /** Throws `invalid-option` for a name that is there or not yet drained, and for a concurrency out of bounds. */
  add(name: string, options: AddExecutorOptions): void {
    if (typeof name !== 'string' || name === '') throw invalid('executor: expected a non-empty name')
    const there = this.#executors.get(name)
    if (there !== undefined) {
      throw invalid(`executor ${name}: ${there.leaving ? 'it is still being removed' : 'it is there already'}`)
    }
    const { concurrency } = options
    checkConcurrency(name, concurrency)
    const executor = new Executor({ ...this.#options, concurrency, finalReports: this.#finals })
    this.#executors.set(name, { executor, leaving: false })
  }

  /**
   * Takes nothing more, and resolves when what runs there is over, at the latest at `deadline` (epoch ms). What is not
   * over then is abandoned. Rejects with `invalid-option` when there is no such executor.
   */
  async remove(name: string, deadline: number): Promise<void> {
    const named = this.#executors.get(name)
    if (named === undefined || named.leaving) throw invalid(`executor ${name}: there is none`)
    named.leaving = true
    try {
      await named.executor.drain(deadline)
    } finally {
      this.#executors.delete(name)
    }
  }

  /** All of them take nothing more; resolves as `remove` does. */
  async drainAll(deadline: number): Promise<void> {
    const all = [...this.#executors.values()]
    for (const named of all) named.leaving = true
    await Promise.all(all.map(({ executor }) => executor.drain(deadline)))
  }

  dispatch(run: RunRequest): void {
    const named = this.#executors.get(run.executor)
    if (named?.leaving === false) return named.executor.dispatch(run)
    const { runId, attempt, executor } = run
    this.#options.logger.debug({ runId, attempt, executor }, 'a run was left alone: its executor is not here')
  }

  cancel(runId: string, attempt: number, reason: string | null): void {
    for (const { executor } of this.#executors.values()) executor.cancel(runId, attempt, reason)
  }

  grant(runId: string, attempt: number, executor: string): void {
    for (const named of this.#executors.values()) named.executor.grant(runId, attempt, executor)
  }

  refuse(runId: string, attempt: number, executor: string): void {
    for (const named of this.#executors.values()) named.executor.refuse(runId, attempt, executor)
  }
}

function invalid(message: string): OperationalError {
  return new OperationalError('invalid-option', message)
}
