/**
 * Constructors of triggers for programs: they accept instants and durations in the forms that programs have, and return
 * the frozen JSON form. All throw TriggerError as `parseTrigger` does.
 */

import { formatIsoDuration, isoDurationMs, parseDurationMs } from './duration.ts'
import type { DurationInput } from './duration.ts'
import { parseInstantMs } from './instant.ts'
import type { InstantInput } from './instant.ts'
import { parseTrigger } from './parse-trigger.ts'
import type {
  AndTrigger,
  CalendarIntervalTrigger,
  CronFields,
  CronTrigger,
  CrontabTrigger,
  DailyWindowTrigger,
  DateTrigger,
  DstPolicy,
  ExcludingTrigger,
  Exclusion,
  IntervalTrigger,
  JobMembers,
  OrTrigger,
  RRuleTrigger,
  Trigger,
} from './trigger.ts'

/** An instant in any form, or a local date-time text in the trigger's zone. */
export type When = InstantInput

export interface DateOptions extends JobMembers {
  /** IANA name or `±HH:MM`; default: the scheduler's. */
  readonly zone?: string
}

export interface IntervalOptions extends DateOptions {
  /** Anchor of the grid and first fire; default: when the job is added. */
  readonly start?: When
  /** Last possible fire, inclusive. */
  readonly end?: When
}

export interface CronOptions extends IntervalOptions {
  /** Default `compatible`. */
  readonly dst?: DstPolicy
}

/** Fields as texts, or whole numbers for single values. */
export type CronFieldsInput = { readonly [K in keyof CronFields]?: string | number }

export type CalendarIntervalOptions = Omit<CalendarIntervalTrigger, 'type'>

export interface DailyWindowOptions extends CronOptions {
  readonly every: DurationInput
  readonly from: string
  readonly to: string
  readonly weekdays?: DailyWindowTrigger['weekdays']
}

/** Fires once. A text without an offset is local time in `zone`. */
export function date(at: When, options: DateOptions = {}): DateTrigger {
  return parseTrigger({ ...options, type: 'date', at: whenText(at, 'trigger.at') }) as DateTrigger
}

/** Fires every so much elapsed time. */
export function interval(every: DurationInput, options: IntervalOptions = {}): IntervalTrigger {
  const json = { ...withTexts(options), type: 'interval', every: durationText(every, 'trigger.every') }
  return parseTrigger(json) as IntervalTrigger
}

/** Crontab text (0 = Sunday, day OR weekday), or fields by name (0 = Monday, all must match). */
export function cron(text: string, options?: CronOptions): CrontabTrigger
export function cron(fields: CronFieldsInput, options?: CronOptions): CronTrigger
export function cron(textOrFields: string | CronFieldsInput, options: CronOptions = {}): CrontabTrigger | CronTrigger {
  if (typeof textOrFields === 'string') return crontab(textOrFields, options)
  const fields = fieldTexts(textOrFields)
  return parseTrigger({ ...withTexts(options), type: 'cron', fields }) as CronTrigger
}

/** Crontab text of 5 or 6 fields, or an alias as `@daily`. */
export function crontab(expression: string, options: CronOptions = {}): CrontabTrigger {
  return parseTrigger({ ...withTexts(options), type: 'crontab', expression }) as CrontabTrigger
}

/** Steps of the calendar: `{ months: 1, time: '08:00', start: '2024-01-31' }`. */
export function calendarInterval(options: CalendarIntervalOptions): CalendarIntervalTrigger {
  return parseTrigger({ ...options, type: 'calendar-interval' }) as CalendarIntervalTrigger
}

/** A grid within each day: `{ every: '15m', from: '09:00', to: '17:00' }`. */
export function dailyWindow(options: DailyWindowOptions): DailyWindowTrigger {
  const json = { ...withTexts(options), type: 'daily-window', every: durationText(options.every, 'trigger.every') }
  return parseTrigger(json) as DailyWindowTrigger
}

/** RFC 5545: a DTSTART line and an RRULE line. */
export function rrule(rule: string, options: JobMembers = {}): RRuleTrigger {
  return parseTrigger({ ...options, type: 'rrule', rule }) as RRuleTrigger
}

/** The instants that all have in common. */
export function and(triggers: readonly Trigger[], options: JobMembers = {}): AndTrigger {
  return parseTrigger({ ...options, type: 'and', triggers }) as AndTrigger
}

/** The instants of any. */
export function or(triggers: readonly Trigger[], options: JobMembers = {}): OrTrigger {
  return parseTrigger({ ...options, type: 'or', triggers }) as OrTrigger
}

/** A trigger without the days and times of `exclude`, which are local times in `zone`. */
export function excluding(
  trigger: Trigger,
  exclude: Exclusion | readonly Exclusion[],
  options: DateOptions = {},
): ExcludingTrigger {
  const list = Array.isArray(exclude) ? exclude : [exclude]
  return parseTrigger({ ...options, type: 'excluding', trigger, exclude: list }) as ExcludingTrigger
}

function withTexts(options: IntervalOptions): object {
  return {
    ...options,
    start: options.start === undefined ? undefined : whenText(options.start, 'trigger.start'),
    end: options.end === undefined ? undefined : whenText(options.end, 'trigger.end'),
  }
}

/** Text stays text: it may be local time. Everything else becomes an RFC 3339 instant. */
function whenText(when: When, path: string): string {
  return typeof when === 'string' ? when : new Date(parseInstantMs(when, path)).toISOString()
}

function durationText(every: DurationInput, path: string): string {
  if (typeof every === 'string' && isoDurationMs(every) !== null) return every
  // Months and signs of ISO 8601 get the interval's own message.
  if (typeof every === 'string' && every.startsWith('P')) return every
  return formatIsoDuration(parseDurationMs(every, path))
}

function fieldTexts(fields: CronFieldsInput): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
  )
}
