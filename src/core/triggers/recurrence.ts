/**
 * Recurrence rules of RFC 5545 in local time: the next local time that a rule selects. No zones and no COUNT here; see
 * `rrule-trigger.ts`.
 *
 * Terms. A *period* is one year, month, week, day, hour, minute or second, as FREQ says; every INTERVAL-th from the one
 * of DTSTART is looked at. The occurrences of a period are its selected days times its selected times of day, of which
 * BYSETPOS chooses.
 *
 * DTSTART itself is no occurrence unless the rule selects it, and gives what the rule leaves open: time of day, day of
 * the month, weekday (for BYWEEKNO alone too).
 */

import { civilDate, dayNumber, dayOfLocal, isLeapYear, monthLength, weekdayOf } from './calendar.ts'
import { DAY_MS, HOUR_MS, MAX_INSTANT_MS, MAX_RULE_STEPS, MINUTE_MS, SECOND_MS } from './limits.ts'
import type { Frequency, RecurrenceRule } from './recurrence-rule.ts'
import type { LocalSchedule } from './zoned-next.ts'

/** Lengths of the periods that have a fixed one. */
const FIXED_MS: Readonly<Partial<Record<Frequency, number>>> = {
  WEEKLY: 7 * DAY_MS,
  DAILY: DAY_MS,
  HOURLY: HOUR_MS,
  MINUTELY: MINUTE_MS,
  SECONDLY: SECOND_MS,
}

/** Selected times of day: hours × minutes × seconds, in order. */
interface Times {
  readonly hours: readonly number[]
  readonly minutes: readonly number[]
  readonly seconds: readonly number[]
}

interface Period {
  readonly begin: number
  readonly days: readonly number[]
  readonly times: Times
  /** Nothing is selected before this local time, by what ruled the period out. */
  readonly resume: number
}

/** A schedule that says how much it has searched. */
export interface Recurrence extends LocalSchedule {
  /**
   * Steps of all calls so far, each of 0.1 µs or so. What a call adds depends on its argument alone; for the period in which it begins
   * it adds little, as that one is known from the call before.
   */
  readonly steps: () => number
}

export function recurrence(given: RecurrenceRule, startMs: number): Recurrence {
  const rule = withDefaults(given, startMs)
  const periods = periodsOf(rule, startMs)
  const matches = dayMatcher(rule)
  const perCall = stepsPerCall(rule)
  const perPeriod = stepsPerPeriod(rule, periods.days)
  let taken = 0
  let known: { readonly index: number; readonly period: Period } | null = null

  function periodAt(index: number): Period {
    if (known?.index === index) return known.period
    const period = selected(rule, periods.begin(index), periods.end(index), matches)
    known = { index, period }
    return period
  }

  return {
    everyHour: false,
    steps: () => taken,
    nextLocal: (localMs) => {
      const from = Math.max(localMs, startMs)
      if (from > MAX_INSTANT_MS) return Infinity
      let index = periods.firstEndingAfter(from)
      taken += perCall
      for (let steps = 0; steps < MAX_RULE_STEPS; steps += periods.days) {
        const period = periodAt(index)
        if (period.begin > MAX_INSTANT_MS) return Infinity
        const found = firstOf(period, rule.positions, from)
        if (found !== null) return found
        taken += perPeriod
        index = Math.max(index + 1, periods.firstEndingAfter(period.resume))
      }
      return Infinity
    },
  }
}

/** A search in one period: by bisection, or at each position. */
function stepsPerCall({ positions }: RecurrenceRule): number {
  return 4 + (positions?.length ?? 0) / 4
}

/** Looking at one more period: each of its days is compared with the lists of days. */
function stepsPerPeriod(rule: RecurrenceRule, days: number): number {
  const lists = [rule.months, rule.weeks, rule.yearDays, rule.monthDays, rule.weekdays]
  const listed = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0)
  return 1 + (days / 4) * (1 + listed / 16) + (rule.positions?.length ?? 0) / 4
}

