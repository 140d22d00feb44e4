/**
 * What goes out to one partition: batch after batch, one in flight, again until it is acknowledged.
 *
 * Invariants:
 * 1. A batch is followed by the next one only when each of its records was acknowledged or refused for good.
 * 2. A refusal that is one record's fault fails that record: the batch is halved until it is alone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/telemetry.ts'
import type { Appender } from './appender.ts'
import { type EncodableRecord, encodeBatch, recordBytes } from './record-batch.ts'
import type { Place } from './requests.ts'
import { type TopicMap, noSuchPlace } from './topic-map.ts'

const MAX_BATCH_RECORDS = 500
/** Of records with their framing: below a topic's `max.message.bytes`, which is 1 MiB by default. */
const MAX_BATCH_BYTES = 900 * 1024
const RETRY_MS = 50
const MAX_RETRY_MS = 5_000
/** One record of the batch may have made the topic refuse all of them. */
const ONES_FAULT: ReadonlySet<string> = new Set(['too-large', 'record-refused'])
/** A refusal that may be of the moment is believed when it came so many times in a row. */
const BELIEVED_AFTER = 3
/** After so many attempts it is told that something does not get through. */
const WARN_AFTER = 5

export interface Parcel {
  readonly record: EncodableRecord
  /** Aborted: it need not leave any more. */
  readonly withdrawn: AbortSignal | null
  readonly resolve: () => void
  readonly reject: (err: unknown) => void
}

export interface OutboxLaneOptions {
  readonly place: Place
  readonly now: () => number
  readonly topics: TopicMap
  readonly appender: Appender
  readonly retries: Retries
}

export class OutboxLane {
  readonly #options: OutboxLaneOptions
  readonly #pending = new Set<Parcel>()
  #isSending = false

  constructor(options: OutboxLaneOptions) {
    this.#options = options
  }

  add(parcel: Parcel): void {
    this.#pending.add(parcel)
    parcel.withdrawn?.addEventListener('abort', () => this.#pending.delete(parcel), { once: true })
    if (!this.#isSending) void this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true
    // Whatever is sent in the same turn goes into the first batch.
    await Promise.resolve()
    while (this.#pending.size > 0) await this.#send(this.#takeBatch())
    this.#isSending = false
  }

  /** The first of them that make one batch. */
  #takeBatch(): readonly Parcel[] {
    const batch: Parcel[] = []
    let bytes = 0
    for (const parcel of this.#pending) {
      bytes += recordBytes(parcel.record)
      if (batch.length > 0 && (batch.length === MAX_BATCH_RECORDS || bytes > MAX_BATCH_BYTES)) break
      batch.push(parcel)
      this.#pending.delete(parcel)
    }
    return batch
  }

  /** Settles every parcel of the batch. */
  async #send(batch: readonly Parcel[]): Promise<void> {
    try {
      await this.#options.retries.untilDone(() => this.#attempt(batch))
      for (const { resolve } of batch) resolve()
    } catch (err) {
      const isOnes = err instanceof LogError && ONES_FAULT.has(err.code)
      if (!isOnes || batch.length === 1) {
        for (const { reject } of batch) reject(err)
        return
      }
      const half = Math.ceil(batch.length / 2)
      await this.#send(batch.slice(0, half))
      await this.#send(batch.slice(half))
    }
  }

  async #attempt(batch: readonly Parcel[]): Promise<void> {
    const { place, now, topics, appender } = this.#options
    const timestamp = now()
    const records = batch.filter(({ withdrawn }) => withdrawn?.aborted !== true).map(({ record }) => record)
    if (records.length === 0) return
    try {
      await appender.append(place, encodeBatch(records, timestamp), timestamp)
    } catch (err) {
      const isUnsure = err instanceof LogError && err.retryable
      // A topic that was deleted looks like one that nobody leads.
      if (isUnsure && (await topics.recount(place.topic)) === null) throw noSuchPlace(place, null)
      throw err
    }
  }
}

/** Attempts, again and again with growing pauses. Closing it makes each attempt the last, and the first that fails ends all. */
export class Retries {
  readonly #logger: Logger
  readonly #closing = new AbortController()
  #isOver = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  close(): void {
    this.#closing.abort()
  }

  /** Rejects with what trying again does not mend, or with `closed`. */
  async untilDone<T>(task: () => Promise<T>): Promise<T> {
    let pause = RETRY_MS
    let refusals = 0
    for (let attempt = 1; !this.#isOver; attempt++) {
      try {
        return await task()
      } catch (err) {
        if (!(err instanceof LogError) || !err.retryable) throw err
        refusals = err.code === 'record-refused' ? refusals + 1 : 0
        if (refusals === BELIEVED_AFTER) throw err
        const log = attempt === WARN_AFTER ? 'warn' : 'debug'
        this.#logger[log]({ err, attempt }, 'records do not leave; trying again')
        this.#isOver = this.#closing.signal.aborted
        await sleep(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined)
        pause = Math.min(pause * 2, MAX_RETRY_MS)
      }
    }
    throw new LogError('closed', 'the outbox is closed', { outcome: 'unknown' })
  }
}
