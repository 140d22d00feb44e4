/**
 * The checkpoints of a partition on the state topic, for whoever has no state of its own: restored by any node, written by
 * the owner, a first base a minute after it took over and from then on every ten seconds.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Entropy } from '../../ports/entropy.ts'
import type { CheckpointSource, Restored } from './checkpoint-source.ts'
import { OwnedCheckpoints } from './owned-checkpoints.ts'
import { StateTopic } from './state-topic.ts'
import { restoreFromTopic, type TopicRestoreOptions } from './topic-restore.ts'

export interface TopicCheckpointsOptions extends TopicRestoreOptions {
  readonly clock: Clock
  readonly entropy: Entropy
}

/** From taking over to the first base: the partition has more urgent things to do. */
const FIRST_BASE_MS = 60_000
const CADENCE_MS = 10_000
/** Of events; then it is due before its time. */
const CADENCE_BYTES: number = 64 * 1024 * 1024
/** Of the batches whose effects may not have left, in a manifest: some thousands of them. */
const MAX_EXTRA_BYTES: number = 100 * 1024

export class TopicCheckpoints {
  readonly #options: TopicCheckpointsOptions
  readonly #topic: StateTopic
  #owned: OwnedCheckpoints | null = null
  #source: CheckpointSource | null = null
  /** It was said that none can be written. */
  #isSkipping = false
  #eventBytes = 0
  #cancelTimer: (() => void) | null = null
  #writing: Promise<void> | null = null

  constructor(options: TopicCheckpointsOptions) {
    this.#options = options
    this.#topic = new StateTopic(options.log, options.stateCodec, options.partition)
  }

  /**
   * The state of the latest checkpoint that holds, and where to fold on; null: there is none. Rejects with `LogError` when
   * the events can't be read.
   */
  restore(): Promise<Restored | null> {
    return restoreFromTopic(this.#topic, this.#options)
  }

  /** This node owns the partition, by its own fold. Call it for each ownership. */
  own(source: CheckpointSource): void {
    this.release()
    const { stateCodec, clock, entropy, log } = this.#options
    const { partitions } = log
    this.#source = source
    this.#owned = new OwnedCheckpoints(source, { topic: this.#topic, stateCodec, clock, entropy, partitions })
    this.#eventBytes = 0
    this.#schedule(FIRST_BASE_MS)
  }

  /** The owner's batch of so many bytes was accepted. */
  accepted(bytes: number): void {
    this.#eventBytes += bytes
    if (this.#eventBytes >= CADENCE_BYTES && this.#owned?.hasBegun === true) this.#begin()
  }

  /** Writes nothing from now on; what is being written is given up. Call it when the ownership is over, and at the end. */
  release(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#owned?.end()
    this.#owned = null
    this.#source = null
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#writing !== null) await this.#writing
  }

  #schedule(afterMs: number): void {
    const { clock } = this.#options
    this.#cancelTimer = clock.schedule(clock.now() + afterMs, () => this.#begin(), true)
  }

  #begin(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
      if (this.#owned !== null && this.#cancelTimer === null) this.#schedule(CADENCE_MS)
    })
  }

  async #write(): Promise<void> {
    const { logger, partition } = this.#options
    this.#eventBytes = 0
    if (this.#isTooMuchUnsent()) return
    try {
      await this.#owned?.writeNext()
    } catch (err) {
      logger.warn({ partition, err }, 'a checkpoint could not be written to the state topic')
    }
  }

  /** Then a manifest would outgrow its record: those before count until effects leave again. */
  #isTooMuchUnsent(): boolean {
    const { logger, partition } = this.#options
    const wasSkipping = this.#isSkipping
    this.#isSkipping = this.#source !== null && this.#source.extra().length > MAX_EXTRA_BYTES
    const why = 'the effects of too many batches have not left'
    if (this.#isSkipping && !wasSkipping) logger.warn({ partition, why }, 'no checkpoints are written for now')
    return this.#isSkipping
  }
}
