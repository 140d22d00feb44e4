/**
 * The log on a Kafka cluster.
 *
 * Boundary: the port's topics are `<namespace>.<topic>` here; their partitions and settings are made by `topics.ts` and
 * only checked here (`topic-check.ts`). Events and state are read as far as they are written, as the reader's rule wants it; from all other
 * topics, into which anybody produces, records of aborted transactions are left out. What no reader can unpack is passed
 * over, and told at each read.
 */
import type {
  Appended,
  EventLog,
  Group,
  GroupMember,
  LogRecord,
  Membership,
  ReadResult,
  TopicPartition,
} from '../../ports/event-log.ts'
import { LogError, OWNERS } from '../../ports/event-log.ts'
import { type Logger, SILENT } from '../../ports/telemetry.ts'
import { Appender } from './appender.ts'
import { checkBatch } from './batch-rules.ts'
import { Connections } from './connections.ts'
import { produceError } from './errors.ts'
import { GroupMembership } from './group-membership.ts'
import { type KafkaOptions, type KafkaSettings, kafkaSettings } from './kafka-options.ts'
import { encodeBatch } from './record-batch.ts'
import { Reader } from './reader.ts'
import type { Isolation, Place } from './requests.ts'
import { Terms } from './terms.ts'
import { checkCounts, checkSettings } from './topic-check.ts'
import { TopicMap, noSuchPlace } from './topic-map.ts'
import { Watches } from './watches.ts'

export interface KafkaLogOptions extends KafkaOptions {
  /** Default: nothing is logged. */
  readonly logger?: Logger
  /** Wall clock, epoch milliseconds: stamps records where the topic doesn't, and makes generations rise. */
  readonly now: () => number
  /** For one who decides: also the settings of the topics have to be right. Default false: only their partitions. */
  readonly decides?: boolean
}

export interface KafkaLog extends EventLog {
  /** How many partitions a topic has, by its name without the namespace. Rejects with `invalid-record` when there is none. */
  partitionsOf(topic: string): Promise<number>
}

/** Kafka's rule for topic names, less what the namespace may take. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,148}$/
const EVERYTHING: ReadonlySet<string> = new Set(['events', 'state'])

/**
 * Rejects with `LogError`: `unavailable` when no broker answers, `not-authorized`, and `wrong-log` when topics are missing
 * or don't fit; throws `KafkaOptionError` for what no connection can be made with.
 */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const settings = kafkaSettings(options)
  const logger = options.logger ?? SILENT
  const parts = connect(settings, logger)
  try {
    const cluster = { settings, connections: parts.reads, topics: parts.topics }
    const partitions = await checkCounts(cluster)
    if (options.decides === true) await checkSettings(cluster, logger)
    return new Log({ ...parts, settings, logger, now: options.now, partitions })
  } catch (err) {
    await parts.reads.close()
    throw err
  }
}

interface Parts {
  readonly appends: Connections
  readonly reads: Connections
  /** By isolation: a broker takes one for all partitions that a request asks for. */
  readonly polls: readonly [Connections, Connections]
  readonly topics: TopicMap
}

interface LogParts extends Parts {
  readonly settings: KafkaSettings
  readonly logger: Logger
  readonly now: () => number
  readonly partitions: number
}

function connect(settings: KafkaSettings, logger: Logger): Parts {
  const connections = (): Connections => new Connections(settings, logger)
  const reads = connections()
  const polls = [connections(), connections()] as const
  return { appends: connections(), reads, polls, topics: new TopicMap(reads, settings.brokers) }
}

class Log implements KafkaLog {
  readonly partitions: number
  readonly #parts: LogParts
  readonly #appender: Appender
  readonly #reader: Reader
  /** By isolation. */
  readonly #watches: readonly [Watches, Watches]
  /** By group; those that are over as well. */
  readonly #memberships = new Map<string, GroupMembership>()
  readonly #appending = new Set<Promise<unknown>>()
  #closing: Promise<void> | null = null

