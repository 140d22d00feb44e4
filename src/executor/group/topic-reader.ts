/**
 * Reads one partition of a topic from an offset on and hands its records over in order, as long as there is room.
 *
 * Boundary: it knows records and offsets, not what they are; where it begins is its caller's.
 * Invariants:
 * 1. One read at a time, and none while there is no room or nothing can have come since the last empty one.
 * 2. After `stop` nothing is handed over.
 */
import type { Clock } from '../../ports/clock.ts'
import {
  type EventLog,
  LogError,
  type ReadResult,
  type StoredRecord,
  type TopicPartition,
} from '../../ports/event-log.ts'
import type { Logger } from '../../ports/telemetry.ts'

export interface TopicReaderOptions {
  readonly log: EventLog
  readonly place: TopicPartition
  readonly clock: Clock
  readonly logger: Logger
  readonly hasRoom: () => boolean
  readonly take: (record: StoredRecord) => void
  /** All below `position` was taken. Called after each portion, the empty one at the end too. */
  readonly taken?: (position: number) => void
  /** It goes on from an offset that is not the next: what was there is gone, or the partition was made anew. */
  readonly moved?: (to: number) => void
}

/** A portion lies in memory while there is no room for it, for each partition. */
const MAX_READ_BYTES = 256 * 1024
/** A log that can't be read is asked again: cheap, and nobody waits much longer than it was away. */
export const RETRY_MS = 1_000

export class TopicReader {
  readonly #options: TopicReaderOptions
  #portion: readonly StoredRecord[] = []
  /** Index of the next record of the portion. */
  #at = 0
  /** Where the portion after this one begins. */
  #next = 0
  #told = 0
  /** What `#told` was when the last read that brought nothing began. */
  #toldAtEnd = -1
  #busy = false
  #woken = false
  #stopped = false
  /** The last read failed. */
  #failing = false
  #unwatch = (): void => {}
  /** While a failed read waits for its repetition. */
  #cancelRetry: (() => void) | null = null

  constructor(options: TopicReaderOptions) {
    this.#options = options
  }

  start(from: number): void {
    if (this.#stopped) return
    const { log, place } = this.#options
    this.#next = from
    this.#unwatch = log.watch(place, () => {
      this.#told += 1
      this.wake()
    })
    this.wake()
  }

  /** There may be room. */
  wake(): void {
    this.#woken = true
    if (!this.#busy) void this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#unwatch()
    this.#cancelRetry?.()
    this.#portion = []
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#woken && !this.#stopped) {
      this.#woken = false
      while (this.#handOver()) await this.#readOn()
    }
    this.#busy = false
  }

  /** True when the portion is used up and another is wanted. */
  #handOver(): boolean {
    const { hasRoom, take, taken } = this.#options
    const from = this.#at
    while (this.#at < this.#portion.length && hasRoom()) {
      this.#at += 1
      take(this.#portion[this.#at - 1]!)
    }
    const isUsedUp = this.#at >= this.#portion.length
    if (this.#at > from) taken?.(isUsedUp ? this.#next : this.#portion[this.#at]!.offset)
    const wanted = this.#cancelRetry === null && this.#told !== this.#toldAtEnd
    return isUsedUp && wanted && !this.#stopped && hasRoom()
  }

  async #readOn(): Promise<void> {
    const told = this.#told
    const read = await this.#read()
    if (this.#stopped || read === null) return
    this.#portion = read.records
    this.#at = 0
    if (read.next === this.#next) this.#toldAtEnd = told
    this.#next = read.next
    if (read.records.length === 0) this.#options.taken?.(read.next)
  }

  async #read(): Promise<ReadResult | null> {
    const { log, place } = this.#options
    try {
      const read = await log.read(place, this.#next, MAX_READ_BYTES)
      this.#failing = false
      return read
    } catch (err) {
      if (this.#stopped) return null
      if (err instanceof LogError && err.code === 'closed') this.stop()
      else if (err instanceof LogError && err.first !== null) this.#moveTo(err.first)
      else this.#retryLater(err)
      return null
    }
  }

  #moveTo(first: number): void {
    const { place, logger, moved } = this.#options
    logger.warn({ ...place, from: this.#next, to: first }, 'records were gone before they were read')
    this.#next = first
    moved?.(first)
  }

  #retryLater(err: unknown): void {
    const { place, clock, logger } = this.#options
    if (!this.#failing)
      logger.warn({ ...place, from: this.#next, err }, 'a topic could not be read, and is tried again')
    this.#failing = true
    this.#cancelRetry = clock.schedule(clock.now() + RETRY_MS, () => {
      this.#cancelRetry = null
      this.wake()
    })
  }
}
