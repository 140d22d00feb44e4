/**
 * Records that leave for topics which this node only writes to. Each partition has a lane of its own (outbox-lane.ts), in which
 * records go out in batches, one after another, in the order in which they were sent.
 *
 * Boundary: at least once. A batch without an answer goes again, so a record may arrive twice, and between its copies others
 * of its batch.
 */
import { LogError } from '../../ports/event-log.ts'
import type { OutgoingRecord, Outbox } from '../../ports/outbox.ts'
import { SILENT } from '../../ports/telemetry.ts'
import { murmur2, partitionOf } from '../../core/partition.ts'
import { checkBatch } from './batch-rules.ts'
import { Connections } from './connections.ts'
import { Appender } from './appender.ts'
import { outboxError } from './errors.ts'
import { kafkaSettings } from './kafka-options.ts'
import type { KafkaLogOptions } from './kafka-log.ts'
import { OutboxLane, type Parcel, Retries } from './outbox-lane.ts'
import { TopicMap, noSuchPlace } from './topic-map.ts'

/** After so long the cluster is asked again how many partitions a topic has: it may have grown. */
const COUNT_AGAIN_MS = 60_000
/** Kafka's rule for topic names. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/

/** Throws `KafkaOptionError`. Connects with the first record. */
export function createKafkaOutbox(options: KafkaLogOptions): Outbox {
  const settings = kafkaSettings(options)
  const logger = options.logger ?? SILENT
  const connections = new Connections(settings, logger)
  const topics = new TopicMap(connections, settings.brokers)
  const { requestTimeoutMs } = settings
  const appender = new Appender({ connections, topics, terms: null, requestTimeoutMs, errorOf: outboxError })
  const retries = new Retries(logger)
  return new TopicOutbox({ namespace: settings.namespace, now: options.now, connections, topics, appender, retries })
}

interface OutboxParts {
  readonly namespace: string
  readonly now: () => number
  readonly connections: Connections
  readonly topics: TopicMap
  readonly appender: Appender
  readonly retries: Retries
}

interface Waiting {
  readonly record: OutgoingRecord
  readonly parcel: Parcel
}

class TopicOutbox implements Outbox {
  readonly #parts: OutboxParts
  /** By full topic name: what waits until the number of its partitions is known. */
  readonly #waiting = new Map<string, Set<Waiting>>()
  /** By full topic name: when its partitions were counted, epoch ms. */
  readonly #counted = new Map<string, number>()
  readonly #lanes = new Map<string, OutboxLane>()
  readonly #unsettled = new Set<Promise<void>>()
  #closing: Promise<void> | null = null
  #anyPartition = 0

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  async send(record: OutgoingRecord, withdrawn?: AbortSignal): Promise<void> {
    withdrawn?.throwIfAborted()
    if (this.#closing !== null) throw new LogError('closed', 'the outbox is closed')
    const topic = record.foreign === true ? record.topic : `${this.#parts.namespace}.${record.topic}`
    if (!TOPIC_NAME.test(topic)) throw noSuchPlace({ topic, partition: 0 }, null)
    const { key, rawKey, value, headers } = record
    checkBatch([{ key, value, headers }])
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const settled = (): void => void this.#unsettled.delete(promise)
    promise.then(settled, settled)
    this.#unsettled.add(promise)
    const parcel = { record: { key: rawKey ?? key, value, headers }, withdrawn: withdrawn ?? null, resolve, reject }
    const waiting = this.#waiting.get(topic) ?? new Set()
    const one = { record, parcel }
    waiting.add(one)
    const withdraw = (): void => {
      waiting.delete(one)
      reject(withdrawn?.reason)
    }
    withdrawn?.addEventListener('abort', withdraw, { once: true })
    if (!this.#waiting.has(topic)) {
      this.#waiting.set(topic, waiting)
      void this.#route(topic)
    }
    return promise
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#parts.retries.close()
    await Promise.allSettled(this.#unsettled)
    await this.#parts.connections.close()
  }

  async #route(topic: string): Promise<void> {
    try {
      const count = await this.#count(topic)
      for (const waiting of this.#takeWaiting(topic)) this.#post(topic, count, waiting)
    } catch (err) {
      for (const { parcel } of this.#takeWaiting(topic)) parcel.reject(err)
    }
  }

  async #count(topic: string): Promise<number | null> {
    const { now, retries, topics } = this.#parts
    const counted = this.#counted.get(topic)
    // The clock may have stepped back.
    const isRecent = counted !== undefined && Math.abs(now() - counted) < COUNT_AGAIN_MS
    const count = await retries.untilDone(() => (isRecent ? topics.count(topic) : topics.recount(topic)))
    if (count === null) this.#counted.delete(topic)
    else if (!isRecent) this.#counted.set(topic, now())
    return count
  }

  #takeWaiting(topic: string): Iterable<Waiting> {
    const waiting = this.#waiting.get(topic) ?? []
    this.#waiting.delete(topic)
    return waiting
  }

  #post(topic: string, count: number | null, { record, parcel }: Waiting): void {
    const partition = count === null ? -1 : this.#partition(record, count)
    if (count === null || partition < 0 || partition >= count) {
      parcel.reject(noSuchPlace({ topic, partition }, count))
      return
    }
    const key = `${topic}/${partition}`
    const lane = this.#lanes.get(key) ?? new OutboxLane({ ...this.#parts, place: { topic, partition } })
    this.#lanes.set(key, lane)
    lane.add(parcel)
  }

  #partition({ partition, spreadBy, key, rawKey }: OutgoingRecord, count: number): number {
    if (partition !== undefined) return partition
    if (spreadBy === undefined && rawKey !== undefined) return (murmur2(rawKey) & 0x7fffffff) % count
    const hashed = spreadBy ?? key
    return hashed === null ? this.#anyPartition++ % count : partitionOf(hashed, count)
  }
}
