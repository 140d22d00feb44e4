/** Collects scheduled times that are decided together, and writes them for people. */
import type { Times } from './events.ts'
import { TIMES_LISTED } from './limits.ts'

/** A growing `Times`: the first ones are listed, all are counted. */
export interface TimesCollector {
  first: number
  last: number
  count: number
  readonly listed: number[]
}

export function collector(): TimesCollector {
  return { first: 0, last: 0, count: 0, listed: [] }
}

/** Times are added in rising order. */
export function addTime(times: TimesCollector, at: number): void {
  if (times.count === 0) times.first = at
  times.last = at
  times.count += 1
  if (times.listed.length < TIMES_LISTED) times.listed.push(at)
}

export function timesOf(times: TimesCollector): Times | null {
  return times.count === 0 ? null : { first: times.first, last: times.last, count: times.count, listed: times.listed }
}

export function oneTime(at: number): Times {
  return { first: at, last: at, count: 1, listed: [at] }
}

/** `2027-01-01T09:00:00.000Z` */
export function rfc3339(at: number): string {
  return new Date(at).toISOString()
}

/** `20270101T090000.000Z`, the form in run ids. */
export function compactTime(at: number): string {
  const text = new Date(at).toISOString()
  return text.slice(0, 4) + text.slice(5, 7) + text.slice(8, 13) + text.slice(14, 16) + text.slice(17)
}
