/**
 * The `cron` trigger's fields (APScheduler's grammar): texts by name, all of which must match, weekdays from 0 = Monday.
 * `#`, `L` and `W` belong to crontab text; here it is `2nd mon`, `last fri`, `last` in `day`.
 */

import { EVERY_DAY, EVERY_WEEKDAY } from './day-table.ts'
import type { DayItem } from './day-table.ts'
import type { CronSelection } from './cron-spec.ts'
import { MONTH_NAMES, badItem, parseRange, splitList, valuesOf } from './field-text.ts'
import type { FieldRule, ListItem, Range } from './field-text.ts'
import { MAX_YEAR, MIN_YEAR } from './limits.ts'
import type { CronFields } from './trigger.ts'

/** From the most to the least significant, which decides the defaults of omitted fields. */
export const FIELD_NAMES: readonly (keyof CronFields)[] = [
  'year',
  'month',
  'day',
  'week',
  'dayOfWeek',
  'hour',
  'minute',
  'second',
]

const WEEKDAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const WEEKDAY_NAMES: ReadonlyMap<string, number> = new Map(WEEKDAYS.map((name, i) => [name, i]))

const DAY_EXTRAS = '1st mon … 5th mon, last mon, last'
const RULES: Readonly<Record<keyof CronFields, FieldRule>> = {
  year: rule('year', MIN_YEAR, MAX_YEAR),
  month: { ...rule('month', 1, 12), names: MONTH_NAMES },
  day: { ...rule('day', 1, 31), extras: DAY_EXTRAS },
  week: rule('week', 1, 53),
  dayOfWeek: { ...rule('dayOfWeek', 0, 6), names: WEEKDAY_NAMES },
  hour: rule('hour', 0, 23),
  minute: rule('minute', 0, 59),
  second: rule('second', 0, 59),
}

const NTH = /^(1st|2nd|3rd|4th|5th|last) +([a-z]+)$/i

/**
 * Parses all fields. An omitted field before the last given one is `*`, after it its minimum; `week` and `dayOfWeek`
 * are always `*`; with none given, every second. Throws TriggerError `invalid-trigger` with the field's path.
 */
export function parseCronFields(fields: CronFields, path: string): CronSelection {
  let lastGiven = FIELD_NAMES.length - 1
  while (lastGiven >= 0 && fields[FIELD_NAMES[lastGiven] ?? 'year'] === undefined) lastGiven--

  /** Null: all values. */
  const ranges = (name: keyof CronFields): readonly Range[] | null => {
    const text = fields[name]
    if (text !== undefined) return items(text, name, path).map((item) => parseRange(item, RULES[name]))
    const first = RULES[name].min
    const afterLast = lastGiven >= 0 && FIELD_NAMES.indexOf(name) > lastGiven
    return afterLast && name !== 'week' ? [{ from: first, to: first, step: 1 }] : null
  }
  return {
    seconds: ranges('second') ?? everything('second'),
    minutes: ranges('minute') ?? everything('minute'),
    hours: ranges('hour') ?? everything('hour'),
    days: {
      day: dayItems(fields.day, lastGiven >= 0 && lastGiven < FIELD_NAMES.indexOf('day'), path),
      weekday: fields.dayOfWeek === undefined ? [EVERY_WEEKDAY] : [weekdays(ranges('dayOfWeek') ?? [])],
      meet: 'and',
    },
    months: ranges('month') ?? everything('month'),
    weeks: ranges('week'),
    years: fields.year === undefined ? null : ranges('year'),
  }
}

function dayItems(text: string | undefined, defaultsToFirst: boolean, path: string): readonly DayItem[] {
  if (text === undefined) return [defaultsToFirst ? { kind: 'days', mask: 0b10 } : EVERY_DAY]
  return items(text, 'day', path).map((item) => {
    const lower = item.text.toLowerCase()
    if (lower === 'last') return { kind: 'last-day' }
    const nth = NTH.exec(lower)
    if (nth === null) return daysOf([parseRange(item, RULES.day)])
    const weekday = WEEKDAY_NAMES.get(nth[2] ?? '') ?? badItem(item, RULES.day)
    if (nth[1] === 'last') return { kind: 'last-weekday', weekday }
    return { kind: 'nth-weekday', weekday, nth: Number(nth[1]?.charAt(0)) }
  })
}

/** Day ranges as one item. */
export function daysOf(ranges: readonly Range[]): DayItem {
  let mask = 0
  for (const day of valuesOf(ranges)) mask |= 1 << day
  return { kind: 'days', mask }
}

function weekdays(ranges: readonly Range[]): DayItem {
  let bits = 0
  for (const weekday of valuesOf(ranges)) bits |= 1 << weekday
  return { kind: 'weekdays', bits }
}

function everything(name: keyof CronFields): readonly Range[] {
  return [{ from: RULES[name].min, to: RULES[name].max, step: 1 }]
}

function items(text: string, name: keyof CronFields, path: string): ListItem[] {
  return splitList(text, { path: `${path}.${name}`, whole: text, offset: 0 })
}

function rule(name: string, min: number, max: number): FieldRule {
  return { name, min, max, top: max, cycle: 0 }
}