/** What DTSTART gives where the rule is open. */
function withDefaults(rule: RecurrenceRule, startMs: number): RecurrenceRule {
  const day = dayOfLocal(startMs)
  const date = civilDate(day)
  const time = startMs - day * DAY_MS
  const { frequency } = rule
  const noDays = rule.yearDays === null && rule.monthDays === null && rule.weekdays === null
  const ofWeekday = noDays && (frequency === 'WEEKLY' || rule.weeks !== null)
  const ofMonth = noDays && !ofWeekday && (frequency === 'YEARLY' || frequency === 'MONTHLY')
  const rank = SHORT.indexOf(frequency)
  return {
    ...rule,
    months: rule.months ?? (ofMonth && frequency === 'YEARLY' ? [date.month] : null),
    monthDays: rule.monthDays ?? (ofMonth ? [date.day] : null),
    weekdays: rule.weekdays ?? (ofWeekday ? [{ weekday: weekdayOf(day), nth: 0 }] : null),
    hours: rule.hours ?? (rank < 0 ? [Math.floor(time / HOUR_MS)] : null),
    minutes: rule.minutes ?? (rank < 1 ? [Math.floor(time / MINUTE_MS) % 60] : null),
    seconds: rule.seconds ?? (rank < 2 ? [Math.floor(time / SECOND_MS) % 60] : null),
  }
}

const SHORT: readonly Frequency[] = ['HOURLY', 'MINUTELY', 'SECONDLY']

interface Periods {
  begin(index: number): number
  end(index: number): number
  /** Smallest index, 0 or more, of a period that ends later than `localMs`. */
  firstEndingAfter(localMs: number): number
  /** Days that one of them has at most. */
  readonly days: number
}

/** The periods that are looked at, by number: 0 has DTSTART in it. */
function periodsOf(rule: RecurrenceRule, startMs: number): Periods {
  const length = FIXED_MS[rule.frequency]
  if (length === undefined) return monthPeriods(rule, startMs)
  const step = length * rule.interval
  const day = dayOfLocal(startMs)
  const origin =
    rule.frequency === 'WEEKLY'
      ? (day - ((weekdayOf(day) - rule.weekStart + 7) % 7)) * DAY_MS
      : Math.floor(startMs / length) * length
  return {
    begin: (index) => origin + index * step,
    end: (index) => origin + index * step + length,
    firstEndingAfter: (localMs) => Math.max(0, Math.ceil((localMs + 1 - length - origin) / step)),
    days: rule.frequency === 'WEEKLY' ? 7 : 1,
  }
}

function monthPeriods(rule: RecurrenceRule, startMs: number): Periods {
  const unit = rule.frequency === 'YEARLY' ? 12 : 1
  const monthOf = (localMs: number): number => {
    const date = civilDate(dayOfLocal(localMs))
    return date.year * 12 + date.month - 1
  }
  const begin = (month: number): number => dayNumber(Math.floor(month / 12), (month % 12) + 1, 1) * DAY_MS
  const origin = Math.floor(monthOf(startMs) / unit) * unit
  const step = unit * rule.interval
  return {
    begin: (index) => begin(origin + index * step),
    end: (index) => begin(origin + index * step + unit),
    firstEndingAfter: (localMs) => Math.max(0, Math.ceil((monthOf(localMs) + 1 - unit - origin) / step)),
    days: unit === 12 ? 366 : 31,
  }
}

function selected(rule: RecurrenceRule, begin: number, end: number, matches: (day: number) => boolean): Period {
  const first = dayOfLocal(begin)
  const days: number[] = []
  for (let day = first; day * DAY_MS < end; day++) if (matches(day)) days.push(day)
  const { frequency } = rule
  const rank = SHORT.indexOf(frequency)
  const time = begin - first * DAY_MS
  const times = {
    hours: rank < 0 ? (rule.hours ?? []) : kept(rule.hours, Math.floor(time / HOUR_MS)),
    minutes: rank < 1 ? (rule.minutes ?? []) : kept(rule.minutes, Math.floor(time / MINUTE_MS) % 60),
    seconds: rank < 2 ? (rule.seconds ?? []) : kept(rule.seconds, Math.floor(time / SECOND_MS) % 60),
  }
  return { begin, days, times, resume: resumeOf(begin, end, days, times) }
}

