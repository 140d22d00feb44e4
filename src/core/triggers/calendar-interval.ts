/**
 * Form and evaluation of `calendar-interval`: steps of the calendar at a local time of day.
 *
 * Each date follows from the one before: months and years first, then weeks and days. A month without that day is
 * passed over (31 January + 1 month is 31 March), never clamped. A date whose time lies in a gap is left out, but the
 * steps go on from it; in an overlap the first pass fires. (APScheduler's documented rules.)
 */

import { civilDate, dayNumber, dayOfLocal, monthLength } from './calendar.ts'
import type { Calendars } from './calendars.ts'
import { tableOf } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { parseDate, parseTimeOfDay } from './date-time-text.ts'
import { JOB_MEMBERS, optional, readChecked, readInteger, readZone } from './form.ts'
import type { Form } from './form.ts'
import { DAY_MS, MAX_INSTANT_MS, MAX_YEAR } from './limits.ts'
import { TriggerError, invalid, show } from './trigger-error.ts'
import type { CalendarIntervalTrigger } from './trigger.ts'
import { resolveLocal } from './zone.ts'

const MAX_YEARS = 1_000

export const CALENDAR_INTERVAL_FORM: Form<CalendarIntervalTrigger> = {
  years: optional(readInteger(0, MAX_YEARS)),
  months: optional(readInteger(0, MAX_YEARS * 12)),
  weeks: optional(readInteger(0, MAX_YEARS * 53)),
  days: optional(readInteger(0, MAX_YEARS * 366)),
  time: optional(readChecked(parseTimeOfDay)),
  zone: optional(readZone),
  start: optional(readChecked(parseDate)),
  end: optional(readChecked(parseDate)),
  ...JOB_MEMBERS,
}

/** Length of a step; at least one of the two is more than 0. */
interface Step {
  readonly months: number
  readonly days: number
}

export function compileCalendarInterval(
  trigger: CalendarIntervalTrigger,
  path: string,
  calendars: Calendars,
): CompiledTrigger {
  const step: Step = {
    months: (trigger.years ?? 0) * 12 + (trigger.months ?? 0),
    days: (trigger.weeks ?? 0) * 7 + (trigger.days ?? 0),
  }
  if (step.months === 0 && step.days === 0) invalid(path, 'years, months, weeks or days to be 1 or more', undefined)
  const table = tableOf(calendars, trigger.zone, path)
  const time = parseTimeOfDay(trigger.time ?? '00:00', `${path}.time`)
  const startDay = trigger.start === undefined ? null : parseDate(trigger.start, `${path}.start`)
  const endDay = trigger.end === undefined ? dayNumber(MAX_YEAR, 12, 31) : parseDate(trigger.end, `${path}.end`)
  if (startDay !== null && endDay < startDay) {
    const message = `expected an end that is not before the start ${show(trigger.start)}, got ${show(trigger.end)}`
    throw new TriggerError('invalid-trigger', `${path}.end`, message)
  }

  // A date of the sequence where the last search began: it saves walking from the start and changes no answer.
  let cursor = Infinity
  const localDayAt = (instantMs: number): number => dayOfLocal(instantMs + table.segmentAt(instantMs).offset)
  return {
    needs: startDay === null ? 'anchor' : 'nothing',
    next: (afterMs, anchorMs = afterMs) => {
      // A time moves by less than two days between local and UTC, whatever the zone.
      const low = localDayAt(afterMs) - 2
      const from = startDay ?? localDayAt(anchorMs)
      let day = dateAtLeast(startDay !== null && cursor <= low ? cursor : from, low, step)
      cursor = day
      for (; day <= endDay; day = following(day, step)) {
        const { instant, inGap } = resolveLocal(table, day * DAY_MS + time)
        if (instant > MAX_INSTANT_MS) return null
        if (!inGap && instant > afterMs) return instant
      }
      return null
    },
  }
}

/** First date of the sequence from `start` that is `low` or later. */
function dateAtLeast(start: number, low: number, step: Step): number {
  if (low <= start) return start
  if (step.months === 0) return start + Math.ceil((low - start) / step.days) * step.days
  let day = start
  if (step.days === 0) {
    const from = civilDate(start)
    const to = civilDate(low)
    const months = (to.year - from.year) * 12 + to.month - from.month
    const skipped = Math.floor(months / step.months) * step.months
    day = addMonths(start, skipped) ?? following(start, { months: skipped, days: 0 }, step.months)
  }
  while (day < low) day = following(day, step)
  return day
}

/** The date after `day`; Infinity beyond the last year. `retry` is the further step over months that lack the day. */
function following(day: number, step: Step, retry: number = step.months): number {
  if (step.months === 0) return day + step.days
  for (let months = step.months; months <= (MAX_YEAR + 1) * 12; months += retry) {
    const date = addMonths(day, months)
    if (date !== null) return date + step.days
  }
  return Infinity
}

/** The same day of the month so many months later; null where that month lacks it. */
function addMonths(day: number, months: number): number | null {
  const from = civilDate(day)
  const index = from.year * 12 + from.month - 1 + months
  const year = Math.floor(index / 12)
  const month = (index % 12) + 1
  return from.day <= monthLength(year, month) ? dayNumber(year, month, from.day) : null
}
