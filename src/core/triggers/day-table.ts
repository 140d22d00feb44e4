/**
 * Days of a month as masks, for every kind of month at once. Whatever depends on the day of the month or the weekday
 * (lists, nth, last, L, W) is a function of the weekday of the 1st and the length of the month: 28 kinds, one table of
 * 28 masks, made when a trigger is made. Finding the next day is then a shift, without stepping through days.
 *
 * Weekdays are 0 = Monday here, whatever the text counted from. Bit d of a mask is day d.
 */

/** One item of a day or weekday field. */
export type DayItem =
  | { readonly kind: 'days'; readonly mask: number }
  /** Seven bits, bit 0 = Monday. */
  | { readonly kind: 'weekdays'; readonly bits: number }
  | { readonly kind: 'last-day' }
  /** Last Monday-to-Friday day of the month. */
  | { readonly kind: 'last-workday' }
  /** The Monday-to-Friday day of the same month that is nearest to `day`; none in a month without that day. */
  | { readonly kind: 'nearest-workday'; readonly day: number }
  | { readonly kind: 'nth-weekday'; readonly weekday: number; readonly nth: number }
  | { readonly kind: 'last-weekday'; readonly weekday: number }

/** Two fields, each the union of its items, and how they meet. */
export interface DaySpec {
  readonly day: readonly DayItem[]
  readonly weekday: readonly DayItem[]
  readonly meet: 'and' | 'or'
}

export const EVERY_DAY: DayItem = { kind: 'days', mask: -2 }
export const EVERY_WEEKDAY: DayItem = { kind: 'weekdays', bits: 127 }

const MAX_TABLES = 2_048
const tables = new Map<string, Int32Array>()

/** Index into a table: weekday of the 1st (0 = Monday), length 28 to 31. */
export function dayTableIndex(firstWeekday: number, length: number): number {
  return firstWeekday * 4 + length - 28
}

/** The table of a specification. Equal ones share a table: most schedules have one of a few. */
export function dayTable(spec: DaySpec): Int32Array {
  const key = JSON.stringify(spec)
  const known = tables.get(key)
  if (known !== undefined) return known
  const table = new Int32Array(28)
  for (let first = 0; first < 7; first++) {
    for (let length = 28; length <= 31; length++) {
      const day = unionOf(spec.day, first, length)
      const weekday = unionOf(spec.weekday, first, length)
      const met = spec.meet === 'and' ? day & weekday : day | weekday
      table[dayTableIndex(first, length)] = met & daysUpTo(length)
    }
  }
  if (tables.size >= MAX_TABLES) tables.clear()
  tables.set(key, table)
  return table
}

function unionOf(items: readonly DayItem[], first: number, length: number): number {
  let mask = 0
  for (const item of items) mask |= maskOf(item, first, length)
  return mask
}

function maskOf(item: DayItem, first: number, length: number): number {
  switch (item.kind) {
    case 'days':
      return item.mask
    case 'weekdays':
      return weekdayMask(item.bits, first)
    case 'last-day':
      return 1 << length
    case 'last-workday':
      return 1 << highestBit(weekdayMask(0b0011111, first) & daysUpTo(length))
    case 'nearest-workday':
      return item.day > length ? 0 : 1 << nearestWorkday(item.day, first, length)
    case 'nth-weekday': {
      const day = 1 + ((item.weekday - first + 7) % 7) + (item.nth - 1) * 7
      return day > length ? 0 : 1 << day
    }
    case 'last-weekday':
      return 1 << highestBit(weekdayMask(1 << item.weekday, first) & daysUpTo(length))
  }
}

/** Days 1 to 31 that fall on one of the weekdays, in a month that begins on `first`. */
function weekdayMask(bits: number, first: number): number {
  const week = ((bits >> first) | (bits << (7 - first))) & 127
  return (week << 1) | (week << 8) | (week << 15) | (week << 22) | (week << 29)
}

function nearestWorkday(day: number, first: number, length: number): number {
  const weekday = (first + day - 1) % 7
  if (weekday === 5) return day === 1 ? 3 : day - 1
  if (weekday === 6) return day === length ? day - 2 : day + 1
  return day
}

function daysUpTo(length: number): number {
  return length === 31 ? -2 : ((1 << (length + 1)) - 1) & -2
}

function highestBit(mask: number): number {
  return 31 - Math.clz32(mask)
}
