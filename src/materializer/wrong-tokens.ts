/** Tells the operator of reports whose token is wrong: each is an event as well, but nobody reads events unasked. */
import type { Report } from '../core/reports.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/telemetry.ts'

/** Whoever sends many must not fill the log. */
const QUIET_MS = 60_000

export interface WrongTokensOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly partition: number
}

export class WrongTokens {
  readonly #options: WrongTokensOptions
  #toldAt = Number.NEGATIVE_INFINITY
  #reports = 0

  constructor(options: WrongTokensOptions) {
    this.#options = options
  }

  /** The first is told at once, then one a minute at most, with the number of those since the last line. */
  came({ type, runId, attempt, executor }: Report): void {
    const { clock, logger, partition } = this.#options
    const now = clock.now()
    this.#reports += 1
    if (now - this.#toldAt < QUIET_MS) return
    const details = { partition, runId, attempt, report: type, executor, reports: this.#reports }
    logger.warn(details, 'reports have no token, or a wrong one, and change nothing')
    this.#toldAt = now
    this.#reports = 0
  }
}
