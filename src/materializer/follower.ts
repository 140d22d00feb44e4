/** Keeps a fold up to date with the log while another node owns the partition, or nobody does. */
import { type EventLog, LogError, type TopicPartition } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'
import { isFatalError } from './unsettled.ts'

export interface FollowerOptions {
  readonly log: EventLog
  readonly logger: Logger
  readonly topicPartition: TopicPartition
  /** Folds to the end. */
  readonly fold: () => Promise<void>
  /** Of what was folded, the log still has the end. Asked when records don't fit. */
  readonly isIntact: () => Promise<boolean>
  /** Records that did not fit, so far. */
  readonly misfits: () => number
  /** Folds anew from what the log has. */
  readonly rebuild: () => Promise<void>
}

export class Follower {
  readonly #options: FollowerOptions
  #behind = false
  #unwatch: (() => void) | null = null

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
    this.#unwatch ??= log.watch(topicPartition, () => {
      this.#behind = true
      told()
    })
  }

  unwatch(): void {
    this.#unwatch?.()
  }

  /** Folds to the end. What can't be read now is read with the next record; false then. Only damage is thrown. */
  async catchUp(): Promise<boolean> {
    const { fold, logger, topicPartition, misfits, isIntact, rebuild } = this.#options
    this.#behind = false
    const before = misfits()
    try {
      await fold()
      if (misfits() > before && !(await isIntact())) await this.#lostTail(rebuild)
      return true
    } catch (err) {
      if (!(err instanceof LogError) || isFatalError(err)) throw err
      if (err.code === 'offset-out-of-range') {
        await this.#lostTail(rebuild)
        return true
      }
      logger.warn({ partition: topicPartition.partition, err }, 'the log could not be read')
      return false
    }
  }

  /** An unclean election took what had been acknowledged. */
  async #lostTail(rebuild: () => Promise<void>): Promise<void> {
    const { logger, topicPartition } = this.#options
    logger.error({ partition: topicPartition.partition }, 'the log lost its tail: rebuilding from it')
    await rebuild()
  }
}
