/**
 * The outbox over a memory log, for tests and simulations: topics there have as many partitions as the log.
 *
 * Boundary: tries again what may pass, with backoff, as every outbox does. Foreign topics are topics like others.
 */
import { partitionOf } from '../../core/partition.ts'
import type { Clock } from '../../ports/clock.ts'
import { type EventLog, LogError } from '../../ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../../ports/outbox.ts'

const AGAIN_MS = 100

export function createMemoryOutbox(log: EventLog, clock: Clock): Outbox {
  const waiting = new Set<() => void>()
  let closed = false

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const goOn = (): void => {
        cancel()
        waiting.delete(goOn)
        resolve()
      }
      const cancel = clock.schedule(clock.now() + AGAIN_MS, goOn)
      waiting.add(goOn)
    })

  return {
    async send({ topic, partition, spreadBy, key, value, headers }: OutgoingRecord, withdrawn?: AbortSignal) {
      const place = { topic, partition: partition ?? partitionOf(spreadBy ?? key ?? '', log.partitions) }
      if (closed) throw new LogError('closed', 'the outbox is closed')
      for (;;) {
        withdrawn?.throwIfAborted()
        const isLast = closed
        try {
          await log.append(place, [{ key, value, headers }])
          return
        } catch (error) {
          if (!(error instanceof LogError) || !error.retryable) throw error
        }
        if (isLast) throw new LogError('closed', 'the outbox is closed')
        if (!closed) await pause()
      }
    },
    async close() {
      closed = true
      for (const goOn of [...waiting]) goOn()
    },
  }
}
