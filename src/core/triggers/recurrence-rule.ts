/**
 * The text of a recurrence rule (RFC 5545 §3.3.10): a DTSTART line and an RRULE line, read into values. What the RFC
 * forbids is refused: parts of another frequency, ordinals where they mean nothing, UNTIL beside COUNT.
 */

import { dayNumber, monthLength } from './calendar.ts'
import {
  DAY_MS,
  HOUR_MS,
  MAX_RULE_COUNT,
  MAX_RULE_INTERVAL,
  MAX_YEAR,
  MINUTE_MS,
  MIN_YEAR,
  SECOND_MS,
} from './limits.ts'
import { TriggerError, invalid, show } from './trigger-error.ts'

export type Frequency = 'YEARLY' | 'MONTHLY' | 'WEEKLY' | 'DAILY' | 'HOURLY' | 'MINUTELY' | 'SECONDLY'

/** A weekday (0 = Monday), each one of the period or the nth: negative from its end, 0 = each. */
export interface RuleWeekday {
  readonly weekday: number
  readonly nth: number
}

/** Lists are sorted and without repetitions; null = the part is not given. */
export interface RecurrenceRule {
  readonly frequency: Frequency
  readonly interval: number
  readonly count: number | null
  /** Inclusive; local time unless `isInstant`. */
  readonly until: { readonly ms: number; readonly isInstant: boolean } | null
  readonly months: readonly number[] | null
  readonly weeks: readonly number[] | null
  readonly yearDays: readonly number[] | null
  readonly monthDays: readonly number[] | null
  readonly weekdays: readonly RuleWeekday[] | null
  readonly hours: readonly number[] | null
  readonly minutes: readonly number[] | null
  readonly seconds: readonly number[] | null
  readonly positions: readonly number[] | null
  /** First day of a week, 0 = Monday. */
  readonly weekStart: number
}

export interface ParsedRecurrence {
  readonly zone: string
  /** Local time in the zone. */
  readonly startMs: number
  readonly rule: RecurrenceRule
}

const FREQUENCIES: readonly Frequency[] = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY']
const WEEKDAYS: readonly string[] = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
const START = /^DTSTART(?:;TZID=([A-Za-z0-9_+\-/:]+))?:(\d{8}T\d{6})(Z?)$/i
const MOMENT = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/
const WEEKDAY = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/
const NAMES: readonly string[] =
  'FREQ INTERVAL COUNT UNTIL WKST BYMONTH BYWEEKNO BYYEARDAY BYMONTHDAY BYDAY BYHOUR BYMINUTE BYSECOND BYSETPOS'.split(
    ' ',
  )
const LINES = 'a DTSTART line (UTC, or with TZID) and an RRULE line'

/** Reads a text of two lines. Throws TriggerError `invalid-trigger`; the zone is not looked up. */
export function parseRecurrence(text: string, path: string): ParsedRecurrence {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  const start = lines.map((line) => START.exec(line)).find((match) => match !== null)
  const rule = lines.find((line) => /^RRULE:/i.test(line))
  if (lines.length !== 2 || start === undefined || rule === undefined) return invalid(path, LINES, text)
  const [, zone, moment = '', utc] = start
  if ((zone === undefined) === (utc === '')) return invalid(path, LINES, text)
  const parts = new Parts(rule.slice('RRULE:'.length).toUpperCase(), path)
  const startMs = momentOf(moment.toUpperCase(), path).ms
  return { zone: zone ?? 'UTC', startMs, rule: checked(ruleOf(parts), parts) }
}

function ruleOf(parts: Parts): RecurrenceRule {
  const until = parts.text('UNTIL')
  return {
    frequency: parts.oneOf('FREQ', FREQUENCIES) ?? parts.wrong('FREQ', `one of ${FREQUENCIES.join(', ')}`),
    interval: parts.number('INTERVAL', MAX_RULE_INTERVAL) ?? 1,
    count: parts.number('COUNT', MAX_RULE_COUNT),
    until: until === null ? null : momentOf(until, parts.path),
    months: parts.numbers('BYMONTH', 1, 12),
    weeks: parts.signed('BYWEEKNO', 53),
    yearDays: parts.signed('BYYEARDAY', 366),
    monthDays: parts.signed('BYMONTHDAY', 31),
    weekdays: weekdaysOf(parts),
    hours: parts.numbers('BYHOUR', 0, 23),
    minutes: parts.numbers('BYMINUTE', 0, 59),
    seconds: parts.numbers('BYSECOND', 0, 59),
    positions: parts.signed('BYSETPOS', 366),
    weekStart: WEEKDAYS.indexOf(parts.oneOf('WKST', WEEKDAYS) ?? 'MO'),
  }
}

