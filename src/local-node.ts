/**
 * One process with all roles: its stores with their executors, and the client's way in.
 *
 * Boundary: this is where adapters meet the parts; it decides nothing.
 */
import type { AcceptedEvents, Backend, StoredJob } from './client/backend.ts'
import { environment } from './config/environment.ts'
import { jobIdOfCommand } from './core/answers.ts'
import type { Command } from './core/commands.ts'
import type { JobSettings } from './core/job/resolve-definition.ts'
import { DEFAULT_EXECUTOR } from './core/state.ts'
import { ExecutorPool } from './executor/executor-pool.ts'
import { TaskRegistry } from './executor/task-registry.ts'
import { LocalStore } from './local-store.ts'
import type { Materializer } from './materializer/materializer.ts'
import type { Clock } from './ports/clock.ts'
import type { Entropy } from './ports/entropy.ts'
import type { EventLog } from './ports/event-log.ts'
import { OperationalError } from './ports/operational-error.ts'
import type { Logger } from './ports/telemetry.ts'

export interface StoreLog {
  readonly log: EventLog
  /** Nobody else can write to this log. */
  readonly singleWriter: boolean
}

export interface LocalNodeOptions extends StoreLog {
  /** Further stores by alias; the log above is `default`. */
  readonly otherStores?: Readonly<Record<string, StoreLog>>
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
  /** `host:pid` */
  readonly name: string
  readonly settings: JobSettings
  /** Called when a store failed and can't go on. */
  readonly failed: (error: Error) => void
  /** Runs in flight of the `default` executor. */
  readonly concurrency?: number
  /** Runs in flight by executor name, in each store. */
  readonly executors?: ReadonlyMap<string, number>
}

const DEFAULT_STORE = 'default'
const DEFAULT_CONCURRENCY = 10
const ID_BYTES = 16

export class LocalNode {
  readonly tasks: TaskRegistry = new TaskRegistry()
  readonly backend: Backend
  readonly #stores: readonly LocalStore[]
  /** One pool a store: two stores may have runs of one id. */
  readonly #pools: ExecutorPool[] = []
  readonly #executors: Map<string, number>
  readonly #process: string
  readonly #onClose: (() => void)[] = []
  #settings: JobSettings

  constructor(options: LocalNodeOptions) {
    const { entropy, name } = options
    this.#settings = options.settings
    this.#process = `${name}:${hex(entropy.bytes(ID_BYTES))}`
    const { concurrency = DEFAULT_CONCURRENCY, executors = [[DEFAULT_EXECUTOR, concurrency]] } = options
    this.#executors = new Map(executors)
    const logs = { [DEFAULT_STORE]: { log: options.log, singleWriter: options.singleWriter }, ...options.otherStores }
    this.#stores = Object.entries(logs).map(([alias, log]) => this.#store(alias, log, options))
    this.backend = this.#backend(commandIds(hex(entropy.bytes(ID_BYTES))))
  }

  /** Of the default store. */
  get materializer(): Materializer {
    return this.#storeOf(DEFAULT_STORE).materializer
  }

