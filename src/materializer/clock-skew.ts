/**
 * How far this node's clock is from the log's, which stamps every append (design §5). Warns of what is worth a look, and says
 * when it is too far to decide what is due.
 *
 * A partition is stamped by whichever broker leads it, so one that differs while others fit has a broker whose clock is
 * wrong: that is an error line. This node's own clock is taken for wrong when all differ that were stamped lately.
 *
 * What is measured is the least that it can be: an append is stamped between the moment before it and the one after, so a
 * slow answer never looks like a wrong clock.
 */
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'

export const DEFAULT_MAX_CLOCK_SKEW_MS = 60_000
const WARN_MS = 1_000
const SAY_AGAIN_MS = 60_000
/** By this node's clock, so what was stamped before a large step of it does not count. */
const LATELY_MS = 60_000
/** From leaving the group until it is asked again; twice as long after each try, as all pay for each with a rebalance. */
const FIRST_AWAY_MS = 60_000
const LONGEST_AWAY_MS: number = 16 * 60_000

export interface ClockSkewOptions {
  /** null: however far it is. */
  readonly maxMs: number | null
  readonly logger: Logger
  /** Partitions that this node is about to append to: the clock is not judged without them. */
  readonly awaited: () => readonly number[]
  /** Called when it is further than that, and not again before `begin`. After `awayMs` the node may try again. */
  readonly exceeded: (error: OperationalError, awayMs: number) => void
}

interface Stamp {
  readonly partition: number
  /** Above 0: ours is ahead. */
  readonly skewMs: number
  readonly ours: number
  readonly logs: number
  readonly at: number
}

export class ClockSkew {
  readonly #options: ClockSkewOptions
  /** The latest of each partition. */
  readonly #latest = new Map<number, Stamp>()
  #warned: Stamp | undefined
  /** By partition: it differs, others fit. */
  readonly #saidAlone = new Map<number, Stamp>()
  #isExceeded = false
  #awayMs = FIRST_AWAY_MS

  constructor(options: ClockSkewOptions) {
    this.#options = options
  }

  /** The node asks the group again: what it saw before does not count. */
  begin(): void {
    this.#latest.clear()
    this.#isExceeded = false
  }

  /** A partition showed that the clock is near enough. */
  get hasFit(): boolean {
    return [...this.#latest.values()].some((stamp) => !this.#isTooFar(stamp))
  }

  /** What the log's clock showed at an append, and ours before and after it, epoch ms. */
  stamped(partition: number, appendedAt: number, sentAt: number, answeredAt: number): void {
    if (this.#isExceeded) return
    const skewMs = skewOf(appendedAt, sentAt, answeredAt)
    const stamp = { partition, skewMs, ours: skewMs > 0 ? sentAt : answeredAt, logs: appendedAt, at: answeredAt }
    this.#latest.set(partition, stamp)
    if (this.#isTooFar(stamp)) return this.#judge(stamp)
    this.#awayMs = FIRST_AWAY_MS
    if (Math.abs(skewMs) <= WARN_MS || !isNews(this.#warned, stamp)) return
    this.#warned = stamp
    this.#options.logger.warn(detailsOf(stamp), `the clock of this node is ${distance(stamp)} that of the log`)
  }

  #isTooFar({ skewMs }: Stamp): boolean {
    const { maxMs } = this.#options
    return maxMs !== null && Math.abs(skewMs) > maxMs
  }

  #judge(stamp: Stamp): void {
    const lately = [...this.#latest.values()].filter(({ at }) => Math.abs(stamp.at - at) <= LATELY_MS)
    if (lately.some((one) => !this.#isTooFar(one))) return this.#sayAlone(stamp)
    if (this.#options.awaited().some((index) => !lately.some(({ partition }) => partition === index))) return
    const { maxMs, logger, exceeded } = this.#options
    const awayMs = this.#awayMs
    this.#awayMs = Math.min(2 * awayMs, LONGEST_AWAY_MS)
    this.#isExceeded = true
    const rule = `maxClockSkew allows ${seconds(maxMs ?? 0)}; this node leaves the group of owners for ${seconds(awayMs)}`
    const message = `the clock of this node is ${distance(stamp)} that of the log: ${times(stamp)}; ${rule}`
    logger.error({ ...detailsOf(stamp), maxClockSkewMs: maxMs, awayMs }, message)
    exceeded(new OperationalError('wrong-clock', message), awayMs)
  }

  #sayAlone(stamp: Stamp): void {
    const { maxMs, logger } = this.#options
    const { partition } = stamp
    if (!isNews(this.#saidAlone.get(partition), stamp)) return
    this.#saidAlone.set(partition, stamp)
    const whose = `that of the broker of partition ${partition}, while others fit`
    const message = `the clock of this node is ${distance(stamp)} ${whose}: ${times(stamp)}`
    logger.error({ ...detailsOf(stamp), maxClockSkewMs: maxMs }, message)
  }
}

function skewOf(appendedAt: number, sentAt: number, answeredAt: number): number {
  if (appendedAt < sentAt) return sentAt - appendedAt
  return appendedAt > answeredAt ? answeredAt - appendedAt : 0
}

/** Half of it more or less, or a minute later; a clock that stepped back leaves no later moment to wait for. */
function isNews(said: Stamp | undefined, { skewMs, at }: Stamp): boolean {
  if (said === undefined) return true
  return Math.abs(skewMs - said.skewMs) * 2 > Math.abs(said.skewMs) || Math.abs(at - said.at) >= SAY_AGAIN_MS
}

function detailsOf({ partition, skewMs, ours, logs }: Stamp): object {
  return { partition, skewMs, ourTime: shown(ours), logTime: shown(logs) }
}

function times({ ours, logs }: Stamp): string {
  return `it showed ${shown(ours)} when the log's showed ${shown(logs)}`
}

function distance({ skewMs }: Stamp): string {
  return `${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`
}

function shown(at: number): string {
  return new Date(at).toISOString()
}