/** What the RFC says of parts together. */
function checked(rule: RecurrenceRule, parts: Parts): RecurrenceRule {
  const { frequency } = rule
  const isLong = frequency === 'YEARLY' || frequency === 'MONTHLY'
  if (rule.count !== null && rule.until !== null) parts.wrong('UNTIL', 'nothing beside COUNT')
  if (rule.weeks !== null && frequency !== 'YEARLY') parts.wrong('BYWEEKNO', 'FREQ=YEARLY with it')
  if (rule.yearDays !== null && ['MONTHLY', 'WEEKLY', 'DAILY'].includes(frequency)) {
    parts.wrong('BYYEARDAY', 'none with FREQ=MONTHLY, WEEKLY or DAILY')
  }
  if (rule.monthDays !== null && frequency === 'WEEKLY') parts.wrong('BYMONTHDAY', 'none with FREQ=WEEKLY')
  const hasOrdinal = rule.weekdays?.some((one) => one.nth !== 0) ?? false
  if (hasOrdinal && (!isLong || rule.weeks !== null)) {
    parts.wrong('BYDAY', 'numbers before weekdays only with FREQ=MONTHLY or YEARLY, and without BYWEEKNO')
  }
  if (rule.positions !== null && !parts.hasSelection) parts.wrong('BYSETPOS', 'another BY part to choose from')
  return rule
}

function weekdaysOf(parts: Parts): readonly RuleWeekday[] | null {
  const text = parts.text('BYDAY')
  if (text === null) return null
  return text.split(',').map((item) => {
    const match = WEEKDAY.exec(item)
    const nth = Number(match?.[1] ?? 0)
    const isWritten = match?.[1] !== undefined
    if (match === null || Math.abs(nth) > 53 || (isWritten && nth === 0)) {
      return parts.wrong('BYDAY', 'weekdays as MO or -1FR, in a comma list')
    }
    return { weekday: WEEKDAYS.indexOf(match[2] ?? ''), nth }
  })
}

function momentOf(text: string, path: string): { readonly ms: number; readonly isInstant: boolean } {
  const match = MOMENT.exec(text)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (match ?? [])
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const isDate =
    year >= MIN_YEAR && year <= MAX_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month)
  if (match === null || !isDate || hour > 23 || minute > 59 || second > 59) {
    return invalid(path, 'dates as 20270131T093000 that exist, in the years 1970 to 9999', text)
  }
  const ms = dayNumber(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS
  return { ms, isInstant: match[7] === 'Z' }
}

/** The parts of a rule by name, each read once and in its bounds. */
class Parts {
  readonly path: string
  readonly #parts = new Map<string, string>()

  constructor(text: string, path: string) {
    this.path = path
    for (const part of text.split(';')) {
      const [name = '', value = '', more] = part.split('=')
      if (!NAMES.includes(name)) invalid(path, `the parts ${NAMES.join(', ')}`, part)
      if (value === '' || more !== undefined || this.#parts.has(name)) invalid(path, `${name}=… once`, part)
      this.#parts.set(name, value)
    }
  }

  get hasSelection(): boolean {
    return [...this.#parts.keys()].some((name) => name.startsWith('BY') && name !== 'BYSETPOS')
  }
  text(name: string): string | null {
    return this.#parts.get(name) ?? null
  }
  oneOf<T extends string>(name: string, choices: readonly T[]): T | null {
    const text = this.text(name)
    if (text === null) return null
    return choices.find((choice) => choice === text) ?? this.wrong(name, `one of ${choices.join(', ')}`)
  }
  /** From 1. */
  number(name: string, max: number): number | null {
    const text = this.text(name)
    if (text === null) return null
    const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
    return value >= 1 && value <= max ? value : this.wrong(name, `a whole number from 1 to ${max}`)
  }
  numbers(name: string, min: number, max: number): readonly number[] | null {
    return this.#list(name, /^\d{1,3}$/, (value) => value >= min && value <= max, `numbers from ${min} to ${max}`)
  }
  signed(name: string, max: number): readonly number[] | null {
    const isIn = (value: number): boolean => value !== 0 && Math.abs(value) <= max
    return this.#list(name, /^[+-]?\d{1,3}$/, isIn, `numbers from 1 to ${max} or -${max} to -1`)
  }
  #list(name: string, form: RegExp, isIn: (value: number) => boolean, expected: string): readonly number[] | null {
    const text = this.text(name)
    if (text === null) return null
    const values = text
      .split(',')
      .map((item) =>
        form.test(item) && isIn(Number(item)) ? Number(item) : this.wrong(name, `${expected}, in a comma list`),
      )
    return [...new Set(values)].toSorted((a, b) => a - b)
  }
  wrong(name: string, expected: string): never {
    const got = show(this.text(name) ?? undefined)
    throw new TriggerError('invalid-trigger', this.path, `${name}: expected ${expected}, got ${got}`)
  }
}
