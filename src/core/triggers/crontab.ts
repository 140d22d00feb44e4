/**
 * Crontab text: five fields, six with seconds first, or an alias. 0 and 7 are Sunday; a fire needs day OR weekday when
 * both are restricted, that is, when neither text is exactly `*` or `?`.
 *
 * `H` (`H`, `H/n`, `H(a-b)`, `H(a-b)/n`) is read here as the range that its value is from; `crontab-hash.ts` replaces it by
 * that value. In `day` a plain `H` stays within 1 to 28, so that it fires every month.
 */

import type { CronSelection } from './cron-spec.ts'
import { daysOf } from './cron-fields.ts'
import { EVERY_DAY, EVERY_WEEKDAY } from './day-table.ts'
import type { DayItem } from './day-table.ts'
import { MONTH_NAMES, badItem, parseRange, readValue, splitList } from './field-text.ts'
import type { FieldRule, ListItem, Place, Range } from './field-text.ts'
import { MAX_TEXT_LENGTH } from './limits.ts'
import { invalid } from './trigger-error.ts'

export type CrontabFieldName = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday'

/** One field of a crontab text, with its place in it. */
export interface CrontabField {
  readonly name: CrontabFieldName
  readonly text: string
  readonly place: Place
}

const NAMES: readonly CrontabFieldName[] = ['second', 'minute', 'hour', 'day', 'month', 'weekday']

const SUNDAY_FIRST: ReadonlyMap<string, number> = new Map(
  ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((name, i) => [name, i]),
)

const CRONTAB_RULES: Readonly<Record<CrontabFieldName, FieldRule>> = {
  second: { name: 'second', min: 0, max: 59, top: 59, cycle: 0 },
  minute: { name: 'minute', min: 0, max: 59, top: 59, cycle: 0 },
  hour: { name: 'hour', min: 0, max: 23, top: 23, cycle: 0 },
  day: { name: 'day', min: 1, max: 31, top: 31, cycle: 0, extras: '? L LW 15W' },
  month: { name: 'month', min: 1, max: 12, top: 12, cycle: 0, names: MONTH_NAMES },
  weekday: { name: 'weekday', min: 0, max: 7, top: 6, cycle: 7, names: SUNDAY_FIRST, extras: '? 5L friL 5#2 fri#2' },
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
])

const LAST_DAY_OF_EVERY_MONTH = 28

const NEAREST = /^(\d{1,2})w$/i
const LAST_WEEKDAY = /^([0-7]|[a-z]{3})l$/i
const NTH_WEEKDAY = /^(\d|[a-z]{3})#([1-5])$/i
const HASH = /^h(?:\((\d{1,2})-(\d{1,2})\))?(?:\/(\d{1,2}))?$/i

/** Splits a text into its fields. Throws TriggerError `invalid-trigger` for a wrong count, length or alias. */
export function splitCrontab(expression: string, path: string): readonly CrontabField[] {
  if (expression.length > MAX_TEXT_LENGTH) return invalid(path, `at most ${MAX_TEXT_LENGTH} characters`, expression)
  const trimmed = expression.trim()
  const whole = trimmed.startsWith('@') ? ALIASES.get(trimmed.toLowerCase()) : expression
  if (whole === undefined) return invalid(path, `an alias of ${[...ALIASES.keys()].join(' ')}`, expression)
  const found = [...whole.matchAll(/[^ \t]+/g)]
  if (found.length !== 5 && found.length !== 6) {
    return invalid(
      path,
      `5 fields (minute hour day month weekday) or 6 (second first), not ${found.length}`,
      expression,
    )
  }
  const names = found.length === 6 ? NAMES : NAMES.slice(1)
  return names.map((name, i) => {
    const match = found[i]
    return { name, text: match?.[0] ?? '', place: { path, whole, offset: match?.index ?? 0 } }
  })
}

