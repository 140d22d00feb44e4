/**
 * Whole nodes over one memory cluster in virtual time. A test gives orders, waits for facts and reads the log; it never
 * sleeps.
 *
 * `world.fold()` reads the log as an outsider would: from offset 0, by the reader's rule, with nothing of a node.
 */
import { isDeepStrictEqual } from 'node:util'
import { onTestFinished } from 'vitest'
import {
  type AppendAttempt,
  type AppendFate,
  createMemoryCluster,
  type MemoryCluster,
} from '../../src/adapters/memory/memory-log.ts'
import { createMemoryOutbox } from '../../src/adapters/memory/memory-outbox.ts'
import { createSeededEntropy } from '../../src/adapters/memory/seeded-entropy.ts'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { JobClient } from '../../src/client/job-client.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { createRunTokens } from '../../src/codec/run-tokens.ts'
import { tokenKeys } from '../../src/config/token-keys.ts'
import type { Event, EventOf, EventType } from '../../src/core/events.ts'
import { DEFAULT_SETTINGS, type JobSettings } from '../../src/core/job/resolve-definition.ts'
import type { TaskHandler } from '../../src/executor/task-registry.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { type ClusterLog, LocalNode, type LocalNodeOptions } from '../../src/local-node.ts'
import type { Cursor } from '../../src/materializer/cursor.ts'
import { PartitionFold } from '../../src/materializer/partition-fold.ts'
import type { Verdict } from '../../src/materializer/reader.ts'
import {
  type EventLog,
  LogError,
  type LogRecord,
  type StoredRecord,
  type TopicPartition,
} from '../../src/ports/event-log.ts'
import type { Outbox } from '../../src/ports/outbox.ts'
import { type Logger, SILENT } from '../../src/ports/telemetry.ts'
import { Bookkeeping } from './bookkeeping.ts'
import { T0 } from './moments.ts'
import { type Snapshot, snapshot } from './state-snapshot.ts'

export interface WorldOptions {
  readonly partitions?: number
  readonly seed?: number
  /** What its nodes do by default. */
  readonly topics?: boolean
  /** Is given what ends the nodes. Default: at the end of the test. */
  readonly atEnd?: (end: () => void) => void
}

export interface NodeOptions {
  readonly concurrency?: number
  readonly settings?: Partial<JobSettings>
  readonly logger?: Logger
  readonly tasks?: Readonly<Record<string, TaskHandler>>
  /** Default true: timers count and runs are executed. */
  readonly started?: boolean
  /** Commands, runs and reports go through topics, as on a log that many processes share. Default: as the world says. */
  readonly topics?: boolean
  /** With topics: what it does. Default: all. */
  readonly roles?: LocalNodeOptions['roles']
  /** Runs in flight by executor name. */
  readonly executors?: ReadonlyMap<string, number>
  readonly deliverTopics?: readonly string[]
  /** With topics: of the tokens that reports carry. Default: none, so that there are no tokens. */
  readonly tokenKeys?: readonly string[]
  /** With topics. */
  readonly maxClockSkewMs?: number | null
  /** With topics: what stands between the node and its outbox. */
  readonly outbox?: (outbox: Outbox) => Outbox
  /** What stands between the node and its log. */
  readonly log?: (log: EventLog) => EventLog
}

/** The log, folded by an outsider. */
export interface Folded {
  readonly state: Snapshot
  readonly cursor: Cursor
  /** Accepted batches, an announcement is one of its own. */
  readonly batches: readonly (readonly Event[])[]
  readonly events: readonly Event[]
  /** What the reader's rule did not accept. */
  readonly refused: readonly Verdict[]
}

/** Turns of the event loop without anything happening, until it is taken for quiet. */
const QUIET_TURNS = 6

export class World {
  readonly clock: VirtualClock = createVirtualClock(T0)
  readonly cluster: MemoryCluster
  readonly #entropy: ReturnType<typeof createSeededEntropy>
  readonly #nodes: TestNode[] = []
  readonly #topics: boolean
  /** Asked for each append of a node. */
  faults: (attempt: AppendAttempt) => AppendFate = () => 'ok'
  #observers = 0
  #activity = 0

