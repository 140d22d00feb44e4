/**
 * One store of this process on a log that many share: commands, runs and reports go through topics, whoever owns the
 * partition and whoever executes.
 *
 * Boundary: the same verbs as a store whose log is its own; see `local-store.ts`.
 */
import { CommandSender } from './client/command-sender.ts'
import { encodeCommand } from './codec/command-avro.ts'
import { createEventCodec } from './codec/event-codec.ts'
import { createInputCodec, INPUT_CODEC } from './codec/input-codec.ts'
import { OUTPUT_CODEC } from './codec/output-codec.ts'
import { RUN_CODEC } from './codec/run-codec.ts'
import { jobIdOfCommand } from './core/answers.ts'
import type { Command } from './core/commands.ts'
import type { Event } from './core/events.ts'
import type { JobSettings } from './core/job/resolve-definition.ts'
import { WorkerNode } from './executor/group/worker-node.ts'
import type { TaskRegistry } from './executor/task-registry.ts'
import { Materializer } from './materializer/materializer.ts'
import type { Clock } from './ports/clock.ts'
import type { Entropy } from './ports/entropy.ts'
import type { EventLog } from './ports/event-log.ts'
import { OperationalError } from './ports/operational-error.ts'
import type { Outbox } from './ports/outbox.ts'
import type { RunTokens } from './ports/run-tokens.ts'
import type { Logger } from './ports/telemetry.ts'
import { kept } from './kept-state.ts'
import { inTime } from './in-time.ts'
import type { SchemaRegistry } from './ports/schema-registry.ts'
import type { StateStore } from './ports/state-store.ts'
import type { Store } from './store.ts'
import { StoreQueries } from './store-queries.ts'

/** What a process does in a cluster, beside following it. */
export interface ClusterRoles {
  /** It may own partitions: decides, fires. */
  readonly owner: boolean
  /** It executes, by name of the executor and runs in flight. */
  readonly executors: ReadonlyMap<string, number>
}

export interface ClusterStoreOptions {
  readonly alias: string
  readonly log: EventLog
  readonly outbox: Outbox
  /** Full names of topics on which an answer may be asked for. */
  readonly replyTopics: ReadonlySet<string>
  /** null: run records have no token, and reports need none. Default null. */
  readonly tokens?: RunTokens | null
  readonly roles: ClusterRoles
  /** Outlives the process; null: nothing is kept. Default null. */
  readonly state?: StateStore | null
  /** null: inputs in the Confluent encoding are refused. Default null. */
  readonly registry?: SchemaRegistry | null
  readonly clock: Clock
  readonly entropy: Entropy
  readonly logger: Logger
  /** How long a command waits for its answer. Default 60 s. */
  readonly answerMs?: number
  /** Further from the log's clock this process owns nothing; null: it always may. Default 60 s. */
  readonly maxClockSkewMs?: number | null
  /** `host:pid` */
  readonly name: string
  /** `host:pid:<128 random bits>`. */
  readonly process: string
  readonly settings: () => JobSettings
  readonly tasks: TaskRegistry
  /** Environment of child processes. */
  readonly environment: Readonly<Record<string, string>>
  /** Called once when the log or a partition failed and the store can't go on. */
  readonly failed: (error: Error) => void
}

/** After the deadline of a shutdown: to settle what is in flight and to leave the groups, when the cluster answers. */
const CLOSE_GRACE_MS = 5_000

export class ClusterStore implements Store {
  readonly alias: string
  readonly materializer: Materializer
  readonly #options: ClusterStoreOptions
  readonly queries: StoreQueries
  readonly #sender: CommandSender
  readonly #worker: WorkerNode
  readonly #executors: Map<string, number>
  #started = false

  constructor(options: ClusterStoreOptions) {
    const { alias, log, outbox, name, process, replyTopics, roles, registry = null, tokens = null } = options
    this.alias = alias
    this.#options = options
    this.#executors = new Map(roles.executors)
    const mayReply = (topic: string): boolean => replyTopics.has(topic)
    const inputs = registry === null ? INPUT_CODEC : createInputCodec(registry)
    this.materializer = new Materializer({
      ...options,
      failed: (error) => this.#failed(error),
      codec: createEventCodec(),
      ...kept(options.state ?? null),
      node: name,
      singleWriter: false,
      surroundings: { kind: 'topics', outbox, inputs, outputs: OUTPUT_CODEC, process, mayReply, tokens },
    })
    this.queries = new StoreQueries({ alias, log, singleWriter: false, materializer: this.materializer })
    this.#sender = new CommandSender({ ...options, partitions: log.partitions, encode: encodeCommand })
    this.materializer.subscribe((partition, events) => this.#sender.accepted(partition, events))
    this.#worker = new WorkerNode({ ...options, codec: RUN_CODEC })
  }

  async open(): Promise<void> {
    await this.materializer.follow()
    if (this.#options.roles.owner) await this.materializer.join()
  }

  async start(): Promise<void> {
    this.#started = true
    this.materializer.setFiring(true)
    await Promise.all([...this.#executors].map(([name, concurrency]) => this.#worker.add(name, { concurrency })))
  }

  async drain(deadline: number): Promise<void> {
    await this.#worker.drain(deadline)
  }

  /** What is not closed in order by then is closed at once: others take over when the session of this process is over. */
  async close(deadline: number): Promise<void> {
    const { alias, clock, logger, log, outbox, registry, state } = this.#options
    if (await inTime(clock, deadline + CLOSE_GRACE_MS, this.#closeInOrder())) return
    logger.warn({ store: alias }, 'the store could not be closed in order in time')
    registry?.close()
    this.#sender.close()
    for (const part of [log, outbox, state]) {
      part?.close().catch((err: unknown) => logger.debug({ store: alias, err }, 'a part of the store was not closed'))
    }
  }

  /** Answers would not be seen. */
  #failed(error: Error): void {
    this.#sender.fail(error)
    this.#options.failed(error)
  }

  async #closeInOrder(): Promise<void> {
    await this.materializer.close()
    this.#sender.close()
    await this.abandon()
  }

  async abandon(): Promise<void> {
    this.#options.registry?.close()
    await this.#options.outbox.close()
    await this.#options.state?.close()
    await this.#options.log.close()
  }

  async addExecutor(name: string, concurrency: number): Promise<void> {
    if (this.#started) await this.#worker.add(name, { concurrency })
    this.#executors.set(name, concurrency)
  }

  async removeExecutor(name: string, deadline: number): Promise<void> {
    this.#executors.delete(name)
    if (this.#started) await this.#worker.remove(name, deadline)
  }

  handOver(): void {}

  /** Handed over in memory where this process owns the partition: the topic would be a detour. */
  async submit(command: Command): Promise<readonly Event[]> {
    const jobId = jobIdOfCommand(command)
    if (jobId === null || !this.materializer.owns(jobId)) return this.#sender.submit(command)
    try {
      return await this.materializer.submitCommand(jobId, command)
    } catch (error) {
      // It was certainly not decided here.
      if (error instanceof OperationalError && error.code === 'not-owner') return this.#sender.submit(command)
      throw error
    }
  }
}