  /** Folds the logs and becomes their owner: from then on commands are answered. */
  async open(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.open()))
    for (const name of this.#executors.keys()) await this.#declare(name)
  }

  get executors(): readonly string[] {
    return [...this.#executors.keys()]
  }

  /** Jobs may name it from now on, and runs that waited for it are handed over. */
  async addExecutor(name: string, concurrency: number): Promise<void> {
    for (const pool of this.#pools) pool.add(name, { concurrency })
    this.#executors.set(name, concurrency)
    await this.#declare(name)
    for (const { materializer } of this.#stores) materializer.handOver()
  }

  /** Runs for it wait until it is added again. Resolves when what it runs is over, at the latest at `deadline`. */
  async removeExecutor(name: string, deadline: number): Promise<void> {
    this.#executors.delete(name)
    await Promise.all(this.#pools.map((pool) => pool.remove(name, deadline)))
  }

  async #declare(executor: string): Promise<void> {
    if (executor === DEFAULT_EXECUTOR) return
    const commandId = this.backend.newCommandId()
    const asked = { commandId, commandGiven: false, actor: null, commandOffset: null }
    await this.backend.submit({ type: 'DeclareExecutor', executor, ...asked })
  }

  /** The schedule of a store is paused. */
  get isPaused(): boolean {
    return this.#stores.some(({ materializer }) => materializer.isPaused)
  }

  /** Lets go of the logs without more, after a failed `open`. */
  async abandon(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.log.close()))
  }

  /** For commands that are decided from now on. */
  configure(settings: JobSettings): void {
    this.#settings = settings
  }

  /** Timers count and runs are executed. */
  start(): void {
    for (const { materializer } of this.#stores) materializer.setFiring(true)
  }

  /** No fire starts any more; what runs may finish until `deadline` (epoch ms). Then everything is let go. */
  async shutdown(deadline: number): Promise<void> {
    for (const { materializer } of this.#stores) materializer.setFiring(false)
    await Promise.all(this.#pools.map((pool) => pool.drainAll(deadline)))
    const closed = await Promise.allSettled(this.#stores.map((store) => store.close()))
    for (const tell of this.#onClose) tell()
    for (const one of closed) if (one.status === 'rejected') throw one.reason
  }

  #store(alias: string, { log, singleWriter }: StoreLog, options: LocalNodeOptions): LocalStore {
    const { clock, logger } = options
    const dispatcher = new ExecutorPool({
      tasks: this.tasks,
      clock,
      logger,
      process: this.#process,
      report: async (report, partition) => {
        await store.materializer.submitTo(partition, { kind: 'report', report })
      },
      environment: environment(),
    })
    for (const [executor, concurrency] of this.#executors) dispatcher.add(executor, { concurrency })
    this.#pools.push(dispatcher)
    const settings = (): JobSettings => this.#settings
    const store = new LocalStore({ ...options, settings, alias, log, singleWriter, dispatcher })
    return store
  }

  #storeOf(alias: string): LocalStore {
    const store = this.#stores.find((one) => one.alias === alias)
    if (store !== undefined) return store
    const known = this.#stores.map((one) => `'${one.alias}'`).join(', ')
    throw new OperationalError('invalid-option', `store: expected one of ${known}, got '${alias}'`)
  }

  /** Where the job is, else the default store. */
  #storeWith(jobId: string, alias: string | undefined): LocalStore {
    if (alias !== undefined) return this.#storeOf(alias)
    return this.#stores.find((store) => store.job(jobId) !== undefined) ?? this.#storeOf(DEFAULT_STORE)
  }

  #chosen(alias: string | undefined): readonly LocalStore[] {
    return alias === undefined ? this.#stores : [this.#storeOf(alias)]
  }

  #backend(newCommandId: () => string): Backend {
    return {
      submit: async (command, alias) => this.#submit(command, alias),
      job: (jobId, alias) => this.#storeWith(jobId, alias).job(jobId),
      jobs: (alias) => this.#chosen(alias).flatMap((store): StoredJob[] => store.jobs()),
      run: (jobId, runId, alias) => this.#storeWith(jobId, alias).materializer.run(jobId, runId),
      finishedRuns: (jobId, alias) => this.#storeWith(jobId, alias).materializer.finishedRuns(jobId),
      history: (jobId, alias) => this.#storeWith(jobId, alias).history(jobId),
      subscribe: (listener) => this.#subscribe(listener),
      onClose: (listener) => this.#onClose.push(listener),
      newCommandId,
    }
  }

  async #submit(command: Command, alias: string | undefined): ReturnType<Backend['submit']> {
    const jobId = jobIdOfCommand(command)
    if (jobId !== null) return this.#storeWith(jobId, alias).submit(command)
    return (await Promise.all(this.#chosen(alias).map((store) => store.submit(command)))).flat()
  }

  #subscribe(listener: (accepted: AcceptedEvents) => void): () => void {
    const stops = this.#stores.map(({ alias, materializer }) =>
      materializer.subscribe((partition, events) => listener({ store: alias, partition, events })),
    )
    return () => {
      for (const stop of stops) stop()
    }
  }
}

/** Unique without asking for random bytes each time. */
function commandIds(process: string): () => string {
  let count = 0
  return () => {
    count += 1
    return `${process}-${count}`
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
