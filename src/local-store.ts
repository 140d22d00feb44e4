/**
 * One store of this process: a log and the materializer over it.
 *
 * Boundary: tasks and clients are shared by all stores of the process; see `local-node.ts`.
 */
import { createMemoryStore } from './adapters/memory/memory-store.ts'
import { createEventCodec } from './codec/event-codec.ts'
import type { StoredJob } from './client/backend.ts'
import { jobIdOfCommand } from './core/answers.ts'
import type { Command } from './core/commands.ts'
import type { Event } from './core/events.ts'
import type { JobSettings } from './core/job/resolve-definition.ts'
import type { FinishedRun } from './core/run/finished-run.ts'
import { Materializer } from './materializer/materializer.ts'
import { PartitionFold } from './materializer/partition-fold.ts'
import type { Clock } from './ports/clock.ts'
import type { Dispatcher } from './ports/dispatcher.ts'
import type { Entropy } from './ports/entropy.ts'
import type { EventLog } from './ports/event-log.ts'
import type { Logger } from './ports/telemetry.ts'
import { partitionOf } from './core/partition.ts'

export interface LocalStoreOptions {
  readonly alias: string
  readonly log: EventLog
  /** Nobody else can write to this log. */
  readonly singleWriter: boolean
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
  /** `host:pid` */
  readonly name: string
  readonly settings: () => JobSettings
  readonly dispatcher: Dispatcher
  /** Called once when the log or a partition failed and the store can't go on. */
  readonly failed: (error: Error) => void
}

export class LocalStore {
  readonly alias: string
  readonly materializer: Materializer
  readonly #options: LocalStoreOptions

  constructor(options: LocalStoreOptions) {
    this.alias = options.alias
    this.#options = options
    this.materializer = new Materializer({
      ...options,
      codec: createEventCodec(),
      store: createMemoryStore(),
      node: options.name,
    })
  }

  get log(): EventLog {
    return this.#options.log
  }

  /** Folds the log and becomes its owner: from then on commands are answered. */
  async open(): Promise<void> {
    await this.materializer.follow()
    await this.materializer.join()
  }

  async close(): Promise<void> {
    await this.materializer.close()
    await this.#options.log.close()
  }

  /** Without a job id it is for every partition, under one id, and answered when all have answered. */
  async submit(command: Command): Promise<readonly Event[]> {
    const jobId = jobIdOfCommand(command)
    if (jobId !== null) return this.materializer.submitCommand(jobId, command)
    const partitions = this.materializer.partitions()
    const all = partitions.map((_, index) => this.materializer.submitTo(index, { kind: 'command', command }))
    return (await Promise.all(all)).flat()
  }

  job(jobId: string): StoredJob | undefined {
    const job = this.materializer.job(jobId)
    return job === undefined ? undefined : { store: this.alias, job }
  }

  jobs(): StoredJob[] {
    return this.materializer.jobs().map((job) => ({ store: this.alias, job }))
  }

  /** All runs of jobs of that id that ended, the latest first: reads the log from its beginning. */
  async history(jobId: string): Promise<FinishedRun[]> {
    const { log, singleWriter } = this.#options
    const found: FinishedRun[] = []
    const fold = new PartitionFold({
      log,
      codec: createEventCodec(),
      topicPartition: { topic: 'events', partition: partitionOf(jobId, log.partitions) },
      singleWriter,
      accepted: () => {
        for (const { run } of fold.state.takeRetired().finished) if (run.jobId === jobId) found.push(run)
      },
      refused: () => {},
    })
    await fold.foldToEnd()
    return found.toReversed()
  }
}
