/** Effects that the cluster refuses are tried again until they leave, or their owner has stopped. */
import type { Clock } from '../ports/clock.ts'
import { LogError } from '../ports/event-log.ts'
import type { Logger } from '../ports/telemetry.ts'

export interface Trying {
  readonly clock: Clock
  readonly logger: Logger
  readonly partition: number
  readonly isStopped: () => boolean
}

/** Before what was refused is tried again: somebody has to change the cluster first. */
const AGAIN_MS = 5_000

/** Resolves with whether it is done; false: the owner stopped, or the log closed, before. Rejects with what is no `LogError`. */
export async function untilDone(attempt: () => Promise<void>, trying: Trying): Promise<boolean> {
  const { clock, logger, partition, isStopped } = trying
  while (!isStopped()) {
    try {
      await attempt()
      return true
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      if (error.code === 'closed') return false
      logger.warn({ err: error, partition }, 'an effect could not leave, trying again')
    }
    await new Promise<void>((resolve) => clock.schedule(clock.now() + AGAIN_MS, resolve, true))
  }
  return false
}
