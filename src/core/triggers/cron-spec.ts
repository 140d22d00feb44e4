/**
 * What a cron schedule selects, as masks: the common result of cron fields and crontab text. Also the one question that
 * can be answered without a zone: does any date match at all?
 */

import { hasBit, lowestBit } from './bits.ts'
import type { Bits } from './bits.ts'
import { dayNumber, isLeapYear, isoWeek, monthLength, weekdayOf } from './calendar.ts'
import { dayTable, dayTableIndex } from './day-table.ts'
import type { DaySpec } from './day-table.ts'
import type { Range } from './field-text.ts'
import { MAX_YEAR, MIN_YEAR } from './limits.ts'

/** Values as written, field by field. */
export interface CronSelection {
  readonly seconds: readonly Range[]
  readonly minutes: readonly Range[]
  readonly hours: readonly Range[]
  readonly days: DaySpec
  readonly months: readonly Range[]
  /** ISO weeks; null = all. */
  readonly weeks: readonly Range[] | null
  /** Calendar years; null = all. */
  readonly years: readonly Range[] | null
}

export interface CronSpec {
  readonly seconds: Bits
  readonly minutes: Bits
  /** Bit 0 to 23. */
  readonly hours: number
  /** Bit 1 to 12. */
  readonly months: number
  /** See `day-table.ts`. */
  readonly dayTable: Int32Array
  readonly weeks: Bits | null
  readonly years: readonly Range[] | null
}

const ALL_HOURS = 0xff_ffff

export function cronSpec(selection: CronSelection): CronSpec {
  return {
    seconds: bitsOfRanges(selection.seconds),
    minutes: bitsOfRanges(selection.minutes),
    hours: bitsOfRanges(selection.hours).low,
    months: bitsOfRanges(selection.months).low,
    dayTable: dayTable(selection.days),
    weeks: selection.weeks === null ? null : bitsOfRanges(selection.weeks),
    years: selection.years,
  }
}

/** All values of ranges. */
function bitsOfRanges(ranges: readonly Range[]): Bits {
  let low = 0
  let high = 0
  for (const { from, to, step } of ranges) {
    for (let value = from; value <= to; value += step) {
      if (value < 30) low |= 1 << value
      else high |= 1 << (value - 30)
    }
  }
  return { low, high }
}

/** Judged on the set of hours and not on its spelling: `*`, `0-23` and `0-11,12-23` are the same schedule. */
export function selectsEveryHour(spec: CronSpec): boolean {
  return spec.hours === ALL_HOURS
}

/** Smallest selected year of `from` or more; Infinity if none. */
export function nextYear(years: readonly Range[] | null, from: number): number {
  if (from > MAX_YEAR) return Infinity
  if (years === null) return Math.max(from, MIN_YEAR)
  let best = Infinity
  for (const range of years) {
    const year = from <= range.from ? range.from : range.from + Math.ceil((from - range.from) / range.step) * range.step
    if (year <= range.to && year < best) best = year
  }
  return best
}

/** Matching days of one month as a mask, month and year themselves included in the test. */
export function daysOfMonth(spec: CronSpec, year: number, month: number, firstDayNumber: number): number {
  if (((spec.months >> month) & 1) === 0) return 0
  if (spec.years !== null && nextYear(spec.years, year) !== year) return 0
  const mask = spec.dayTable[dayTableIndex(weekdayOf(firstDayNumber), monthLength(year, month))] ?? 0
  return spec.weeks === null || mask === 0 ? mask : mask & weekMask(spec.weeks, firstDayNumber)
}

/**
 * Whether any date matches. Years of one kind (leap, weekday of 1 January, and for ISO weeks the length of the year
 * before) have the same days, so at most 28 of the selected years are looked at.
 */
export function matchesSomeDate(spec: CronSpec): boolean {
  const seen = new Set<number>()
  for (let year = nextYear(spec.years, MIN_YEAR); year <= MAX_YEAR; year = nextYear(spec.years, year + 1)) {
    const kind = weekdayOf(dayNumber(year, 1, 1)) * 4 + (isLeapYear(year) ? 2 : 0) + (isLeapYear(year - 1) ? 1 : 0)
    // Four centuries of all years have shown every kind.
    if (spec.years === null && year >= MIN_YEAR + 400) return false
    if (seen.has(kind)) continue
    seen.add(kind)
    for (let months = spec.months; months !== 0; months &= months - 1) {
      const month = lowestBit(months)
      if (daysOfMonth(spec, year, month, dayNumber(year, month, 1)) !== 0) return true
    }
  }
  return false
}

/** Days of the month whose ISO week is selected. */
function weekMask(weeks: Bits, firstDayNumber: number): number {
  let mask = 0
  // Monday of the week of the 1st, as a day of the month: 1 or less.
  let monday = 1 - weekdayOf(firstDayNumber)
  for (; monday <= 31; monday += 7) {
    if (!hasBit(weeks, isoWeek(firstDayNumber + monday - 1))) continue
    mask |= monday >= 1 ? 127 << monday : (127 << 1) >> (1 - monday)
  }
  return mask & -2
}
