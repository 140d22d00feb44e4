/** Forms and evaluation of `date` and `interval`: triggers without a local schedule. */

import type { Calendars } from './calendars.ts'
import { resolveBounds, tableOf } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { parseDateTime, resolveDateTime } from './date-time-text.ts'
import { formatIsoDuration, isoDurationMs } from './duration.ts'
import { JOB_MEMBERS, optional, readChecked, readZone, required } from './form.ts'
import type { Form, Read } from './form.ts'
import type { IntervalGrid } from './interval-grid.ts'
import { MAX_INTERVAL_MS } from './limits.ts'
import { invalid } from './trigger-error.ts'
import type { DateTrigger, IntervalTrigger } from './trigger.ts'

const INTERVAL_FORM = 'an ISO 8601 duration of W D H M S or milliseconds, at least 1 ms, at most 400 years'

/** An interval's length: ISO 8601 text stays as it is, a number of milliseconds becomes ISO 8601. */
export const readInterval: Read<string> = (value, path) => {
  const text = typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? formatIsoDuration(value) : value
  if (typeof text !== 'string') return invalid(path, INTERVAL_FORM, value)
  if (/^P[^T]*[YM]/.test(text)) {
    return invalid(path, `${INTERVAL_FORM} (years and months have no fixed length: use calendar-interval)`, value)
  }
  const ms = isoDurationMs(text)
  return ms !== null && ms >= 1 && ms <= MAX_INTERVAL_MS ? text : invalid(path, INTERVAL_FORM, value)
}

export const readDateTime: Read<string> = readChecked(parseDateTime)

export const DATE_FORM: Form<DateTrigger> = {
  at: required(readDateTime),
  zone: optional(readZone),
  ...JOB_MEMBERS,
}

export const INTERVAL_TRIGGER_FORM: Form<IntervalTrigger> = {
  every: required(readInterval),
  start: optional(readDateTime),
  end: optional(readDateTime),
  zone: optional(readZone),
  ...JOB_MEMBERS,
}

export function compileDate(trigger: DateTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const at = resolveDateTime(trigger.at, tableOf(calendars, trigger.zone, path), `${path}.at`)
  return { needs: 'nothing', next: (afterMs) => (afterMs < at ? at : null) }
}

/**
 * Fires at start + k × every, k ≥ 0: elapsed time from the start, so nothing drifts and no zone change matters. Without a
 * start k ≥ 1: it begins when its job is added, and fires first one interval later.
 */
export function compileInterval(trigger: IntervalTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const everyMs = isoDurationMs(trigger.every) ?? invalid(`${path}.every`, INTERVAL_FORM, trigger.every)
  const { startMs, endMs } = resolveBounds(trigger, tableOf(calendars, trigger.zone, path), path)
  if (trigger.start !== undefined) return compileGrid({ startMs, everyMs, endMs })
  return {
    needs: 'anchor',
    next: (afterMs, anchorMs = afterMs) => nextOnGrid(anchorMs + everyMs, everyMs, endMs, afterMs),
  }
}

/** A trigger that fires exactly on a grid. */
export function compileGrid(grid: IntervalGrid): CompiledTrigger {
  const { startMs, everyMs, endMs } = grid
  return { needs: 'nothing', grid, next: (afterMs) => nextOnGrid(startMs, everyMs, endMs, afterMs) }
}

function nextOnGrid(startMs: number, everyMs: number, endMs: number, afterMs: number): number | null {
  const at = afterMs < startMs ? startMs : startMs + (Math.floor((afterMs - startMs) / everyMs) + 1) * everyMs
  return at <= endMs ? at : null
}