  constructor(parts: LogParts) {
    this.#parts = parts
    this.partitions = parts.partitions
    const { topics, settings, logger } = parts
    const { requestTimeoutMs } = settings
    const terms = new Terms((place) => this.#watches.forEach((watches) => watches.forget(place)))
    this.#appender = new Appender({
      connections: parts.appends,
      topics,
      terms,
      requestTimeoutMs,
      errorOf: produceError,
    })
    this.#reader = new Reader({ connections: parts.reads, topics, patienceMs: requestTimeoutMs })
    const watches = (isolation: Isolation): Watches =>
      new Watches({ connections: parts.polls[isolation], topics, reader: this.#reader, isolation, logger })
    this.#watches = [watches(0), watches(1)]
  }

  async partitionsOf(topic: string): Promise<number> {
    this.#mustBeOpen()
    const place = this.#fullName({ topic, partition: 0 })
    const count = await this.#parts.topics.count(place.topic)
    if (count === null) throw noSuchPlace(place, count)
    return count
  }

  append(to: TopicPartition, records: readonly LogRecord[]): Promise<Appended> {
    const appended = this.#append(to, records)
    this.#appending.add(appended)
    const settled = (): void => void this.#appending.delete(appended)
    appended.then(settled, settled)
    return appended
  }

  async read(from: TopicPartition, offset: number, maxBytes: number): Promise<ReadResult> {
    this.#mustBeOpen()
    const place = this.#fullName(from)
    const isolation = isolationOf(from)
    const ahead = this.#watches[isolation].take(place, offset, maxBytes)
    const read = ahead ?? (await this.#reader.read(place, offset, maxBytes, isolation))
    if (read.unreadable !== undefined)
      this.#parts.logger.warn({ ...from, ...read.unreadable }, 'a batch can not be read, and is passed over')
    return read
  }

  async end(of: TopicPartition): Promise<number> {
    this.#mustBeOpen()
    return this.#reader.end(this.#fullName(of), isolationOf(of))
  }

  watch(partition: TopicPartition, listener: () => void): () => void {
    this.#mustBeOpen()
    return this.#watches[isolationOf(partition)].watch(this.#fullName(partition), listener)
  }

  async join(member: GroupMember, group: Group = OWNERS): Promise<Membership> {
    this.#mustBeOpen()
    const { settings, logger, topics, now } = this.#parts
    const { topic } = this.#fullName({ topic: group.topic, partition: 0 })
    const groupId = `${settings.namespace}.${group.id}`
    const before = this.#memberships.get(groupId)
    if (before?.isOver === false) throw new LogError('owned', `this connection has joined ${groupId} already`)
    const after = before?.generation ?? 0
    const isOpen = group.id !== OWNERS.id
    const membership = new GroupMembership({ settings, logger, topics, now, groupId, topic, member, isOpen, after })
    this.#memberships.set(groupId, membership)
    await membership.joined
    return membership
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { appends, reads, polls } = this.#parts
    this.#reader.close()
    for (const watches of this.#watches) watches.close()
    await Promise.allSettled(this.#appending)
    await Promise.all([...this.#memberships.values()].map((membership) => membership.leave()))
    await Promise.all([appends, reads, ...polls].map((connections) => connections.close()))
  }

  async #append(to: TopicPartition, records: readonly LogRecord[]): Promise<Appended> {
    this.#mustBeOpen()
    const place = this.#fullName(to)
    checkBatch(records)
    const timestamp = this.#parts.now()
    return this.#appender.append(place, encodeBatch(records, timestamp), timestamp)
  }

  #fullName({ topic, partition }: TopicPartition): Place {
    const place = { topic: `${this.#parts.settings.namespace}.${topic}`, partition }
    if (!TOPIC_NAME.test(topic)) throw noSuchPlace(place, null)
    return place
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new LogError('closed', 'the log is closed')
  }
}

function isolationOf({ topic }: TopicPartition): Isolation {
  return EVERYTHING.has(topic) ? 0 : 1
}