/** A short period has one hour, minute or second, which the rule may leave out. */
function kept(allowed: readonly number[] | null, value: number): readonly number[] {
  return allowed === null || allowed.includes(value) ? [value] : []
}

/** The largest unit that is left out is left out whole. */
function resumeOf(begin: number, end: number, days: readonly number[], times: Times): number {
  if (days.length === 0) return Math.max(end, (dayOfLocal(begin) + 1) * DAY_MS)
  if (times.hours.length === 0) return (Math.floor(begin / HOUR_MS) + 1) * HOUR_MS
  if (times.minutes.length === 0) return (Math.floor(begin / MINUTE_MS) + 1) * MINUTE_MS
  return begin
}

/** First occurrence of the period at `from` or later; null for none. */
function firstOf(period: Period, positions: readonly number[] | null, from: number): number | null {
  const { days, times } = period
  const { hours, minutes, seconds } = times
  const perDay = hours.length * minutes.length * seconds.length
  if (days.length === 0 || perDay === 0) return null
  const at = (place: number): number => {
    const inDay = place % perDay
    const hour = hours[Math.floor(inDay / (minutes.length * seconds.length))] ?? 0
    const minute = minutes[Math.floor(inDay / seconds.length) % minutes.length] ?? 0
    const second = seconds[inDay % seconds.length] ?? 0
    return (days[Math.floor(place / perDay)] ?? 0) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS
  }
  const count = days.length * perDay
  if (positions === null) {
    const place = firstAtLeast(count, at, from)
    return place < count ? at(place) : null
  }
  let found: number | null = null
  for (const position of positions) {
    const place = position > 0 ? position - 1 : count + position
    if (place < 0 || place >= count) continue
    const time = at(place)
    if (time >= from && (found === null || time < found)) found = time
  }
  return found
}

/** Smallest place whose value is `from` or more, by bisection; `count` if there is none. */
function firstAtLeast(count: number, at: (place: number) => number, from: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (at(middle) < from) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether all parts of a rule about days select a day. */
function dayMatcher(rule: RecurrenceRule): (day: number) => boolean {
  const { months, weeks, yearDays, monthDays, weekdays } = rule
  const nthInYear = rule.frequency === 'YEARLY' && months === null
  return (day) => {
    const date = civilDate(day)
    if (months !== null && !months.includes(date.month)) return false
    const lengthOfMonth = monthLength(date.year, date.month)
    if (monthDays !== null && !isIn(monthDays, date.day, lengthOfMonth)) return false
    if (weeks !== null && !isInWeek(weeks, day, rule.weekStart)) return false
    if (yearDays === null && weekdays === null) return true
    const dayOfYear = day - dayNumber(date.year, 1, 1) + 1
    const lengthOfYear = isLeapYear(date.year) ? 366 : 365
    if (yearDays !== null && !isIn(yearDays, dayOfYear, lengthOfYear)) return false
    if (weekdays === null) return true
    const place = nthInYear ? dayOfYear : date.day
    const last = nthInYear ? lengthOfYear : lengthOfMonth
    const nth = Math.ceil(place / 7)
    const nthFromEnd = -Math.ceil((last - place + 1) / 7)
    const weekday = weekdayOf(day)
    return weekdays.some(
      (one) => one.weekday === weekday && (one.nth === 0 || one.nth === nth || one.nth === nthFromEnd),
    )
  }
}

/** `value` of 1 to `last`, also counted from the end: -1 is the last. */
function isIn(list: readonly number[], value: number, last: number): boolean {
  return list.includes(value) || list.includes(value - last - 1)
}

/** Weeks begin on `weekStart`, and belong to the year that has four of their days. */
function isInWeek(weeks: readonly number[], day: number, weekStart: number): boolean {
  const fourth = day - ((weekdayOf(day) - weekStart + 7) % 7) + 3
  const { year } = civilDate(fourth)
  const week = Math.floor((fourth - dayNumber(year, 1, 1)) / 7) + 1
  const january4 = dayNumber(year + 1, 1, 4)
  const nextYear = january4 - ((weekdayOf(january4) - weekStart + 7) % 7) + 3
  return isIn(weeks, week, week + (nextYear - fourth) / 7 - 1)
}
