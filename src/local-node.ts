/**
 * One process with all roles: its stores with their executors, and the client's way in.
 *
 * Boundary: this is where adapters meet the parts; it decides nothing.
 */
import type { AcceptedEvents, Backend, StoredJob } from './client/backend.ts'
import { createSystemCalendars } from './adapters/calendars/system-calendars.ts'
import { environment } from './config/environment.ts'
import { jobIdOfCommand } from './core/answers.ts'
import type { Command } from './core/commands.ts'
import type { JobSettings } from './core/job/resolve-definition.ts'
import { DEFAULT_EXECUTOR } from './core/state.ts'
import { ExecutorPool } from './executor/executor-pool.ts'
import { TaskRegistry } from './executor/task-registry.ts'
import { ClusterStore } from './cluster-store.ts'
import { LocalStore } from './local-store.ts'
import type { Calendars } from './ports/calendars.ts'
import type { Clock } from './ports/clock.ts'
import type { Entropy } from './ports/entropy.ts'
import type { EventLog } from './ports/event-log.ts'
import type { Materializer } from './materializer/materializer.ts'
import { OperationalError } from './ports/operational-error.ts'
import type { Outbox } from './ports/outbox.ts'
import type { RunTokens } from './ports/run-tokens.ts'
import type { SchemaRegistry } from './ports/schema-registry.ts'
import type { StateStore } from './ports/state-store.ts'
import type { Logger } from './ports/telemetry.ts'
import type { Store } from './store.ts'

/** Where a store's log is, and who else writes to it. */
export type StoreLog =
  | {
      readonly log: EventLog
      /** Nobody else can write to this log. */
      readonly singleWriter: boolean
      /** Outlives the process; null: nothing is kept, the state is rebuilt from the log. Default null. */
      readonly state?: StateStore | null
    }
  | ClusterLog

/** A log that many processes share. */
export interface ClusterLog {
  readonly log: EventLog
  readonly outbox: Outbox
  /** Full names of topics on which an answer may be asked for. */
  readonly replyTopics: ReadonlySet<string>
  /** Outlives the process; null: the state is restored from the state topic. Default null. */
  readonly state?: StateStore | null
  /** null: inputs in the Confluent encoding are refused. Default null. */
  readonly registry?: SchemaRegistry | null
  /** null: run records have no token, and reports need none. Default null. */
  readonly tokens?: RunTokens | null
}

export interface LocalNodeOptions {
  /** By alias; `default` is there. */
  readonly stores: Readonly<Record<string, StoreLog>>
  /** Of those stores: full names of topics that jobs may deliver records to. Default: none. */
  readonly deliverTopics?: readonly string[]
  /** What it does for the stores that many processes share. Default: both. */
  readonly roles?: readonly ('owner' | 'executor')[]
  /** How long a command to those stores waits for its answer. Default 60 s. */
  readonly answerMs?: number
  /** Of those stores: further from their log's clock this process decides nothing; null: it always does. Default 60 s. */
  readonly maxClockSkewMs?: number | null
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
  /** `host:pid` */
  readonly name: string
  /** Its calendars, by default: the zones of this process and the optional packages that it finds. */
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
  readonly #stores: readonly Store[]
  readonly #executors: Map<string, number>
  readonly #process: string
  readonly #roles: readonly ('owner' | 'executor')[]
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onClose: (() => void)[] = []
  readonly #calendars: Calendars
  #settings: JobSettings

