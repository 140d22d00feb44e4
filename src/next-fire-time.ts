/** `nextFireTime` as programs call it: with the time zones and the optional packages of this process. */
import { createSystemCalendars } from './adapters/calendars/system-calendars.ts'
import { nextFireTime as next } from './core/triggers/next-fire-time.ts'
import type { Trigger } from './core/triggers/trigger.ts'
import type { Calendars } from './ports/calendars.ts'

let calendars: Calendars | undefined

/**
 * First nominal fire, in epoch milliseconds, strictly later than `after`; null when there is none up to the end of 9999.
 * Jitter is not added and `repeat` not counted: both are the job's. `anchor` (epoch ms, default `after`) is the start of
 * an interval or calendar interval that has none. A trigger without a zone is read in UTC.
 *
 * Throws TriggerError: for an invalid trigger, and `unsupported` for `H` without a value, or for holidays when the package
 * date-holidays is not installed.
 */
export function nextFireTime(trigger: Trigger, after: number, anchor?: number): number | null {
  calendars ??= createSystemCalendars()
  return next(trigger, after, anchor, calendars)
}
