/**
 * Effects that the cluster refuses are tried again until they leave, or their owner has stopped. Those that wait for the same
 * thing have one pause and one warning in common, however many they are.
 */
import type { Clock } from '../ports/clock.ts'
import { LogError } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'

export interface EffectRetriesOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly partition: number
}

/** Before what was refused is tried again: somebody has to change the cluster first. */
const AGAIN_MS = 5_000
const WARN_AGAIN_MS = 60_000

export class EffectRetries {
  readonly #options: EffectRetriesOptions
  readonly #pauses = new Map<string, Promise<void>>()
  /** When it was last warned of what, epoch ms. */
  readonly #warned = new Map<string, number>()
  #stopped = false

  constructor(options: EffectRetriesOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopped = true
  }

  /**
   * `waitsFor`: what its failures have in common with those of others, for people. Resolves with whether it is done; false:
   * the owner stopped, or the log closed, before. Rejects with what is no `LogError`.
   */
  async untilDone(waitsFor: string, attempt: () => Promise<void>): Promise<boolean> {
    while (!this.#stopped) {
      try {
        await attempt()
        return true
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        if (error.code === 'closed') return false
        this.#warn(waitsFor, error)
      }
      await this.#pause(waitsFor)
    }
    return false
  }

  #pause(waitsFor: string): Promise<void> {
    const under = this.#pauses.get(waitsFor)
    if (under !== undefined) return under
    const { clock } = this.#options
    const { promise, resolve } = Promise.withResolvers<void>()
    const over = (): void => {
      this.#pauses.delete(waitsFor)
      resolve()
    }
    clock.schedule(clock.now() + AGAIN_MS, over, true)
    this.#pauses.set(waitsFor, promise)
    return promise
  }

  #warn(waitsFor: string, err: LogError): void {
    const { clock, logger, partition } = this.#options
    const now = clock.now()
    const warned = this.#warned.get(waitsFor)
    // The clock may have stepped back.
    if (warned !== undefined && Math.abs(now - warned) < WARN_AGAIN_MS) return
    this.#warned.set(waitsFor, now)
    logger.warn({ err, partition, waitsFor }, 'effects could not leave, trying again')
  }
}
