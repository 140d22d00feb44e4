/**
 * The executors of a process over topics: each a member of its own group, all with one registry of tasks, one process id,
 * one memory of what ended here, and one reader of control.
 *
 * Boundary: it composes; what the process does on signals is the command line's.
 * Invariant: no run is taken before control was read to its end.
 */
import { shown } from '../../core/job/check.ts'
import type { Clock } from '../../ports/clock.ts'
import { type EventLog, OWNERS } from '../../ports/event-log.ts'
import { OperationalError } from '../../ports/operational-error.ts'
import type { Outbox } from '../../ports/outbox.ts'
import type { RunCodec } from '../../ports/run-codec.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { checkConcurrency } from '../concurrency.ts'
import { logUnsent } from '../executor.ts'
import type { AddExecutorOptions } from '../executor-pool.ts'
import { FinalReports } from '../final-reports.ts'
import type { TaskRegistry } from '../task-registry.ts'
import { ControlMemory } from './control-memory.ts'
import { ControlReader } from './control-reader.ts'
import { ExecutorGroup } from './executor-group.ts'
import { ReportSender } from './report-sender.ts'

export interface WorkerNodeOptions {
  readonly log: EventLog
  readonly outbox: Outbox
  readonly codec: RunCodec
  readonly clock: Clock
  readonly logger: Logger
  readonly tasks: TaskRegistry
  /** `host:pid:<128 random bits>`. */
  readonly process: string
  /** Environment of child processes. Default: empty. Worker threads have a copy of this process's own. */
  readonly environment?: Readonly<Record<string, string>>
}

/** It is a part of a topic's name, and the group's. */
const EXECUTOR_NAME = /^[A-Za-z0-9._-]{1,150}$/

interface Named {
  readonly group: ExecutorGroup
  /** It takes nothing more. */
  leaving: boolean
}

export class WorkerNode {
  readonly #options: WorkerNodeOptions
  readonly #control: ControlReader
  readonly #memory: ControlMemory
  readonly #reports: ReportSender
  readonly #finals: FinalReports
  readonly #executors = new Map<string, Named>()
  #started: Promise<void> | null = null
  #closed = false

  constructor(options: WorkerNodeOptions) {
    this.#options = options
    const { logger } = options
    this.#memory = new ControlMemory(options.process)
    this.#reports = new ReportSender(options)
    this.#finals = new FinalReports(
      (report, partition) => this.#reports.send(report, partition),
      (unsent, err) => logUnsent(logger, unsent, err),
    )
    this.#control = new ControlReader({
      ...options,
      memory: this.#memory,
      executors: () => [...this.#executors.values()].map(({ group }) => group),
    })
  }

  /** Names of the executors that take runs. */
  get names(): readonly string[] {
    return [...this.#executors].filter(([, { leaving }]) => !leaving).map(([name]) => name)
  }

  /**
   * Joins the executor's group and takes its runs. Rejects with `invalid-option` for a name that is there, or not yet
   * drained, or can't be in a topic's name, and for a concurrency out of bounds; with `closed` when it is removed
   * meanwhile, and after `drain`; with `LogError` when it can't join.
   */
  async add(name: string, { concurrency }: AddExecutorOptions): Promise<void> {
    if (!EXECUTOR_NAME.test(name) || name === OWNERS.id) {
      const expected = `1 to 150 letters, digits, dots, dashes or underscores, and not ${OWNERS.id}`
      throw invalid(`executor: expected a name of ${expected}, got ${shown(name)}`)
    }
    const there = this.#executors.get(name)
    if (there !== undefined) {
      throw invalid(`executor ${name}: ${there.leaving ? 'it is still being removed' : 'it is there already'}`)
    }
    checkConcurrency(name, concurrency)
    if (this.#closed) throw closed(name)
    const group = new ExecutorGroup({
      ...this.#options,
      name,
      concurrency,
      control: this.#memory,
      partitionsHere: () => this.#partitions,
      finalReports: this.#finals,
      report: (report, partition) => this.#reports.send(report, partition),
    })
    const named: Named = { group, leaving: false }
    this.#executors.set(name, named)
    try {
      await this.#readControl()
      await group.start()
    } catch (err) {
      if (this.#executors.get(name) === named) this.#executors.delete(name)
      throw err
    }
    if (named.leaving) throw closed(name)
  }

  /**
   * Takes nothing more for the executor, waits for what runs until `deadline` (epoch ms), commits and leaves its group.
   * Rejects with `invalid-option` when there is no such executor.
   */
  async remove(name: string, deadline: number): Promise<void> {
    const named = this.#executors.get(name)
    if (named === undefined || named.leaving) throw invalid(`executor ${name}: there is none`)
    named.leaving = true
    await named.group.drain(deadline)
    this.#executors.delete(name)
  }

  /** All executors as `remove` does, those that are being removed too; nothing can be added after it. */
  async drain(deadline: number): Promise<void> {
    this.#closed = true
    const all = [...this.#executors.values()]
    for (const named of all) named.leaving = true
    await Promise.all(all.map(({ group }) => group.drain(deadline)))
    this.#executors.clear()
    this.#control.stop()
    this.#reports.close()
  }

  get #partitions(): number {
    return [...this.#executors.values()].reduce((sum, { group }) => sum + group.partitions, 0)
  }

  /** A failed start is tried anew with the next executor. */
  async #readControl(): Promise<void> {
    this.#started ??= this.#control.start()
    try {
      await this.#started
    } catch (err) {
      this.#started = null
      throw err
    }
  }
}

function closed(name: string): OperationalError {
  return new OperationalError('closed', `executor ${name}: it is removed, or the process shuts down`)
}

function invalid(message: string): OperationalError {
  return new OperationalError('invalid-option', message)
}
