/**
 * Reports of this process on their way to the reports topic.
 *
 * Boundary: the outbox tries again what may pass. Here that is tried again which an operator has to mend first: a right,
 * a topic.
 * Invariants:
 * 1. A report that the owner needs, each but a heartbeat, is given up only with the outbox.
 * 2. One heartbeat of an attempt is under way at a time: what says that it lives is of no use when it is late.
 */
import type { Report } from '../../core/reports.ts'
import type { Clock } from '../../ports/clock.ts'
import { LogError } from '../../ports/event-log.ts'
import type { Outbox } from '../../ports/outbox.ts'
import type { RunCodec } from '../../ports/run-codec.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { attemptKey } from '../attempt-key.ts'

export interface ReportSenderOptions {
  readonly outbox: Outbox
  readonly codec: RunCodec
  readonly clock: Clock
  readonly logger: Logger
}

/** People mend it, in minutes. */
const RETRY_MS = 10_000

export class ReportSender {
  readonly #options: ReportSenderOptions
  readonly #beating = new Set<string>()
  /** Repetitions that wait. */
  readonly #waiting = new Set<() => void>()
  #closed = false

  constructor(options: ReportSenderOptions) {
    this.#options = options
  }

  /** Resolves when the report is durable, of a heartbeat also when it was left out; rejects when it won't be. */
  async send(report: Report, partition: number): Promise<void> {
    if (report.type === 'heartbeat') return this.#beat(report, partition)
    for (;;) {
      try {
        return await this.#once(report, partition)
      } catch (err) {
        const isMendable = err instanceof LogError && err.code !== 'closed'
        if (!isMendable || this.#closed) throw err
        const { runId, attempt, type } = report
        this.#options.logger.error({ runId, attempt, report: type, err }, 'a report was refused, and is tried again')
        await this.#pause()
      }
    }
  }

  /** What waits to be tried again is tried once more, and then given up. */
  close(): void {
    this.#closed = true
    for (const goOn of this.#waiting) goOn()
  }

  async #beat(report: Report, partition: number): Promise<void> {
    const key = attemptKey(report)
    if (this.#beating.has(key)) return
    this.#beating.add(key)
    try {
      await this.#once(report, partition)
    } finally {
      this.#beating.delete(key)
    }
  }

  async #once(report: Report, partition: number): Promise<void> {
    const { outbox, codec } = this.#options
    await outbox.send(codec.reportRecord(report, partition))
  }

  async #pause(): Promise<void> {
    const { clock } = this.#options
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(clock.now() + RETRY_MS, () => goOn())
      const goOn = (): void => {
        cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      this.#waiting.add(goOn)
    })
  }
}
