/**
 * Reads one topic of inputs on and on, and hands its records over in offset order, each once.
 *
 * Boundary: it knows records and offsets, not what they are. It may be told only that more of them wait than it likes.
 * Invariant: whoever was told of more while it read or handed over is not forgotten.
 */
import type { InputTopic } from '../core/effects.ts'
import type { Clock } from '../ports/clock.ts'
import { type EventLog, LogError, type StoredRecord, type UnreadableRange } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'

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
  readonly take: (record: StoredRecord) => Promise<void>
  /** Offsets from `from`, up to and without `to`, are there no more, or can't be read. */
  readonly lost: (from: number, to: number) => void
}

/** Inputs of one topic that wait for a decision; more would only wait in memory instead of on the broker. */
const MAX_WAITING = 2_000
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

  /** So many of its records wait for a decision. */
  waiting(count: number): void {
    this.#waiting = count
    this.#run()
  }

  get #hasRoom(): boolean {
    return this.#waiting < MAX_WAITING
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
    this.#tellLost(from, to)
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

  /** Below what the topic keeps: retention was faster. Above its end: it is another topic than it was. */
  async #lost({ first }: LogError): Promise<void> {
    const { log, partition } = this.#options
    const from = this.#next
    const to = first !== null && first > from ? first : await log.end({ topic: this.topic, partition })
    if (this.#stopped) return
    // The log has grown up to there meanwhile.
    if (to === from) return this.#readLater()
    this.#next = to
    this.#more = true
    this.#tellLost(from, to)
  }

  #tellLost(from: number, to: number): void {
    this.#waiting += 1
    this.#feeding.lost(from, to)
  }
}
