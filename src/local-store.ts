/**
 * One store of this process whose log is its own: commands, runs and reports are handed over in memory.
 *
 * Boundary: tasks and clients are shared by all stores of the process; see `local-node.ts`.
 */
import { createEventCodec } from './codec/event-codec.ts'
import { jobIdOfCommand } from './core/answers.ts'
import type { Command } from './core/commands.ts'
import type { Event } from './core/events.ts'
import type { JobSettings } from './core/job/resolve-definition.ts'
import type { ExecutorPool } from './executor/executor-pool.ts'
import { Materializer } from './materializer/materializer.ts'
import type { Clock } from './ports/clock.ts'
import type { Dispatcher } from './ports/dispatcher.ts'
import type { Entropy } from './ports/entropy.ts'
import type { EventLog } from './ports/event-log.ts'
import type { Logger } from './ports/telemetry.ts'
import { kept } from './kept-state.ts'
import type { StateStore } from './ports/state-store.ts'
import type { Store } from './store.ts'
import { StoreQueries } from './store-queries.ts'

export interface LocalStoreOptions {
  readonly alias: string
  readonly log: EventLog
  /** Nobody else can write to this log. */
  readonly singleWriter: boolean
  /** Outlives the process; null: nothing is kept. Default null. */
  readonly state?: StateStore | null
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
  /** `host:pid` */
  readonly name: string
  readonly settings: () => JobSettings
  readonly dispatcher: Dispatcher
  /** The executors behind the dispatcher. Absent: they are not this store's to add and remove. */
  readonly pool?: ExecutorPool
  /** Called once when the log or a partition failed and the store can't go on. */
  readonly failed: (error: Error) => void
}

export class LocalStore implements Store {
  readonly alias: string
  readonly materializer: Materializer
  readonly #options: LocalStoreOptions
  readonly queries: StoreQueries

  constructor(options: LocalStoreOptions) {
    this.alias = options.alias
    this.#options = options
    this.materializer = new Materializer({
      ...options,
      codec: createEventCodec(),
      ...kept(options.state ?? null),
      node: options.name,
      surroundings: { kind: 'local', dispatcher: options.dispatcher },
    })
    this.queries = new StoreQueries({ ...options, materializer: this.materializer })
  }

  async open(): Promise<void> {
    await this.materializer.follow()
    await this.materializer.join()
  }

  async start(): Promise<void> {
    this.materializer.setFiring(true)
  }

  async drain(deadline: number): Promise<void> {
    this.materializer.setFiring(false)
    await this.#options.pool?.drainAll(deadline)
  }

  async close(): Promise<void> {
    await this.materializer.close()
    await this.abandon()
  }

  async abandon(): Promise<void> {
    await this.#options.state?.close()
    await this.#options.log.close()
  }

  async addExecutor(name: string, concurrency: number): Promise<void> {
    this.#options.pool?.add(name, { concurrency })
  }

  async removeExecutor(name: string, deadline: number): Promise<void> {
    await this.#options.pool?.remove(name, deadline)
  }

  handOver(): void {
    this.materializer.handOver()
  }

  async submit(command: Command): Promise<readonly Event[]> {
    const jobId = jobIdOfCommand(command)
    if (jobId !== null) return this.materializer.submitCommand(jobId, command)
    const partitions = this.materializer.partitions()
    const all = partitions.map((_, index) => this.materializer.submitTo(index, { kind: 'command', command }))
    return (await Promise.all(all)).flat()
  }
}
