/** Waits for a log to grow, until somebody wants to end. */
import type { EventLog } from '../ports/event-log.ts'
import { untilStopped } from './until-stopped.ts'

export interface Following {
  readonly stopped: boolean
  /** Waits until the log has grown since the last call, `ms` at most; false: it is time to end. */
  news(ms?: number): Promise<boolean>
}

/** Begins to watch, and to listen for the signals that end it. */
export function followLog(log: EventLog): Following {
  let grown = false
  let stopped = false
  let wake = (): void => undefined
  for (let partition = 0; partition < log.partitions; partition += 1) {
    log.watch({ topic: 'events', partition }, () => {
      grown = true
      wake()
    })
  }
  const ending = async (): Promise<void> => {
    await untilStopped()
    stopped = true
    wake()
  }
  void ending()
  return {
    get stopped() {
      return stopped
    },
    async news(ms) {
      if (!grown && !stopped) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((resolve) => {
          wake = resolve
          if (ms !== undefined) timer = setTimeout(resolve, ms)
        })
        clearTimeout(timer)
      }
      grown = false
      return !stopped
    },
  }
}
