/**
 * How far this node's clock is from the log's, which stamps every append (design §5). Warns of what is worth a look, and says
 * once that it is too far to decide what is due.
 *
 * What is measured is the least that it can be: an append is stamped between the moment before it and the one after, so a
 * slow answer never looks like a wrong clock.
 */
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'

export const DEFAULT_MAX_CLOCK_SKEW_MS = 60_000
const WARN_MS = 1_000
const WARN_AGAIN_MS = 60_000

export interface ClockSkewOptions {
  /** null: however far it is. */
  readonly maxMs: number | null
  readonly logger: Logger
  /** Called once, when it is further than that. */
  readonly exceeded: (error: OperationalError) => void
}

interface Told {
  readonly skewMs: number
  readonly at: number
}

export class ClockSkew {
  readonly #options: ClockSkewOptions
  #told: Told | null = null
  #isExceeded = false

  constructor(options: ClockSkewOptions) {
    this.#options = options
  }

  /** What the log's clock showed at an append, and ours before and after it, epoch ms. */
  stamped(appendedAt: number, sentAt: number, answeredAt: number): void {
    const skewMs = skewOf(appendedAt, sentAt, answeredAt)
    if (this.#isExceeded || Math.abs(skewMs) <= WARN_MS) return
    const { maxMs, logger, exceeded } = this.#options
    const ours = skewMs > 0 ? sentAt : answeredAt
    const details = { skewMs, ourTime: shown(ours), logTime: shown(appendedAt) }
    if (maxMs !== null && Math.abs(skewMs) > maxMs) {
      this.#isExceeded = true
      const error = tooFar(skewMs, ours, appendedAt, maxMs)
      logger.error({ ...details, maxClockSkewMs: maxMs }, error.message)
      return exceeded(error)
    }
    if (this.#told !== null && !isNews(this.#told, skewMs, answeredAt)) return
    this.#told = { skewMs, at: answeredAt }
    logger.warn(details, `the clock of this node is ${distance(skewMs)} that of the log`)
  }
}

/** Above 0: ours is ahead. */
function skewOf(appendedAt: number, sentAt: number, answeredAt: number): number {
  if (appendedAt < sentAt) return sentAt - appendedAt
  return appendedAt > answeredAt ? answeredAt - appendedAt : 0
}

/** Half of it more or less, or a minute later; a clock that stepped back leaves no later moment to wait for. */
function isNews(told: Told, skewMs: number, now: number): boolean {
  return Math.abs(skewMs - told.skewMs) * 2 > Math.abs(told.skewMs) || Math.abs(now - told.at) >= WARN_AGAIN_MS
}

function tooFar(skewMs: number, ours: number, appendedAt: number, maxMs: number): OperationalError {
  const times = `it showed ${shown(ours)} when the log's showed ${shown(appendedAt)}`
  const rule = `maxClockSkew allows ${maxMs / 1_000} s; this node leaves the group of owners`
  return new OperationalError(
    'wrong-clock',
    `the clock of this node is ${distance(skewMs)} that of the log: ${times}; ${rule}`,
  )
}

function distance(skewMs: number): string {
  return `${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`
}

function shown(at: number): string {
  return new Date(at).toISOString()
}
