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
    const { fold, logger, topicPartition } = this.#options
    this.#behind = false
    try {
      await fold()
      return true
    } catch (err) {
      if (!(err instanceof LogError) || isFatalError(err)) throw err
      logger.warn({ partition: topicPartition.partition, err }, 'the log could not be read')
      return false
    }
  }
}