  constructor(options: WorldOptions = {}) {
    this.#entropy = createSeededEntropy(options.seed ?? 1)
    this.#topics = options.topics ?? false
    this.cluster = createMemoryCluster({
      partitions: options.partitions ?? 1,
      now: () => this.clock.now(),
      faults: (attempt) => {
        this.#activity += 1
        return this.faults(attempt)
      },
    })
    const { atEnd = onTestFinished } = options
    atEnd(() => {
      for (const node of this.#nodes) node.drop()
    })
  }

  /** A node that has joined the group, with its tasks. */
  async node(name: string, options: NodeOptions = {}): Promise<TestNode> {
    const connection = this.cluster.connect(name)
    const log = options.log?.(connection) ?? connection
    const node = new TestNode(name, connection, log, this, this.#entropy, { topics: this.#topics, ...options })
    this.#nodes.push(node)
    await node.open()
    return node
  }

  /** A log that its nodes share. */
  shared(log: EventLog, { outbox: wrap = (outbox) => outbox, tokenKeys: keys = [] }: NodeOptions = {}): ClusterLog {
    const tokens = createRunTokens(tokenKeys(keys.length === 0 ? null : keys, {}))
    return { log, outbox: wrap(createMemoryOutbox(log, this.clock)), replyTopics: new Set(['replies']), tokens }
  }

  /** Lets everything happen that needs no time. */
  async quiet(): Promise<void> {
    let last = ''
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      await this.clock.settle()
      const now = `${this.#activity} ${this.clock.nextTimerAt()} ${this.#nodes.map((node) => node.facts.length).join()}`
      if (now !== last) turns = 0
      last = now
    }
  }

  /** Time passes; at each moment at which a timer goes off, all that follows from it happens first. */
  async advance(ms: number): Promise<void> {
    const target = this.clock.now() + ms
    for (;;) {
      await this.quiet()
      const next = this.clock.nextTimerAt()
      if (next === null || next > target) break
      await this.clock.advance(Math.max(next - this.clock.now(), 0))
    }
    await this.clock.advance(target - this.clock.now())
    await this.quiet()
  }

  /** Time passes until the promise settles, at most so long. */
  async pass<T>(awaited: Promise<T>, atMostMs = 24 * 3_600_000): Promise<T> {
    const end = this.clock.now() + atMostMs
    let settled = false
    const seen = (): void => {
      settled = true
    }
    awaited.then(seen, seen)
    for (;;) {
      await this.quiet()
      if (settled) return awaited
      const next = this.clock.nextTimerAt()
      if (next === null || next > end) throw new Error('nothing is left that could make it happen')
      await this.clock.advance(Math.max(next - this.clock.now(), 0))
    }
  }

  async fold(partition = 0): Promise<Folded> {
    this.#observers += 1
    const log = this.cluster.connect(`observer ${this.#observers}`)
    const batches: (readonly Event[])[] = []
    const refused: Verdict[] = []
    const fold = new PartitionFold({
      log,
      codec: createEventCodec(),
      topicPartition: { topic: 'events', partition },
      singleWriter: false,
      accepted: (events) => batches.push(events.map(({ event }) => event)),
      refused: (_record, verdict) => refused.push(verdict),
    })
    await fold.foldToEnd()
    await log.close()
    return { state: snapshot(fold.state), cursor: fold.cursor, batches, events: batches.flat(), refused }
  }

  /**
   * The promises that hold whatever happened: the accepted history breaks no invariant, and every node that is not
   * stopped holds the fold of the log, at its end.
   */
  async check(...nodes: readonly TestNode[]): Promise<void> {
    await this.quiet()
    for (let partition = 0; partition < this.cluster.partitions; partition += 1) {
      const folded = await this.fold(partition)
      const books = new Bookkeeping()
      for (const batch of folded.batches) books.see(batch)
      for (const node of nodes) {
        const { state, cursor } = node.partition(partition)
        if (!isDeepStrictEqual(snapshot(state), folded.state)) {
          throw new Error(`I5: ${node.name} holds ${show(snapshot(state))}, the log says ${show(folded.state)}`)
        }
        // An owner reads what others wrote when it next writes itself.
        if (!isDeepStrictEqual({ ...cursor, offset: 0 }, { ...folded.cursor, offset: 0 })) {
          throw new Error(`${node.name} stands at ${show(cursor)}, the log at ${show(folded.cursor)}`)
        }
      }
    }
  }

  /** What stands on a topic, by partition and offset. */
  async records(topic: string, partition?: number): Promise<TopicRecord[]> {
    this.#observers += 1
    const log = this.cluster.connect(`observer ${this.#observers}`)
    const found: TopicRecord[] = []
    const all = partition === undefined ? [...Array(this.cluster.partitions).keys()] : [partition]
    for (const place of all.map((one) => ({ topic, partition: one }))) {
      const end = await log.end(place)
      let at = await firstKept(log, place)
      while (at < end) {
        const { records, next } = await log.read(place, at, Number.MAX_SAFE_INTEGER)
        found.push(...records.map((record) => ({ ...record, ...place })))
        at = next
      }
    }
    await log.close()
    return found
  }

  /** A record from whoever may write to the topic. Without a partition, as any producer would place it. */
  async produce(topic: string, record: Partial<LogRecord> & { readonly partition?: number }): Promise<void> {
    this.#observers += 1
    const log = this.cluster.connect(`producer ${this.#observers}`)
    const { key = null, value = null, headers = [] } = record
    const partition = record.partition ?? partitionOf(key ?? '', this.cluster.partitions)
    await log.append({ topic, partition }, [{ key, value, headers }])
    await log.close()
  }

  /** An append of bytes that no node makes. */
  async write(records: readonly Uint8Array[], partition = 0): Promise<void> {
    this.#observers += 1
    const log = this.cluster.connect(`stranger ${this.#observers}`)
    await log.append(
      { topic: 'events', partition },
      records.map((value) => ({ key: null, value })),
    )
    await log.close()
  }
}

export type TopicRecord = StoredRecord & TopicPartition

async function firstKept(log: EventLog, place: TopicPartition): Promise<number> {
  try {
    await log.read(place, 0, 1)
    return 0
  } catch (error) {
    if (error instanceof LogError && error.first !== null) return error.first
    throw error
  }
}

export class TestNode {
  readonly name: string
  readonly local: LocalNode
  readonly client: JobClient
  /** Accepted events, in the order in which this node saw them. */
  readonly facts: Event[] = []
  isGone = false
  /** What it stopped with. */
  readonly failures: Error[] = []
  readonly #connection: EventLog
  readonly #world: World
  readonly #options: NodeOptions
  readonly #waiters = new Set<(event: Event) => void>()

