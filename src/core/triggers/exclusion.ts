/**
 * Forms and evaluation of what `excluding` leaves out. An exclusion looks at local time only: days are local days, and a
 * time of day is excluded in both passes of an overlap.
 *
 * `cron` leaves out the days and times that it names, at the precision in which it names them: five-field text leaves
 * out whole minutes, six-field text seconds, fields the unit of the last given one (`{ hour: '0-7' }` is eight hours).
 */

import type { Calendars } from './calendars.ts'
import { civilDate, dayOfLocal, weekdayOf } from './calendar.ts'
import type { LocalExclusion } from './combine.ts'
import { parseCronFields } from './cron-fields.ts'
import { cronMatcher } from './cron-matcher.ts'
import { cronSpec, matchesSomeDate } from './cron-spec.ts'
import type { CronSelection, CronSpec } from './cron-spec.ts'
import { givenFields, readFields } from './cron-triggers.ts'
import { hasHash, parseCrontab, splitCrontab } from './crontab.ts'
import { parseAnnual, parseDate, parseTimeOfDay } from './date-time-text.ts'
import { optional, readChecked, readForm, readList, readObject, readText, readWeekdays, weekdayBits } from './form.ts'
import type { Form, Read, Scope } from './form.ts'
import { DAY_MS, HOUR_MS, MAX_DATES, MINUTE_MS, SECOND_MS } from './limits.ts'
import { TriggerError, invalid } from './trigger-error.ts'
import type { CronFields, Exclusion } from './trigger.ts'

/** All members, of which an exclusion has exactly one. */
interface ExclusionMembers {
  readonly weekdays?: Extract<Exclusion, { weekdays: unknown }>['weekdays']
  readonly dates?: readonly string[]
  readonly annual?: readonly string[]
  readonly time?: readonly [from: string, to: string]
  readonly cron?: string | CronFields
  readonly holidays?: string
}

/** Whether a place is known does not depend on the year. */
const KNOWN_YEAR = 2024

const readTimeOfDay = readChecked(parseTimeOfDay)

const EXCLUSION_FORM: Form<ExclusionMembers> = {
  weekdays: optional(readWeekdays),
  dates: optional(readList(readChecked(parseDate), MAX_DATES)),
  annual: optional(readList(readChecked(parseAnnual), 366)),
  time: optional(readWindow),
  cron: optional((value, path, scope) =>
    typeof value === 'string' ? readText()(value, path, scope) : readFields(value, path, scope),
  ),
  holidays: optional(readHolidays),
}

export const readExclusion: Read<Exclusion> = (value, path, scope) => {
  const kinds = Object.keys(EXCLUSION_FORM).join(', ')
  readObject(value, path, `an object with one of ${kinds}`)
  const exclusion = readForm(value, path, scope, EXCLUSION_FORM)
  const members = Object.keys(exclusion)
  if (members.length !== 1) invalid(path, `exactly one of ${kinds}`, members.join(', '))
  return exclusion as Exclusion
}

/** Throws TriggerError: `unsupported` for holidays without a calendar for them, `invalid-trigger` for an unknown place. */
export function compileExclusion(exclusion: Exclusion, path: string, calendars: Calendars): LocalExclusion {
  if ('weekdays' in exclusion) {
    const bits = weekdayBits(exclusion.weekdays)
    return wholeDays((day) => ((bits >> weekdayOf(day)) & 1) === 1)
  }
  if ('dates' in exclusion) {
    const days = new Set(exclusion.dates.map((date, i) => parseDate(date, `${path}.dates[${i}]`)))
    return wholeDays((day) => days.has(day))
  }
  if ('annual' in exclusion) {
    const keys = new Set(exclusion.annual.map((date, i) => parseAnnual(date, `${path}.annual[${i}]`)))
    return wholeDays((day) => {
      const date = civilDate(day)
      return keys.has(date.month * 32 + date.day)
    })
  }
  if ('time' in exclusion) return timeWindow(exclusion.time, `${path}.time`)
  if ('cron' in exclusion) return cronTimes(exclusion.cron, `${path}.cron`)
  return publicHolidays(exclusion.holidays, `${path}.holidays`, calendars)
}

