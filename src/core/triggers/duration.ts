/**
 * Lengths of elapsed time as people write them, to and from milliseconds. A day is 24 hours here; months and years have
 * no fixed length and are refused. Nothing here knows zones or calendars.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './limits.ts'
import { invalid } from './trigger-error.ts'

/** Milliseconds, `'90s'`, `'1h30m'`, `'PT90S'`, `{ minutes: 1 }`, or anything with `toMillis()`. */
export type DurationInput =
  | number
  | string
  | {
      readonly weeks?: number
      readonly days?: number
      readonly hours?: number
      readonly minutes?: number
      readonly seconds?: number
      readonly milliseconds?: number
    }
  | { toMillis(): number }

const WEEK_MS = 7 * DAY_MS
const MAX_SAFE = Number.MAX_SAFE_INTEGER
const ISO =
  /^P(?:(\d+)(?:[.,](\d+))?W)?(?:(\d+)(?:[.,](\d+))?D)?(?:T(?=\d)(?:(\d+)(?:[.,](\d+))?H)?(?:(\d+)(?:[.,](\d+))?M)?(?:(\d+)(?:[.,](\d+))?S)?)?$/
const ISO_UNITS: readonly number[] = [WEEK_MS, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS]
const SHORT = /(\d+)(?:\.(\d+))? ?(ms|w|d|h|m|s)/g
const SHORT_WHOLE = /^(?:\d+(?:\.\d+)? ?(?:ms|w|d|h|m|s) ?)+$/
const SHORT_UNITS: ReadonlyMap<string, number> = new Map([
  ['w', WEEK_MS],
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
  ['ms', 1],
])
const MEMBERS: ReadonlyMap<string, number> = new Map([
  ['weeks', WEEK_MS],
  ['days', DAY_MS],
  ['hours', HOUR_MS],
  ['minutes', MINUTE_MS],
  ['seconds', SECOND_MS],
  ['milliseconds', 1],
])
const FORMS = "milliseconds, '90s', '1h30m', 'PT90S' or { minutes: 1 }, not negative"

/** Whole milliseconds, 0 or more, fractions of one cut off. Throws TriggerError `invalid-trigger` that names `path`. */
export function parseDurationMs(input: unknown, path: string): number {
  const ms = readDuration(input, path)
  return Number.isFinite(ms) && ms >= 0 && ms <= MAX_SAFE ? Math.floor(ms) : invalid(path, FORMS, input)
}

/**
 * Milliseconds of an ISO 8601 duration of W D H M S; only the last part may have a fraction, cut to 1 ms. Null if the
 * text is not one (also for years, months, a sign, or more than 2^53 ms).
 */
export function isoDurationMs(text: string): number | null {
  const parts = text.length <= 64 ? ISO.exec(text) : null
  if (parts === null) return null
  let total = 0
  let count = 0
  let fractionSeen = false
  for (const [index, unit] of ISO_UNITS.entries()) {
    const whole = parts[index * 2 + 1]
    if (whole === undefined) continue
    if (fractionSeen) return null
    const fraction = parts[index * 2 + 2]
    fractionSeen = fraction !== undefined
    total += decimalMs(whole, fraction, unit)
    count++
  }
  return count > 0 && total <= MAX_SAFE ? total : null
}

/** The ISO 8601 form in days, hours, minutes and seconds: 5400000 is `PT1H30M`, 0 is `PT0S`. */
export function formatIsoDuration(ms: number): string {
  const days = Math.floor(ms / DAY_MS)
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS)
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS)
  const rest = ms % MINUTE_MS
  const seconds = rest % SECOND_MS === 0 ? String(rest / SECOND_MS) : decimalSeconds(rest)
  const time = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest > 0 ? `${seconds}S` : ''}`
  if (days === 0 && time === '') return 'PT0S'
  return `P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`
}

function decimalSeconds(ms: number): string {
  return `${Math.floor(ms / SECOND_MS)}.${String(ms % SECOND_MS).padStart(3, '0')}`.replace(/0+$/, '')
}

function readDuration(input: unknown, path: string): number {
  if (typeof input === 'number') return input
  if (typeof input === 'string') return isoDurationMs(input) ?? shortDurationMs(input) ?? Number.NaN
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return Number.NaN
  if ('toMillis' in input && typeof input.toMillis === 'function') return Number(input.toMillis())
  let total = 0
  let count = 0
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue
    const unit = MEMBERS.get(name)
    if (unit === undefined) return invalid(`${path}.${name}`, `one of ${[...MEMBERS.keys()].join(', ')}`, name)
    if (typeof value !== 'number' || !(value >= 0)) return invalid(`${path}.${name}`, 'a number, 0 or more', value)
    total += value * unit
    count++
  }
  // Sums as 0.1 + 0.2 must not lose a millisecond to binary fractions.
  return count > 0 ? Math.floor(total + 1e-6) : Number.NaN
}

/** `1h30m`, `1.5s`, `2 d`: each unit once, from the largest to the smallest. */
function shortDurationMs(text: string): number | null {
  if (text.length > 64 || !SHORT_WHOLE.test(text)) return null
  let total = 0
  let previous = Infinity
  for (const [, whole = '', fraction, name = ''] of text.matchAll(SHORT)) {
    const unit = SHORT_UNITS.get(name) ?? 0
    if (unit >= previous) return null
    previous = unit
    total += decimalMs(whole, fraction, unit)
  }
  return total
}

/** `whole.fraction` units in milliseconds, cut. In integers: 1.005 s is 1005 ms, which doubles would miss. */
function decimalMs(whole: string, fraction: string | undefined, unitMs: number): number {
  const ms = Number(whole) * unitMs
  if (fraction === undefined) return ms
  const digits = fraction.slice(0, 15)
  return ms + Number((BigInt(unitMs) * BigInt(digits)) / 10n ** BigInt(digits.length))
}