  constructor(options: LocalNodeOptions) {
    const { entropy, name, roles = ['owner', 'executor'] } = options
    this.#roles = roles
    this.#clock = options.clock
    this.#logger = options.logger
    this.#calendars = options.settings.calendars ?? createSystemCalendars()
    this.#settings = { ...options.settings, calendars: this.#calendars }
    this.#process = `${name}:${hex(entropy.bytes(ID_BYTES))}`
    const { concurrency = DEFAULT_CONCURRENCY, executors = [[DEFAULT_EXECUTOR, concurrency]] } = options
    this.#executors = new Map(executors)
    this.#stores = Object.entries(options.stores).map(([alias, log]) => this.#store(alias, log, options))
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
    await Promise.all(this.#stores.map((store) => store.addExecutor(name, concurrency)))
    this.#executors.set(name, concurrency)
    await this.#declare(name)
    for (const store of this.#stores) store.handOver()
  }

  /** Runs for it wait until it is added again. Resolves when what it runs is over, at the latest at `deadline`. */
  async removeExecutor(name: string, deadline: number): Promise<void> {
    this.#executors.delete(name)
    await Promise.all(this.#stores.map((store) => store.removeExecutor(name, deadline)))
  }

  async #declare(executor: string): Promise<void> {
    if (executor === DEFAULT_EXECUTOR) return
    const commandId = this.backend.newCommandId()
    const asked = { commandId, commandGiven: false, actor: null, commandOffset: null }
    const declared = this.backend.submit({ type: 'DeclareExecutor', executor, ...asked })
    if (this.#roles.includes('owner')) await declared
    // Owners may come later than those who execute: the command waits on its topic.
    else declared.catch((err: unknown) => this.#logger.warn({ executor, err }, 'nobody has declared the executor yet'))
  }

  /** The schedule of a store is paused. */
  get isPaused(): boolean {
    return this.#stores.some((store) => store.queries.isPaused)
  }

  /** Lets go of the logs without more, after a failed `open`. */
  async abandon(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.abandon()))
  }

  /** For commands that are decided from now on. */
  configure(settings: JobSettings): void {
    this.#settings = { ...settings, calendars: this.#calendars }
  }

  /** Timers count and runs are executed. */
  async start(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.start()))
  }

  /** No run is taken any more; what runs may finish until `deadline` (epoch ms). Then everything is let go. */
  async shutdown(deadline: number): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.drain(deadline)))
    const closed = await Promise.allSettled(this.#stores.map((store) => store.close(deadline)))
    for (const tell of this.#onClose) tell()
    for (const one of closed) if (one.status === 'rejected') throw one.reason
  }

  #store(alias: string, storeLog: StoreLog, options: LocalNodeOptions): Store {
    const settings = (): JobSettings => this.#settings
    const common = { ...options, ...storeLog, alias, settings, process: this.#process, tasks: this.tasks }
    if ('outbox' in storeLog) {
      const { deliverTopics = [] } = options
      const executors = this.#roles.includes('executor') ? this.#executors : new Map<string, number>()
      const roles = { owner: this.#roles.includes('owner'), executors }
      const delivering = (): JobSettings => ({ ...this.#settings, deliverTopics })
      const shared = { ...common, ...storeLog, roles, settings: delivering, environment: environment() }
      return new ClusterStore(shared)
    }
    const pool = new ExecutorPool({
      ...common,
      report: async (report, partition) => {
        await store.materializer.submitTo(partition, { kind: 'report', report })
      },
      environment: environment(),
    })
    for (const [executor, concurrency] of this.#executors) pool.add(executor, { concurrency })
    const store = new LocalStore({ ...common, ...storeLog, dispatcher: pool, pool })
    return store
  }

  #storeOf(alias: string): Store {
    const store = this.#stores.find((one) => one.alias === alias)
    if (store !== undefined) return store
    const known = this.#stores.map((one) => `'${one.alias}'`).join(', ')
    throw new OperationalError('invalid-option', `store: expected one of ${known}, got '${alias}'`)
  }

  /** Where the job is, else the default store. */
  #storeWith(jobId: string, alias: string | undefined): Store {
    if (alias !== undefined) return this.#storeOf(alias)
    return this.#stores.find((store) => store.queries.job(jobId) !== undefined) ?? this.#storeOf(DEFAULT_STORE)
  }

  #chosen(alias: string | undefined): readonly Store[] {
    return alias === undefined ? this.#stores : [this.#storeOf(alias)]
  }

  #backend(newCommandId: () => string): Backend {
    return {
      submit: async (command, alias) => this.#submit(command, alias),
      job: (jobId, alias) => this.#storeWith(jobId, alias).queries.job(jobId),
      jobs: (alias) => this.#chosen(alias).flatMap((store): StoredJob[] => store.queries.jobs()),
      run: (jobId, runId, alias) => this.#storeWith(jobId, alias).queries.run(jobId, runId),
      finishedRuns: (jobId, alias) => this.#storeWith(jobId, alias).queries.finishedRuns(jobId),
      history: (jobId, alias) => this.#storeWith(jobId, alias).queries.history(jobId),
      replay: (jobId, see, alias) => this.#storeWith(jobId, alias).queries.replay(jobId, see),
      now: () => this.#clock.now(),
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
    const stops = this.#stores.map((store) => store.queries.subscribe(listener))
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
