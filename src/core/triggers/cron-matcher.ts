/**
 * Next local time that a cron specification selects. No zones: a local time is a number of milliseconds, as if it were
 * UTC. Days are found in month masks, times of day in field masks; nothing steps.
 *
 * A matcher keeps the month it looked at last. That saves the calendar arithmetic of the next call and changes no
 * answer: every call is a function of its argument.
 */

import { lowestBit, nextBit } from './bits.ts'
import type { Bits } from './bits.ts'
import { civilDate, dayNumber, monthLength } from './calendar.ts'
import { daysOfMonth, nextYear, selectsEveryHour } from './cron-spec.ts'
import type { CronSpec } from './cron-spec.ts'
import { SECOND_MS } from './limits.ts'
import type { LocalSchedule } from './zoned-next.ts'

const DAY_SECONDS = 86_400

export function cronMatcher(spec: CronSpec): LocalSchedule {
  const { seconds, minutes, hours } = spec
  const firstSecond = nextBit(seconds, 0)
  const firstOfHour = nextBit(minutes, 0) * 60 + firstSecond
  const firstOfDay = lowestBit(hours) * 3_600 + firstOfHour
  const lastOfDay = lastOf(hours) * 3_600 + lastOfBits(minutes) * 60 + lastOfBits(seconds)
  const days = dayFinder(spec)

  /** Next selected second of the day, or -1. */
  function nextTime(secondOfDay: number): number {
    if (secondOfDay > lastOfDay) return -1
    const hour = (secondOfDay / 3_600) | 0
    if (((hours >> hour) & 1) === 1) {
      const inHour = secondOfDay - hour * 3_600
      const minute = (inHour / 60) | 0
      if (nextBit(minutes, minute) === minute) {
        const second = nextBit(seconds, inHour - minute * 60)
        if (second !== -1) return hour * 3_600 + minute * 60 + second
      }
      const later = minute === 59 ? -1 : nextBit(minutes, minute + 1)
      if (later !== -1) return hour * 3_600 + later * 60 + firstSecond
    }
    const laterHours = hours & (-1 << (hour + 1))
    return laterHours === 0 ? -1 : lowestBit(laterHours) * 3_600 + firstOfHour
  }

  function nextLocal(localMs: number): number {
    // Local times before 1970 are in no selected year.
    const local = localMs <= 0 ? 0 : Math.ceil(localMs / SECOND_MS)
    const day = Math.floor(local / DAY_SECONDS)
    const found = days(day)
    if (found === day) {
      const time = nextTime(local - day * DAY_SECONDS)
      if (time !== -1) return (day * DAY_SECONDS + time) * SECOND_MS
      return (days(day + 1) * DAY_SECONDS + firstOfDay) * SECOND_MS
    }
    return (found * DAY_SECONDS + firstOfDay) * SECOND_MS
  }
  return { nextLocal, everyHour: selectsEveryHour(spec) }
}

function lastOf(mask: number): number {
  return 31 - Math.clz32(mask)
}

function lastOfBits(bits: Bits): number {
  return bits.high === 0 ? lastOf(bits.low) : 30 + lastOf(bits.high)
}

/** Next selected day number of `from` or more; Infinity after the last. */
function dayFinder(spec: CronSpec): (from: number) => number {
  let firstDayNumber = 0
  let endDayNumber = 0
  let mask = 0
  let year = 0
  let month = 0

  function load(newYear: number, newMonth: number): void {
    year = newYear
    month = newMonth
    firstDayNumber = dayNumber(year, month, 1)
    endDayNumber = firstDayNumber + monthLength(year, month)
    mask = daysOfMonth(spec, year, month, firstDayNumber)
  }

  function nextMonth(): boolean {
    const later = month === 12 ? 0 : spec.months & (-1 << (month + 1))
    const sameYear = later !== 0 && (spec.years === null || nextYear(spec.years, year) === year)
    if (sameYear) {
      load(year, lowestBit(later))
      return true
    }
    const next = nextYear(spec.years, year + 1)
    if (next === Infinity) return false
    load(next, lowestBit(spec.months))
    return true
  }

  return (from) => {
    if (from < firstDayNumber || from >= endDayNumber) {
      if (from === Infinity) return Infinity
      const date = civilDate(from)
      load(date.year, date.month)
    }
    let bits = mask & (-1 << (from - firstDayNumber + 1))
    while (bits === 0) {
      if (!nextMonth()) return Infinity
      bits = mask
    }
    return firstDayNumber + lowestBit(bits) - 1
  }
}
