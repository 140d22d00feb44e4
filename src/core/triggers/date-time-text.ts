/**
 * Dates and times as text: RFC 3339 instants, local date-times, dates, times of day. Syntax and calendar only; a zone
 * is applied by `resolveDateTime`. Fractions of a second are cut to 1 ms. Years 1970 to 9999.
 */

import { dayNumber, monthLength } from './calendar.ts'
import { DAY_MS, HOUR_MS, MAX_INSTANT_MS, MAX_TEXT_LENGTH, MAX_YEAR, MINUTE_MS, MIN_YEAR, SECOND_MS } from './limits.ts'
import { invalid } from './trigger-error.ts'
import { resolveLocal } from './zone.ts'
import type { ZoneTable } from './zone.ts'

/** A date-time as written: its local milliseconds, and its offset if it has one (then it is an instant). */
export interface WrittenDateTime {
  readonly localMs: number
  readonly offsetMs: number | null
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d\d):(\d\d))?$/i
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const ANNUAL = /^(\d\d)-(\d\d)$/
const TIME = /^(\d\d):(\d\d)(?::(\d\d))?$/

const DATE_TIME_FORM = 'an RFC 3339 instant or a local date-time YYYY-MM-DDTHH:MM[:SS[.fff]] that exists'

/** Parses an instant or a local date-time. Throws TriggerError `invalid-trigger`. */
export function parseDateTime(text: string, path: string): WrittenDateTime {
  const parts = text.length <= MAX_TEXT_LENGTH ? DATE_TIME.exec(text) : null
  if (parts === null) return invalid(path, DATE_TIME_FORM, text)
  const days = checkedDay(Number(parts[1]), Number(parts[2]), Number(parts[3]))
  const time = checkedTime(Number(parts[4]), Number(parts[5]), Number(parts[6] ?? 0))
  if (days === null || time === null) return invalid(path, DATE_TIME_FORM, text)
  const localMs = days * DAY_MS + time + Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'))
  if (parts[8] !== undefined) return { localMs, offsetMs: 0 }
  if (parts[9] === undefined) return { localMs, offsetMs: null }
  const offset = checkedTime(Number(parts[10]), Number(parts[11]), 0)
  if (offset === null) return invalid(path, DATE_TIME_FORM, text)
  return { localMs, offsetMs: parts[9] === '-' ? -offset : offset }
}

/** The instant of a date-time text; a local one by the zone's table: gap moved forward, overlap first pass. */
export function resolveDateTime(text: string, table: ZoneTable, path: string): number {
  const { localMs, offsetMs } = parseDateTime(text, path)
  const instant = offsetMs === null ? resolveLocal(table, localMs).instant : localMs - offsetMs
  return instant <= MAX_INSTANT_MS ? instant : invalid(path, 'an instant up to the end of 9999 in UTC', text)
}

/** Day number of `YYYY-MM-DD`. Throws TriggerError `invalid-trigger`. */
export function parseDate(text: string, path: string): number {
  const parts = DATE.exec(text)
  const days = parts === null ? null : checkedDay(Number(parts[1]), Number(parts[2]), Number(parts[3]))
  return days ?? invalid(path, 'a date YYYY-MM-DD that exists', text)
}

/** `month * 32 + day` of `MM-DD`; 02-29 is a date. Throws TriggerError `invalid-trigger`. */
export function parseAnnual(text: string, path: string): number {
  const parts = ANNUAL.exec(text)
  // 1972 is a leap year.
  if (parts === null || checkedDay(1972, Number(parts[1]), Number(parts[2])) === null) {
    return invalid(path, 'a day of the year MM-DD that exists', text)
  }
  return Number(parts[1]) * 32 + Number(parts[2])
}

/** Milliseconds since local midnight of `HH:MM[:SS]`, 00:00 to 23:59:59. Throws TriggerError `invalid-trigger`. */
export function parseTimeOfDay(text: string, path: string): number {
  const parts = TIME.exec(text)
  const time = parts === null ? null : checkedTime(Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0))
  return time ?? invalid(path, 'a time of day HH:MM[:SS] from 00:00 to 23:59:59', text)
}

function checkedDay(year: number, month: number, day: number): number | null {
  if (year < MIN_YEAR || year > MAX_YEAR || month < 1 || month > 12) return null
  if (day < 1 || day > monthLength(year, month)) return null
  return dayNumber(year, month, day)
}

function checkedTime(hour: number, minute: number, second: number): number | null {
  if (hour > 23 || minute > 59 || second > 59) return null
  return hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS
}