/** Whether a text has an `H` that waits for a job id. */
export function hasHash(expression: string): boolean {
  // Of the other forms only names have an h, and those have three letters.
  return /(?:^|[\s,])h(?:$|[\s,(/])/i.test(expression)
}

/** Where the value of an `H` is from, and its step if it has one. */
export interface HashRange {
  readonly from: number
  readonly to: number
  readonly step: number | null
}

/** The range of an item that is an `H`; null for any other. Throws TriggerError `invalid-trigger`. */
export function parseHash(item: ListItem, name: CrontabFieldName): HashRange | null {
  const parts = HASH.exec(item.text)
  if (parts === null) return null
  const [, low, high, stepText] = parts
  const rule = CRONTAB_RULES[name]
  const from = low === undefined ? rule.min : readValue(low, item, rule)
  const to = high === undefined ? (name === 'day' ? LAST_DAY_OF_EVERY_MONTH : rule.top) : readValue(high, item, rule)
  if (from > to) badItem(item, rule, 'a range from the smaller to the larger value')
  if (stepText === undefined) return { from, to, step: null }
  const step = Number(stepText)
  if (step < 1 || step > to - from) badItem(item, rule, `a step from 1 to ${to - from}`)
  return { from, to, step }
}

/** Parses a text; an `H` counts as its whole range, which is good for validation only. Throws TriggerError `invalid-trigger` with field, text, position and what is allowed. */
export function parseCrontab(expression: string, path: string): CronSelection {
  const fields = new Map(splitCrontab(expression, path).map((field) => [field.name, field]))
  const ranges = (name: CrontabFieldName): readonly Range[] => {
    const field = fields.get(name)
    if (field === undefined) return [{ from: 0, to: 0, step: 1 }]
    return splitList(field.text, field.place).map((item) => rangeOf(item, name))
  }
  const day = fields.get('day')
  const weekday = fields.get('weekday')
  const bothRestricted = !isOpen(day) && !isOpen(weekday)
  return {
    seconds: ranges('second'),
    minutes: ranges('minute'),
    hours: ranges('hour'),
    months: ranges('month'),
    days: {
      day: isOpen(day) ? [EVERY_DAY] : itemsOf(day).map(dayItem),
      weekday: isOpen(weekday) ? [EVERY_WEEKDAY] : itemsOf(weekday).map(weekdayItem),
      meet: bothRestricted ? 'or' : 'and',
    },
    weeks: null,
    years: null,
  }
}

function rangeOf(item: ListItem, name: CrontabFieldName): Range {
  const hash = parseHash(item, name)
  return hash === null ? parseRange(item, CRONTAB_RULES[name]) : { from: hash.from, to: hash.to, step: hash.step ?? 1 }
}

function isOpen(field: CrontabField | undefined): boolean {
  return field === undefined || field.text === '*' || field.text === '?'
}

function itemsOf(field: CrontabField | undefined): ListItem[] {
  return field === undefined ? [] : splitList(field.text, field.place)
}

function dayItem(item: ListItem): DayItem {
  const upper = item.text.toUpperCase()
  if (upper === 'L') return { kind: 'last-day' }
  if (upper === 'LW') return { kind: 'last-workday' }
  const nearest = NEAREST.exec(upper)
  if (nearest === null) return daysOf([rangeOf(item, 'day')])
  return { kind: 'nearest-workday', day: readValue(nearest[1] ?? '', item, CRONTAB_RULES.day) }
}

function weekdayItem(item: ListItem): DayItem {
  const rule = CRONTAB_RULES.weekday
  if (/^l$/i.test(item.text)) badItem(item, rule, 'a weekday before L, as 5L or friL')
  const last = LAST_WEEKDAY.exec(item.text)
  if (last !== null) return { kind: 'last-weekday', weekday: mondayFirst(readValue(last[1] ?? '', item, rule)) }
  const nth = NTH_WEEKDAY.exec(item.text)
  if (nth !== null) {
    return { kind: 'nth-weekday', weekday: mondayFirst(readValue(nth[1] ?? '', item, rule)), nth: Number(nth[2]) }
  }
  let bits = 0
  const { from, to, step } = rangeOf(item, 'weekday')
  for (let value = from; value <= to; value += step) bits |= 1 << mondayFirst(value)
  return { kind: 'weekdays', bits }
}

/** Crontab's 0 or 7 = Sunday to 0 = Monday. Wrapped ranges go beyond 7. */
function mondayFirst(value: number): number {
  return (value + 6) % 7
}
