/**
 * Reads one topic of inputs on and on, and hands its records over in offset order, each once.
 *
 * Boundary: it knows records and offsets, not what they are. It may be told only that more of them wait than it likes.
 * Invariants:
 * 1. Whoever was told of more while it read or handed over is not forgotten.
 * 2. What waits for a decision is bounded in number and in bytes, or is one record.
 * 3. When the topic ends before where it reads on, a record is taken if it is later than the last that was: so it does not
 *    matter whether the topic lost its tail or was made anew, nor how many came since.
 */
import type { InputTopic } from '../core/effects.ts'
import type { Clock } from '../ports/clock.ts'
import { type EventLog, LogError, type StoredRecord, type UnreadableRange } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'
import { firstLater } from './first-later.ts'

export interface TopicFeedOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly partition: number
  /** Called once when what it reads from can't be read any more. */
  readonly failed: (error: Error) => void
}

interface Feeding {
  readonly topic: InputTopic
  /** The first offset that is read. */
  readonly from: number
  /** When the last record below `from` was decided, epoch ms. Asked when nothing was taken yet and `from` says nothing. */
  readonly decidedAt: () => Promise<number>
  readonly take: (record: StoredRecord) => Promise<void>
  readonly lost: (range: LostRange) => void
}

/** Offsets from `from`, up to and without `to`: what was there is there no more, or can't be read. */
export interface LostRange {
  readonly from: number
  readonly to: number
  /** The offset that is read next: `to`, and `from` where others stand there, or will. */
  readonly next: number
}

/** Inputs of one topic that wait for a decision; more would only wait in memory instead of on the broker. */
const MAX_WAITING = 2_000
/** Of their records: some batches of decisions, and for each of a node's partitions not more than it can spare. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** A portion lies in memory while there is no room for it. */
const READ_BYTES = 1024 * 1024
const READ_AGAIN_MS = 250

export class TopicFeed {
  readonly topic: InputTopic
  readonly #options: TopicFeedOptions
  readonly #feeding: Feeding
  #portion: readonly StoredRecord[] = []
  /** Index of the next record of the portion. */
  #at = 0
  /** Behind the portion. */
  #unreadable: UnreadableRange | null = null
  /** Where the portion after this one begins. */
  #next: number
  #waiting = 0
  #waitingBytes = 0
  /** When the last record that was taken was appended; null: none was taken yet. */
  #takenAt: number | null = null
  #running = false
  #woken = false
  #stopped = false
  /** There may be more than was read. */
  #more = false
  #unwatch = (): void => {}
  #cancelRetry = (): void => {}

  constructor(options: TopicFeedOptions, feeding: Feeding) {
    this.#options = options
    this.#feeding = feeding
    this.topic = feeding.topic
    this.#next = feeding.from
  }

  start(): void {
    const { log, partition } = this.#options
    const told = (): void => {
      this.#more = true
      this.#run()
    }
    this.#unwatch = log.watch({ topic: this.topic, partition }, told)
    told()
  }

  /** Hands nothing more over; a record that is being taken is not stopped. */
  stop(): void {
    this.#stopped = true
    this.#portion = []
    this.#unreadable = null
    this.#unwatch()
    this.#cancelRetry()
  }

  /** So many of its records, of so many bytes, wait for a decision. */
  waiting(count: number, bytes: number): void {
    this.#waiting = count
    this.#waitingBytes = bytes
    this.#run()
  }

  get #hasRoom(): boolean {
    return this.#waiting < MAX_WAITING && this.#waitingBytes < MAX_WAITING_BYTES
  }

  #run(): void {
    this.#woken = true
    if (!this.#running) void this.#runWhileWoken()
  }

  async #runWhileWoken(): Promise<void> {
    this.#running = true
    while (this.#woken && !this.#stopped) {
      this.#woken = false
      await this.#goOn()
    }
    this.#running = false
  }

  async #goOn(): Promise<void> {
    try {
      while (!this.#stopped && this.#hasRoom) {
        const record = this.#portion[this.#at]
        if (record !== undefined) await this.#handOver(record)
        else if (this.#unreadable !== null) this.#passOver(this.#unreadable)
        else if (this.#more) await this.#read()
        else return
      }
    } catch (error) {
      if (!this.#stopped) this.#failed(error)
    }
  }

  async #handOver(record: StoredRecord): Promise<void> {
    await this.#feeding.take(record)
    this.#at += 1
    this.#waiting += 1
    this.#waitingBytes += sizeOf(record)
    this.#takenAt = record.timestamp
  }

  async #read(): Promise<void> {
    const { log, partition } = this.#options
    const from = this.#next
    this.#more = false
    try {
      const { records, next, unreadable = null } = await log.read({ topic: this.topic, partition }, from, READ_BYTES)
      if (this.#stopped) return
      this.#portion = records.filter(({ offset }) => offset >= from)
      this.#at = 0
      this.#unreadable = unreadable
      this.#next = Math.max(next, from)
      if (this.#next > from) this.#more = true
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'offset-out-of-range') throw error
      await this.#lost(error)
    }
  }

  #passOver({ from, to }: UnreadableRange): void {
    this.#unreadable = null
    this.#tellLost({ from, to, next: to })
  }

  #failed(error: unknown): void {
    const { logger, partition, failed } = this.#options
    if (!(error instanceof LogError)) return failed(error instanceof Error ? error : new Error(String(error)))
    if (error.code === 'closed') return this.stop()
    logger.warn({ err: error, topic: this.topic, partition }, 'inputs could not be read, trying again')
    this.#readLater()
  }

  #readLater(): void {
    const { clock } = this.#options
    this.#cancelRetry()
    this.#cancelRetry = clock.schedule(clock.now() + READ_AGAIN_MS, () => {
      this.#more = true
      this.#run()
    })
  }

  /** Below what the topic keeps: retention was faster. Above its end: others stand there, or none. */
  async #lost({ first }: LogError): Promise<void> {
    const from = this.#next
    const lost =
      first !== null && first > from ? { from, to: first, next: first } : await this.#endsBefore(from, first ?? 0)
    if (this.#stopped) return
    // The log has grown up to there meanwhile.
    if (lost === null) return this.#readLater()
    this.#next = lost.next
    this.#more = true
    this.#tellLost(lost)
  }

  async #endsBefore(from: number, first: number): Promise<LostRange | null> {
    const { log, partition } = this.#options
    const place = { topic: this.topic, partition }
    const end = await log.end(place)
    if (end >= from) return null
    const takenAt = this.#takenAt ?? (await this.#feeding.decidedAt())
    const next = await firstLater(log, place, takenAt, { first, end })
    return { from: next, to: from, next }
  }

  #tellLost(range: LostRange): void {
    this.#waiting += 1
    this.#feeding.lost(range)
  }
}

/** About what the record takes; of what is made of it that is the most. */
export function sizeOf({ key, value, headers }: StoredRecord): number {
  const ofHeaders = headers.reduce((sum, [name, content]) => sum + name.length + content.length, 0)
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders
}
