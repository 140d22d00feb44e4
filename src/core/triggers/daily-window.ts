/**
 * Form and evaluation of `daily-window`: a grid that begins anew each day at `from`. A window over midnight belongs to
 * the day on which it begins. Zone changes are `zoned-next.ts`'s matter, by the same policies as for cron.
 */

import { dayOfLocal, weekdayOf } from './calendar.ts'
import type { Calendars } from './calendars.ts'
import { compileZoned, resolveBounds, tableOf } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { parseTimeOfDay } from './date-time-text.ts'
import { isoDurationMs } from './duration.ts'
import { JOB_MEMBERS, optional, readChecked, readDst, readWeekdays, readZone, required, weekdayBits } from './form.ts'
import type { Form } from './form.ts'
import { DAY_MS, HOUR_MS } from './limits.ts'
import { readDateTime, readInterval } from './simple-triggers.ts'
import { invalid } from './trigger-error.ts'
import type { DailyWindowTrigger } from './trigger.ts'
import type { LocalSchedule } from './zoned-next.ts'

export const DAILY_WINDOW_FORM: Form<DailyWindowTrigger> = {
  every: required(readInterval),
  from: required(readChecked(parseTimeOfDay)),
  to: required(readChecked(parseTimeOfDay)),
  weekdays: optional(readWeekdays),
  zone: optional(readZone),
  dst: optional(readDst),
  start: optional(readDateTime),
  end: optional(readDateTime),
  ...JOB_MEMBERS,
}

interface Grid {
  /** Milliseconds from local midnight. */
  readonly from: number
  /** Length of the window, inclusive. */
  readonly span: number
  readonly every: number
  /** Bit 0 = Monday. */
  readonly weekdays: number
}

const ALL_WEEKDAYS = 127

export function compileDailyWindow(trigger: DailyWindowTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const every = isoDurationMs(trigger.every) ?? Infinity
  if (every > DAY_MS) invalid(`${path}.every`, 'at most 24 hours (the grid begins anew each day)', trigger.every)
  const from = parseTimeOfDay(trigger.from, `${path}.from`)
  const to = parseTimeOfDay(trigger.to, `${path}.to`)
  const grid: Grid = {
    from,
    span: to >= from ? to - from : to + DAY_MS - from,
    every,
    weekdays: trigger.weekdays === undefined ? ALL_WEEKDAYS : weekdayBits(trigger.weekdays),
  }
  const table = tableOf(calendars, trigger.zone, path)
  return compileZoned(gridSchedule(grid), table, trigger.dst, resolveBounds(trigger, table, path))
}

function gridSchedule(grid: Grid): LocalSchedule {
  return {
    everyHour: touchesEveryHour(grid),
    nextLocal: (localMs) => {
      if (localMs === Infinity) return Infinity
      // The window of the day before may still run; after it, one of eight days has a selected weekday.
      for (let day = Math.max(0, dayOfLocal(localMs) - 1); ; day++) {
        if (((grid.weekdays >> weekdayOf(day)) & 1) === 0) continue
        const begin = day * DAY_MS + grid.from
        if (localMs <= begin) return begin
        const into = Math.ceil((localMs - begin) / grid.every) * grid.every
        if (into <= grid.span) return begin + into
      }
    },
  }
}

/** Whether each of the 24 hours has a point of the grid. */
function touchesEveryHour(grid: Grid): boolean {
  for (let hour = 0; hour < 24; hour++) {
    // The hour as an offset into the window; the one in which the window begins has its first point.
    const low = (hour * HOUR_MS - grid.from + DAY_MS) % DAY_MS
    if (low + HOUR_MS > DAY_MS) continue
    const point = Math.ceil(low / grid.every) * grid.every
    if (point > grid.span || point >= low + HOUR_MS) return false
  }
  return true
}
