/** `nextFireTime` as programs call it: with the time zones and the optional packages of this process. */
import { createSystemCalendars } from './adapters/calendars/system-calendars.ts'
import { nextFireTime as next } from './core/triggers/next-fire-time.ts'
import type { Trigger } from './core/triggers/trigger.ts'
import type { Calendars } from './ports/calendars.ts'

let calendars: Calendars | undefined

/**
 * First nominal fire, in epoch milliseconds, strictly later than `after` (epoch ms or a Date); null when there is none up to
 * the end of 9999. Jitter is not added and `repeat` not counted: both are the job's. `anchor` (default `after`) is the
 * start of an interval or calendar interval that has none. A trigger without a zone is read in UTC.
 *
 * Throws TriggerError: for an invalid trigger, and `unsupported` for `H` without a value, or for holidays when the package
 * date-holidays is not installed. Throws RangeError for an `after` or `anchor` that is no time.
 */
export function nextFireTime(trigger: Trigger, after: number | Date, anchor?: number | Date): number | null {
  calendars ??= createSystemCalendars()
  return next(trigger, epochMs(after), anchor === undefined ? undefined : epochMs(anchor), calendars)
}

function epochMs(at: number | Date): number {
  return at instanceof Date ? at.getTime() : at
}
