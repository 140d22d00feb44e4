/** Waits for what may take longer than there is time. */
import type { Clock } from './ports/clock.ts'

/**
 * Resolves with whether the work was done by `deadline` (epoch ms); rejects as it does, if it does by then. What becomes of
 * it later nobody hears.
 */
export async function inTime(clock: Clock, deadline: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const cancel = clock.schedule(deadline, () => late.resolve(false))
  try {
    return await Promise.race([work.then(() => true), late.promise])
  } finally {
    cancel()
  }
}
