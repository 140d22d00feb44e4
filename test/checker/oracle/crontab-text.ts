/**
 * Reads crontab texts, and the fields of `cron` triggers, into what a scan over local dates asks.
 *
 * Boundary: the texts come from definitions that were accepted, so what is wrong with a text is not judged here.
 */

/** A calendar date; `weekday` 0 = Monday. */
export interface LocalDate {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly weekday: number
  readonly daysInMonth: number
  readonly isoWeek: number
}

export interface CalendarSpec {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  matches(date: LocalDate): boolean
}

type DateTest = (date: LocalDate) => boolean

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const FROM_SUNDAY = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FROM_MONDAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const ALIASES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

interface Range {
  readonly min: number
  readonly max: number
  /** Names of the values from `min`. */
  readonly names?: readonly string[]
  /** After `max` comes `min` again, so a range may wrap. */
  readonly wraps?: boolean
}

const SECOND: Range = { min: 0, max: 59 }
const HOUR: Range = { min: 0, max: 23 }
const DAY: Range = { min: 1, max: 31 }
const MONTH: Range = { min: 1, max: 12, names: MONTHS }

export function readCrontab(expression: string): CalendarSpec {
  const text = expression.trim().toLowerCase()
  const parts = (ALIASES[text] ?? text).split(/\s+/)
  const [second, minute, hour, day, month, weekday] = (parts.length === 5 ? ['0', ...parts] : parts) as Texts
  const months = new Set(valuesOf(month, MONTH))
  const isDay = crontabDay(day)
  const isWeekday = crontabWeekday(weekday)
  const free = (field: string): boolean => field === '*' || field === '?'
  const either = !free(day) && !free(weekday)
  return {
    seconds: valuesOf(second, SECOND),
    minutes: valuesOf(minute, SECOND),
    hours: valuesOf(hour, HOUR),
    matches: (date) =>
      months.has(date.month) && (either ? isDay(date) || isWeekday(date) : isDay(date) && isWeekday(date)),
  }
}

type Texts = [string, string, string, string, string, string]

function crontabDay(field: string): DateTest {
  return anyOf(field, (item) => {
    if (item === 'l') return (date) => date.day === date.daysInMonth
    if (item === 'lw') return (date) => date.day === nearestWorkday(date, date.daysInMonth)
    const near = /^(\d+)w$/.exec(item)
    if (near !== null) return (date) => date.day === nearestWorkday(date, Number(near[1]))
    const days = new Set(valuesOf(item === '?' ? '*' : item, DAY))
    return (date) => days.has(date.day)
  })
}

/** The Monday to Friday nearest to the day, within its month; null when the month has no such day. */
function nearestWorkday(date: LocalDate, day: number): number | null {
  if (day > date.daysInMonth) return null
  const weekday = (((date.weekday + day - date.day) % 7) + 7) % 7
  if (weekday === 5) return day > 1 ? day - 1 : day + 2
  if (weekday === 6) return day < date.daysInMonth ? day + 1 : day - 2
  return day
}

function crontabWeekday(field: string): DateTest {
  return anyOf(field, (item) => {
    const last = /^(\w+)l$/.exec(item)
    if (last !== null) {
      const weekday = fromSunday(last[1] ?? '')
      return (date) => date.weekday === weekday && date.day + 7 > date.daysInMonth
    }
    const nth = /^(\w+)#(\d)$/.exec(item)
    if (nth !== null) {
      const weekday = fromSunday(nth[1] ?? '')
      return (date) => date.weekday === weekday && Math.ceil(date.day / 7) === Number(nth[2])
    }
    const range: Range = { min: 0, max: 6, names: FROM_SUNDAY, wraps: true }
    const days = new Set(valuesOf(item === '?' ? '*' : item, range).map((value) => (value + 6) % 7))
    return (date) => days.has(date.weekday)
  })
}