function publicHolidays(place: string, path: string, { holidays }: Calendars): LocalExclusion {
  if (holidays === null) throw new TriggerError('unsupported', path, 'no calendar of holidays is there')
  if (holidays(place, KNOWN_YEAR) === null) invalid(path, 'a country, state or region that date-holidays knows', place)
  return wholeDays((day) => holidays(place, civilDate(day).year)?.has(day) ?? false)
}

function wholeDays(excluded: (day: number) => boolean): LocalExclusion {
  return (localMs) => {
    const day = dayOfLocal(localMs)
    return excluded(day) ? (day + 1) * DAY_MS : null
  }
}

function timeWindow(window: readonly [from: string, to: string], path: string): LocalExclusion {
  const from = parseTimeOfDay(window[0], `${path}[0]`)
  const to = parseTimeOfDay(window[1], `${path}[1]`)
  return (localMs) => {
    const midnight = dayOfLocal(localMs) * DAY_MS
    const time = localMs - midnight
    if (from < to) return time >= from && time < to ? midnight + to : null
    if (time >= from) return midnight + DAY_MS + to
    return time < to ? midnight + to : null
  }
}

function cronTimes(cron: string | CronFields, path: string): LocalExclusion {
  const spec = cronSpec(typeof cron === 'string' ? textTimes(cron, path) : fieldTimes(cron, path))
  if (!matchesSomeDate(spec)) {
    throw new TriggerError(
      'invalid-trigger',
      path,
      'excludes nothing: no date within 400 years matches all of its fields',
    )
  }
  const matcher = cronMatcher(spec)
  const unit = coarsestUnit(spec)
  return (localMs) => {
    const second = Math.floor(localMs / SECOND_MS) * SECOND_MS
    return matcher.nextLocal(second) === second ? (Math.floor(localMs / unit) + 1) * unit : null
  }
}

const EVERY_60 = [{ from: 0, to: 59, step: 1 }]
const EVERY_24 = [{ from: 0, to: 23, step: 1 }]

function textTimes(text: string, path: string): CronSelection {
  if (hasHash(text)) invalid(path, 'no H (an exclusion is the same for every job)', text)
  const selection = parseCrontab(text, path)
  return splitCrontab(text, path).length === 5 ? { ...selection, seconds: EVERY_60 } : selection
}

function fieldTimes(fields: CronFields, path: string): CronSelection {
  const selection = parseCronFields(fields, path)
  const last = givenFields(fields).at(-1)
  if (last === undefined) return invalid(path, 'at least one field', fields)
  if (last === 'second') return selection
  if (last === 'minute') return { ...selection, seconds: EVERY_60 }
  const hours = last === 'hour' ? selection.hours : EVERY_24
  return { ...selection, hours, minutes: EVERY_60, seconds: EVERY_60 }
}

/** Longest unit of local time of which a specification selects all or nothing, so that a search skips it whole. */
function coarsestUnit(spec: CronSpec): number {
  const all = 2 ** 30 - 1
  if (spec.seconds.low !== all || spec.seconds.high !== all) return SECOND_MS
  if (spec.minutes.low !== all || spec.minutes.high !== all) return MINUTE_MS
  return spec.hours === 2 ** 24 - 1 ? DAY_MS : HOUR_MS
}

function readWindow(value: unknown, path: string, scope: Scope): readonly [string, string] {
  if (!Array.isArray(value) || value.length !== 2) return invalid(path, 'an array [from, to] of HH:MM', value)
  const from = readTimeOfDay(value[0], `${path}[0]`, scope)
  const to = readTimeOfDay(value[1], `${path}[1]`, scope)
  if (parseTimeOfDay(from, path) === parseTimeOfDay(to, path)) {
    return invalid(`${path}[1]`, 'an end that differs from the beginning', to)
  }
  return Object.freeze([from, to] as const)
}

function readHolidays(value: unknown, path: string): string {
  if (typeof value === 'string' && /^[A-Z]{2}(?:-[A-Z0-9]{1,6}){0,2}$/.test(value)) return value
  return invalid(path, 'a country, with a state if need be, as "DE" or "DE-BY"', value)
}
