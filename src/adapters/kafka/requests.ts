/**
 * The requests that we make of a broker ourselves: plain data, with what their answers mean. Versions are the newest
 * that need no flexible encoding; every broker from 2.4 on has them.
 */
import { type DamagedBatch, type RecordBatch, decodeBatches, withoutAborted } from './record-batch.ts'
import { type WireReader, WireWriter } from './wire.ts'

export interface WireRequest<T> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  readonly body: WireWriter
  readonly decode: (answer: WireReader) => T
  /** What the broker may take longer than the request time-out, milliseconds. */
  readonly waitMs?: number
}

export interface Place {
  /** The full name. */
  readonly topic: string
  readonly partition: number
}

export interface ClusterMetadata {
  /** `host:port` by node id. */
  readonly brokers: ReadonlyMap<number, string>
  readonly topics: readonly TopicMetadata[]
}
export interface TopicMetadata {
  readonly errorCode: number
  readonly name: string
  /** Node id by partition; -1: none. */
  readonly leaders: readonly number[]
  /** Of the partition that has the fewest. */
  readonly copies: number
}

export function metadataRequest(topics: readonly string[]): WireRequest<ClusterMetadata> {
  const body = new WireWriter()
  body.array(topics, (topic) => body.string(topic)).bool(false)
  return {
    apiKey: 3,
    apiVersion: 5,
    apiName: 'Metadata',
    body,
    decode(answer) {
      answer.int32()
      const brokers = answer.array(() => {
        const [node, host, port] = [answer.int32(), answer.string(), answer.int32()] as const
        answer.nullableString()
        return [node, `${host}:${port}`] as const
      })
      answer.nullableString()
      answer.int32()
      return { brokers: new Map(brokers), topics: answer.array(() => topicMetadata(answer)) }
    },
  }
}

function topicMetadata(answer: WireReader): TopicMetadata {
  const errorCode = answer.int16()
  const name = answer.string()
  answer.bool()
  const partitions = answer.array(() => {
    answer.int16()
    const [partition, leader] = [answer.int32(), answer.int32()] as const
    const replicas = answer.array(() => answer.int32())
    for (let lists = 0; lists < 2; lists++) answer.array(() => answer.int32())
    return { partition, leader, copies: replicas.length }
  })
  const leaders = new Array<number>(partitions.length).fill(-1)
  for (const { partition, leader } of partitions) leaders[partition] = leader
  return { errorCode, name, leaders, copies: Math.min(...partitions.map(({ copies }) => copies)) }
}

export interface Produced {
  readonly errorCode: number
  readonly baseOffset: number
  /** -1 on a topic with create time. */
  readonly appendTime: number
}

/** One batch for one partition, acknowledged by all copies in sync. */
export function produceRequest(to: Place, batch: Uint8Array, timeoutMs: number): WireRequest<Produced> {
  const body = new WireWriter(batch.length + to.topic.length + 64)
  body.string(null).int16(-1).int32(timeoutMs)
  body.int32(1).string(to.topic).int32(1).int32(to.partition).bytes(batch)
  return {
    apiKey: 0,
    apiVersion: 7,
    apiName: 'Produce',
    body,
    decode(answer) {
      const [topic] = answer.array(() => {
        answer.string()
        return answer.array(() => {
          answer.int32()
          const produced = { errorCode: answer.int16(), baseOffset: answer.int64(), appendTime: answer.int64() }
          answer.int64()
          return produced
        })
      })
      const [produced] = topic ?? []
      if (produced === undefined) throw new RangeError('an answer without its partition')
      return produced
    },
  }
}

/** 0: everything; 1: no records of transactions that are open or were aborted. */
export type Isolation = 0 | 1

export interface FetchPlace extends Place {
  readonly offset: number
  readonly maxBytes: number
}
export interface Fetched extends Place {
  readonly errorCode: number
  /** Where readers of this isolation end for now. */
  readonly end: number
  readonly batches: readonly RecordBatch[]
  /** Stands behind them; null: nothing is damaged. */
  readonly damaged: DamagedBatch | null
  /** There were bytes, but not one whole batch. */
  readonly torn: boolean
}

export interface FetchOptions {
  readonly isolation: Isolation
  /** How long the broker may wait for the first byte; 0: it answers at once. */
  readonly maxWaitMs: number
  readonly maxBytes: number
}

export function fetchRequest(places: readonly FetchPlace[], options: FetchOptions): WireRequest<Fetched[]> {
  const { isolation, maxWaitMs, maxBytes } = options
  const body = new WireWriter()
  body
    .int32(-1)
    .int32(maxWaitMs)
    .int32(maxWaitMs === 0 ? 0 : 1)
    .int32(maxBytes)
    .int8(isolation)
    .int32(0)
    .int32(-1)
  body.array(places, ({ topic, partition, offset, maxBytes: most }) =>
    body.string(topic).int32(1).int32(partition).int32(-1).int64(offset).int64(-1).int32(most),
  )
  body.int32(0).string('')
  return {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    body,
    waitMs: maxWaitMs,
    decode(answer) {
      answer.int32()
      answer.int16()
      answer.int32()
      return answer
        .array(() => {
          const topic = answer.string()
          return answer.array(() => fetchedPartition(answer, topic, isolation))
        })
        .flat()
    },
  }
}

function fetchedPartition(answer: WireReader, topic: string, isolation: Isolation): Fetched {
  const [partition, errorCode] = [answer.int32(), answer.int16()] as const
  const [highWatermark, lastStable] = [answer.int64(), answer.int64()] as const
  answer.int64()
  const aborted = answer.array(() => ({ producerId: answer.int64(), first: answer.int64() }))
  answer.int32()
  const recordSet = answer.bytes()
  const { batches: whole, damaged } = decodeBatches(recordSet)
  return {
    topic,
    partition,
    errorCode,
    end: isolation === 0 ? highWatermark : lastStable,
    batches: isolation === 0 ? whole : withoutAborted(whole, aborted),
    damaged,
    torn: recordSet.length > 0 && whole.length === 0 && damaged === null,
  }
}

const [LATEST, EARLIEST] = [-1, -2] as const

/** Where readers of this isolation end. */
export function endRequest(of: Place, isolation: Isolation): WireRequest<OffsetAnswer> {
  return offsetRequest(of, isolation, LATEST)
}

/** The first offset that is kept. */
export function startRequest(of: Place): WireRequest<OffsetAnswer> {
  return offsetRequest(of, 0, EARLIEST)
}

export interface OffsetAnswer {
  readonly errorCode: number
  readonly offset: number
  /** Of the end: how often the partition has changed its leader until now. -1: the broker doesn't know. */
  readonly leaderEpoch: number
}

function offsetRequest(of: Place, isolation: Isolation, which: number): WireRequest<OffsetAnswer> {
  const body = new WireWriter()
  // Whatever epoch the leader is in.
  body.int32(-1).int8(isolation).int32(1).string(of.topic).int32(1).int32(of.partition).int32(-1).int64(which)
  return {
    apiKey: 2,
    apiVersion: 5,
    apiName: 'ListOffsets',
    body,
    decode(answer) {
      answer.int32()
      const [topic] = answer.array(() => {
        answer.string()
        return answer.array(() => {
          answer.int32()
          const errorCode = answer.int16()
          answer.int64()
          return { errorCode, offset: answer.int64(), leaderEpoch: answer.int32() }
        })
      })
      const [end] = topic ?? []
      if (end === undefined) throw new RangeError('an answer without its partition')
      return end
    },
  }
}