/** Weekday with 0 = Monday of one with 0 and 7 = Sunday. */
function fromSunday(text: string): number {
  const named = FROM_SUNDAY.indexOf(text)
  return ((named === -1 ? Number(text) : named) + 6) % 7
}

export function readFields(fields: Readonly<Record<string, string>>): CalendarSpec {
  const order = ['year', 'month', 'day', 'hour', 'minute', 'second']
  const minima: Readonly<Record<string, string>> = { month: '1', day: '1', hour: '0', minute: '0', second: '0' }
  const given = ['year', 'month', 'day', 'week', 'dayOfWeek', 'hour', 'minute', 'second'].filter(
    (name) => fields[name] !== undefined,
  )
  const ranks: Readonly<Record<string, number>> = { week: 3, dayOfWeek: 3 }
  const rankOf = (name: string): number => ranks[name] ?? order.indexOf(name) + (order.indexOf(name) > 2 ? 1 : 0)
  const lastGiven = given.length === 0 ? Infinity : Math.max(...given.map(rankOf))
  const text = (name: string): string =>
    (fields[name] ?? (rankOf(name) < lastGiven ? '*' : (minima[name] ?? '*'))).trim().toLowerCase()
  const years = new Set(valuesOf(text('year'), { min: 1970, max: 9999 }))
  const months = new Set(valuesOf(text('month'), MONTH))
  const weeks = new Set(valuesOf((fields['week'] ?? '*').trim(), { min: 1, max: 53 }))
  const weekdays = valuesOf((fields['dayOfWeek'] ?? '*').trim().toLowerCase(), { min: 0, max: 6, names: FROM_MONDAY })
  const isDay = fieldsDay(text('day'))
  return {
    seconds: valuesOf(text('second'), SECOND),
    minutes: valuesOf(text('minute'), SECOND),
    hours: valuesOf(text('hour'), HOUR),
    matches: (date) =>
      years.has(date.year) &&
      months.has(date.month) &&
      weeks.has(date.isoWeek) &&
      weekdays.includes(date.weekday) &&
      isDay(date),
  }
}

function fieldsDay(field: string): DateTest {
  return anyOf(field, (item) => {
    if (item === 'last') return (date) => date.day === date.daysInMonth
    const nth = /^(last|\d)\S* +(\w+)$/.exec(item)
    if (nth !== null) {
      const weekday = FROM_MONDAY.indexOf(nth[2] ?? '')
      return (date) =>
        date.weekday === weekday &&
        (nth[1] === 'last' ? date.day + 7 > date.daysInMonth : Math.ceil(date.day / 7) === Number(nth[1]))
    }
    const days = new Set(valuesOf(item, DAY))
    return (date) => days.has(date.day)
  })
}

function anyOf(field: string, testOf: (item: string) => DateTest): DateTest {
  const tests = field.split(',').map((item) => testOf(item.trim()))
  return (date) => tests.some((test) => test(date))
}

/** The values of a list of `*`, `a`, `a-b`, each with or without a step, rising and without repetition. */
function valuesOf(field: string, range: Range): number[] {
  const values = new Set<number>()
  for (const item of field.split(',')) for (const value of valuesOfItem(item.trim(), range)) values.add(value)
  return [...values].toSorted((a, b) => a - b)
}

function valuesOfItem(item: string, range: Range): number[] {
  const [span = '', step] = item.split('/')
  const { min, max, names = [], wraps = false } = range
  const read = (text: string): number => {
    const named = names.indexOf(text.trim())
    return named === -1 ? Number(text) : named + min
  }
  const [a = '', b] = span.split('-')
  const first = span === '*' ? min : read(a)
  let last = first
  if (b !== undefined) last = read(b)
  else if (span === '*' || step !== undefined) last = max
  const cycle = max - min + 1
  // 6-2 goes on past the end of the week, and so does 0-7, which is all of it.
  if (wraps && last < first) last += cycle
  const values: number[] = []
  for (let value = first; value <= last; value += Number(step ?? 1)) {
    values.push(wraps ? min + ((value - min) % cycle) : value)
  }
  return values
}
