/**
 * Proleptic Gregorian calendar arithmetic on integers: no zones, no clock, no Date.
 *
 * A *day number* counts days from 1 January 1970 (= 0). A *month index* is `year * 12 + month - 1`. Weekdays are
 * 0 = Monday … 6 = Sunday. The day-number formulas are those of Howard Hinnant's "chrono-compatible low-level date
 * algorithms".
 */

import { DAY_MS } from './limits.ts'

export interface CivilDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + (yearOfEra >> 2) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

export function civilDate(days: number): CivilDate {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 }
}

/** Weekday of a day number, 0 = Monday. */
export function weekdayOf(days: number): number {
  return (((days + 3) % 7) + 7) % 7
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function monthLength(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** ISO 8601 week number of a day: the week belongs to the year that has its Thursday. */
export function isoWeek(days: number): number {
  const thursday = days - weekdayOf(days) + 3
  const { year } = civilDate(thursday)
  return Math.floor((thursday - dayNumber(year, 1, 1)) / 7) + 1
}

/** Day number of a local time in milliseconds. */
export function dayOfLocal(localMs: number): number {
  return Math.floor(localMs / DAY_MS)
}
