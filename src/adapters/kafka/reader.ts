/**
 * Reads by offset, and where a partition ends. Both change nothing, so they are tried again through a change of leader or
 * a restart of a broker, as long as one request may take.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError, type ReadResult, type StoredRecord } from '../../ports/event-log.ts'
import type { Connections, Lane } from './connections.ts'
import { damageError, noAnswer, requestError } from './errors.ts'
import { Patience } from './patience.ts'
import type { RecordBatch } from './record-batch.ts'
import type { Fetched, Isolation, Place, WireRequest } from './requests.ts'
import { endRequest, fetchRequest, startRequest } from './requests.ts'
import type { TopicMap } from './topic-map.ts'

/** One answer: large enough for a fast restore, small enough that decoding doesn't hold up a heartbeat. */
const MAX_FETCH_BYTES = 8 * 1024 * 1024
/**
 * A broker gives the first batch whole however large it is, so one of which this much is not all has a length that was
 * never written.
 */
export const MAX_TORN_BYTES: number = 64 * 1024 * 1024
/** Below it a fetch is not cheaper. */
const MIN_FETCH_BYTES = 64 * 1024
const RETRY_MS = 50
const MAX_RETRY_MS = 1_000

export interface ReaderOptions {
  readonly connections: Connections
  readonly topics: TopicMap
  /** How long after its first failure reading goes on trying. */
  readonly patienceMs: number
}

export class Reader {
  readonly #options: ReaderOptions
  #closed = false

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  async read(from: Place, offset: number, maxBytes: number, isolation: Isolation): Promise<ReadResult> {
    const where = `${from.topic}[${from.partition}] offset ${offset}`
    // To Kafka some of them mean something else.
    if (offset < 0) return this.#withFirst(from, new LogError('offset-out-of-range', `${where}: there is none`))
    let fetchBytes = Math.min(Math.max(maxBytes, MIN_FETCH_BYTES), MAX_FETCH_BYTES)
    for (;;) {
      const place = { ...from, offset, maxBytes: fetchBytes }
      const request = fetchRequest([place], { isolation, maxWaitMs: 0, maxBytes: fetchBytes })
      const asked = this.#ask(from, request, where, (answer) => errorOfFetch(answer[0], offset), 1)
      const [fetched] = await asked.catch((err) => this.#withFirst(from, err))
      if (fetched?.torn !== true) return wholeBatches(fetched?.batches ?? [], offset, maxBytes)
      if (fetchBytes >= MAX_TORN_BYTES) throw tornError(where)
      fetchBytes *= 2
    }
  }

  async end(of: Place, isolation: Isolation): Promise<number> {
    const where = `${of.topic}[${of.partition}]`
    const { offset } = await this.#ask(of, endRequest(of, isolation), where, ({ errorCode }) => errorCode, 0)
    return offset
  }

  /** To say where to read instead. */
  async #withFirst(place: Place, err: unknown): Promise<never> {
    if (!(err instanceof LogError) || err.code !== 'offset-out-of-range') throw err
    const { offset: first } = await this.#ask(place, startRequest(place), place.topic, ({ errorCode }) => errorCode, 0)
    throw new LogError('offset-out-of-range', `${err.message}; the first that is kept is ${first}`, { first })
  }

  /** Stops trying. */
  close(): void {
    this.#closed = true
  }

  async #ask<T>(
    place: Place,
    request: WireRequest<T>,
    where: string,
    errorOf: (answer: T) => number,
    lane: Lane,
  ): Promise<T> {
    const { topics, patienceMs } = this.#options
    let patience: Patience | null = null
    try {
      for (let pause = RETRY_MS; ; pause = Math.min(pause * 2, MAX_RETRY_MS)) {
        try {
          return await this.#attempt(place, request, where, errorOf, lane)
        } catch (err) {
          const error = noAnswer(err, where)
          if (this.#closed) throw new LogError('closed', 'the log is closed', { cause: error })
          patience ??= new Patience(patienceMs)
          if (!error.retryable || patience.isOver) throw givenUp(error)
          topics.forget(place.topic)
          await sleep(pause, undefined, { ref: false })
        }
      }
    } finally {
      patience?.end()
    }
  }

  async #attempt<T>(
    place: Place,
    request: WireRequest<T>,
    where: string,
    errorOf: (answer: T) => number,
    lane: Lane,
  ): Promise<T> {
    const { connections, topics } = this.#options
    const { address } = await topics.leader(place)
    const answer = await connections.request(address, request, lane)
    const code = errorOf(answer)
    if (code === 0) return answer
    throw requestError(code, where)
  }
}

/** A damaged batch is an error to whom nothing before it is left to read. */
function errorOfFetch(fetched: Fetched | undefined, offset: number): number {
  const { errorCode = 0, damaged = null, batches = [] } = fetched ?? {}
  if (fetched === undefined || damaged === null || batches.some(({ next }) => next > offset)) return errorCode
  throw damageError(damaged, `${fetched.topic}[${fetched.partition}]`)
}

function tornError(position: string): LogError {
  const text = `${position}: a record batch does not end within ${MAX_TORN_BYTES} bytes`
  return new LogError('corrupt', text, { retryable: true, position })
}

/** As an error of the whole read: from here on it is the caller's to try again. */
function givenUp(error: LogError): LogError {
  const { code, message, retryable, position } = error
  return new LogError(code, message, { retryable, position, cause: error })
}

/**
 * As many batches as `maxBytes` of values allows and one at least, without what lies below the offset, up to and with the
 * first that can't be read.
 */
export function wholeBatches(batches: readonly RecordBatch[], offset: number, maxBytes: number): ReadResult {
  const records: StoredRecord[] = []
  let next = offset
  let bytes = 0
  for (const batch of batches) {
    if (batch.next <= next) continue
    bytes += batch.bytes
    if (bytes > maxBytes && next > offset) break
    for (const record of batch.records) if (record.offset >= offset) records.push(record)
    const from = Math.max(batch.first, next)
    next = batch.next
    if (batch.unreadable !== null) return { records, next, unreadable: { from, to: next, why: batch.unreadable } }
  }
  return { records, next }
}
