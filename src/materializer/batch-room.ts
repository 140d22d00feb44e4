/**
 * How many bytes a batch may have: what every log takes, or less when this one was seen to refuse that (a topic's
 * `max.message.bytes` may be lowered at any time, and raised).
 */
import { MAX_BATCH_BYTES } from '../core/limits.ts'
import type { Clock } from '../ports/clock.ts'
import { LogError } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'
import type { Planned } from './encode-plan.ts'
import { beforeNextTry } from './settle.ts'

type Hindered = Planned & { kind: 'hindered' }

/** Until then it is believed that the log takes no more. */
const BELIEVED_MS = 60_000

export interface BatchRoomOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly partition: number
}

export class BatchRoom {
  readonly #options: BatchRoomOptions
  #learned = MAX_BATCH_BYTES
  #learnedAt = 0

  constructor(options: BatchRoomOptions) {
    this.#options = options
  }

  get bytes(): number {
    // The clock may have stepped back.
    if (Math.abs(this.#options.clock.now() - this.#learnedAt) >= BELIEVED_MS) this.#learned = MAX_BATCH_BYTES
    return this.#learned
  }

  /** When all that the design allows is tried again, epoch ms. */
  get fullAgainAt(): number {
    return this.#learnedAt + BELIEVED_MS
  }

  /** Whether the log refused the batch for its size: then it is to be decided anew, in parts. */
  isTooLarge(bytes: number, error: LogError): boolean {
    if (error.code !== 'too-large') return false
    const { clock, logger, partition } = this.#options
    logger.warn({ partition, bytes, err: error }, 'a batch is too large for the log, it is decided in parts')
    this.#learned = Math.min(this.#learned, bytes - 1)
    this.#learnedAt = clock.now()
    return true
  }

  /** What can't be decided in smaller parts has to wait. Without it the rest goes on; when there is none, waits for a try. */
  async isLackedBy({ timers, why }: Hindered, isAbandoned: () => boolean): Promise<void> {
    const { clock, logger, partition } = this.#options
    logger.error({ partition, timers, why }, 'what is due is too large for the log, and has to wait')
    if (timers.length > 0) return
    await beforeNextTry(clock, new LogError('too-large', why), isAbandoned)
    this.#learned = MAX_BATCH_BYTES
  }
}
