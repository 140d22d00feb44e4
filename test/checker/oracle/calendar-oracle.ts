/**
 * The fires of `crontab` and `cron` triggers by brute force: every local date is asked, every time of day of a matching
 * one is turned into instants by the zone's own clock.
 */
import type { CalendarSpec, LocalDate } from './crontab-text.ts'
import type { Oracle } from './trigger-oracle.ts'
import { instantsOf, MAX_OFFSET_MS, offsetsAround, type DstPolicy, type Zone } from './zone.ts'

const DAY_MS = 86_400_000
/** A calendar repeats itself after 400 years. */
const SEARCH_DAYS = 146_097
const LAST_DAY = Math.floor(Date.UTC(9999, 11, 31) / DAY_MS)
/** Days are asked for in order, so a few are enough. */
const DAYS_KEPT = 16

export interface CalendarBounds {
  /** Epoch ms, inclusive. */
  readonly start: number
  readonly end: number
}

export class CalendarOracle implements Oracle {
  readonly #zone: Zone
  readonly #policy: DstPolicy
  readonly #bounds: CalendarBounds
  readonly #spec: CalendarSpec
  /** Times of day in milliseconds, rising. */
  readonly #clock: readonly number[]
  readonly #days = new Map<number, readonly number[]>()

  constructor(spec: CalendarSpec, zone: Zone, policy: DstPolicy, bounds: CalendarBounds) {
    this.#spec = spec
    this.#zone = zone
    this.#bounds = bounds
    // A schedule of all hours follows the clock on the wall: it has nothing to make up for.
    this.#policy = spec.hours.length === 24 ? 'wall' : policy
    const clock = spec.hours.flatMap((hour) =>
      spec.minutes.flatMap((minute) => spec.seconds.map((second) => (hour * 3600 + minute * 60 + second) * 1000)),
    )
    this.#clock = clock.toSorted((a, b) => a - b)
  }

  next(after: number): number | null {
    const from = Math.max(after, this.#bounds.start - 1)
    const firstDay = Math.floor((from - MAX_OFFSET_MS) / DAY_MS) - 1
    let best: number | null = null
    for (let day = firstDay; day <= LAST_DAY && day < firstDay + SEARCH_DAYS; day += 1) {
      const earliest = day * DAY_MS - MAX_OFFSET_MS
      if (earliest > this.#bounds.end) break
      // What a gap moves lands on a later day, never on an earlier one.
      if (best !== null && earliest > best) break
      const found = firstAfter(this.#instantsOfDay(day), from)
      if (found !== null && (best === null || found < best)) best = found
    }
    return best === null || best > this.#bounds.end ? null : best
  }

  #instantsOfDay(day: number): readonly number[] {
    const known = this.#days.get(day)
    if (known !== undefined) return known
    const instants = this.#spec.matches(dateOf(day)) ? this.#expand(day) : []
    if (this.#days.size >= DAYS_KEPT) this.#days.clear()
    this.#days.set(day, instants)
    return instants
  }

  #expand(day: number): readonly number[] {
    const midnight = day * DAY_MS
    const offsets = offsetsAround(this.#zone, midnight, midnight + DAY_MS)
    const instants = this.#clock.flatMap((time) => instantsOf(this.#zone, midnight + time, this.#policy, offsets))
    return [...new Set(instants)].toSorted((a, b) => a - b)
  }
}

function firstAfter(sorted: readonly number[], after: number): number | null {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) > after) high = middle
    else low = middle + 1
  }
  return sorted[low] ?? null
}

function dateOf(day: number): LocalDate {
  const at = new Date(day * DAY_MS)
  const year = at.getUTCFullYear()
  const month = at.getUTCMonth() + 1
  const weekday = (at.getUTCDay() + 6) % 7
  return {
    year,
    month,
    day: at.getUTCDate(),
    weekday,
    daysInMonth: new Date(Date.UTC(year, month, 0)).getUTCDate(),
    isoWeek: isoWeekOf(day, weekday),
  }
}

/** Weeks belong to the year of their Thursday. */
function isoWeekOf(day: number, weekday: number): number {
  const thursday = day - weekday + 3
  const newYear = Date.UTC(new Date(thursday * DAY_MS).getUTCFullYear(), 0, 1) / DAY_MS
  return Math.floor((thursday - newYear) / 7) + 1
}
