/** Keeps a fold up to date with the log while another node owns the partition, or nobody does. */
import type { Clock } from '../ports/clock.ts'
import { type EventLog, LogError, type TopicPartition } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'
import { isFatalError } from './unsettled.ts'

export interface FollowerOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly topicPartition: TopicPartition
  /** Folds to the end. */
  readonly fold: () => Promise<void>
  /** The log still leads to what was folded. Asked when records don't fit. */
  readonly isIntact: () => Promise<boolean>
  /** Records that did not fit, so far. */
  readonly misfits: () => number
  /** What was folded is of a history that is lost; called before it is forgotten. */
  readonly lostTail: () => void
  /** Folds anew from what the log has. */
  readonly rebuild: () => Promise<void>
}

/** Before a log that could not be read is read again, should nothing be added to it until then. */
const AGAIN_MS = 1_000

export class Follower {
  readonly #options: FollowerOptions
  #behind = false
  /** Misfits that the log was found intact with. */
  #explained = 0
  #told: () => void = () => {}
  #unwatch: (() => void) | null = null
  #cancelAgain: (() => void) | null = null

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** The log has records that were not folded. */
  get isBehind(): boolean {
    return this.#behind
  }

  /** Calls `told` when the log has more. */
  watch(told: () => void): void {
    const { log, topicPartition } = this.#options
    this.#told = () => {
      this.#behind = true
      told()
    }
    this.#unwatch ??= log.watch(topicPartition, () => this.#told())
  }

  unwatch(): void {
    this.#unwatch?.()
    this.#cancelAgain?.()
    this.#told = () => {}
  }

  /** Folds to the end. What can't be read now is read later; false then. Only damage is thrown. */
  catchUp(): Promise<boolean> {
    const { fold, misfits } = this.#options
    this.#behind = false
    return this.#reading(async () => {
      await fold()
      if (misfits() > this.#explained) await this.#explain()
    })
  }

  /** The same, and true only when the log was found to lead to what was folded. */
  catchUpSurely(): Promise<boolean> {
    const { fold } = this.#options
    this.#behind = false
    return this.#reading(async () => {
      await fold()
      await this.#explain()
    })
  }

  /** The log is known to have lost what was folded; false: it can't be read now. */
  rebuild(): Promise<boolean> {
    return this.#reading(() => this.#lostTail())
  }

  async #reading(activity: () => Promise<void>): Promise<boolean> {
    const { logger, topicPartition } = this.#options
    try {
      await activity().catch((err: unknown) => {
        if (!(err instanceof LogError) || err.code !== 'offset-out-of-range') throw err
        return this.#lostTail()
      })
      return true
    } catch (err) {
      if (!(err instanceof LogError) || isFatalError(err)) throw err
      logger.warn({ partition: topicPartition.partition, err }, 'the log could not be read')
      this.#againLater()
      return false
    }
  }

  async #explain(): Promise<void> {
    const { isIntact, misfits } = this.#options
    const seen = misfits()
    if (await isIntact()) this.#explained = seen
    else await this.#lostTail()
  }

  /** An unclean election took what had been acknowledged. */
  async #lostTail(): Promise<void> {
    const { logger, topicPartition, misfits, lostTail, rebuild } = this.#options
    logger.error({ partition: topicPartition.partition }, 'the log lost its tail: rebuilding from it')
    lostTail()
    await rebuild()
    this.#explained = misfits()
  }

  #againLater(): void {
    const { clock } = this.#options
    const again = (): void => {
      this.#cancelAgain = null
      this.#told()
    }
    this.#cancelAgain ??= clock.schedule(clock.now() + AGAIN_MS, again, true)
  }
}
