/** Keeps the process running until somebody wants it to end. */
import { EXIT } from './cli-error.ts'
import { onOutputClosed, tell } from './output.ts'

export type StopReason = 'signal' | 'time' | 'output-closed'

/** It only holds the process; the longest that a timer can be. */
const HOLD_MS = 2 ** 31 - 1

/**
 * Resolves at SIGINT, SIGTERM, when the reader of stdout goes away, or after `ms` (less than 24 days). A second signal
 * ends the process at once.
 */
export function untilStopped(ms: number | null = null): Promise<StopReason> {
  return new Promise((resolve) => {
    const hold = setInterval(() => undefined, HOLD_MS)
    const timer = ms === null ? null : setTimeout(() => stop('time'), ms)
    const stop = (reason: StopReason): void => {
      clearInterval(hold)
      if (timer !== null) clearTimeout(timer)
      resolve(reason)
    }
    let signals = 0
    const signalled = (): void => {
      signals += 1
      if (signals === 1) return stop('signal')
      tell('aborted: what was running runs again after the next start')
      process.exit(EXIT.failed)
    }
    process.on('SIGINT', signalled)
    process.on('SIGTERM', signalled)
    onOutputClosed(() => stop('output-closed'))
  })
}