  constructor(
    name: string,
    connection: EventLog,
    log: EventLog,
    world: World,
    entropy: ReturnType<typeof createSeededEntropy>,
    options: NodeOptions,
  ) {
    const { logger = SILENT, concurrency = 10, settings = {}, tasks = {} } = options
    this.name = name
    this.#connection = connection
    this.#world = world
    this.#options = options
    this.local = new LocalNode({
      stores: { default: options.topics === true ? world.shared(log, options) : { log, singleWriter: false } },
      ...(options.roles === undefined ? {} : { roles: options.roles }),
      ...(options.maxClockSkewMs === undefined ? {} : { maxClockSkewMs: options.maxClockSkewMs }),
      ...(options.executors === undefined ? {} : { executors: options.executors }),
      ...(options.deliverTopics === undefined ? {} : { deliverTopics: options.deliverTopics }),
      clock: world.clock,
      entropy,
      logger,
      name,
      settings: { ...DEFAULT_SETTINGS, ...settings },
      concurrency,
      failed: (error) => this.failures.push(error),
    })
    for (const [task, handler] of Object.entries(tasks)) this.local.tasks.add(task, handler)
    this.client = new JobClient(this.local.backend, logger)
    this.local.backend.subscribe(({ events }) => {
      for (const { event } of events) {
        this.facts.push(event)
        for (const waiter of this.#waiters) waiter(event)
      }
    })
  }

  async open(): Promise<void> {
    await this.local.open()
    if (this.#options.started !== false) await this.local.start()
  }

  partition(index = 0) {
    const partition = this.local.materializer.partitions()[index]
    if (partition === undefined) throw new Error(`no partition ${index}`)
    return partition
  }

  /** The first such fact that this node saw or will see. */
  until<T extends EventType>(type: T, where: (event: EventOf<T>) => boolean = () => true): Promise<EventOf<T>> {
    const isIt = (event: Event): event is EventOf<T> => event.type === type && where(event as EventOf<T>)
    const seen = this.facts.find(isIt)
    if (seen !== undefined) return Promise.resolve(seen)
    return new Promise((resolve) => {
      const waiter = (event: Event): void => {
        if (!isIt(event)) return
        this.#waiters.delete(waiter)
        resolve(event)
      }
      this.#waiters.add(waiter)
    })
  }

  /** All such facts so far. */
  all<T extends EventType>(type: T): EventOf<T>[] {
    return this.facts.filter((event): event is EventOf<T> => event.type === type)
  }

  /** Time passes until it is shut down. */
  async shutdown(drainMs = 0): Promise<void> {
    await this.#world.pass(this.local.shutdown(this.#world.clock.now() + drainMs))
  }

  /** The process is gone in the middle of everything: nothing of it reaches the log any more. */
  drop(): void {
    this.isGone = true
    void this.#connection.close()
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member instanceof Uint8Array ? Buffer.from(member).toString('hex') : member,
  )
}
