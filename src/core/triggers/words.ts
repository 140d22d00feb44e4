/** English words for what triggers are made of. Used by the descriptions only. */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './limits.ts'

export const WEEKDAYS: readonly string[] = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
]
export const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

const WEEK_MS = 7 * DAY_MS

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  if (words.length <= 1) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}

/** `1 to 5, 8 and 10`: three or more in a row become a span. */
export function spans(values: readonly number[], word: (value: number) => string = String): string {
  const words: string[] = []
  for (let from = 0; from < values.length;) {
    let to = from
    while (values[to + 1] === (values[to] ?? 0) + 1) to++
    if (to - from >= 2) words.push(`${word(values[from] ?? 0)} to ${word(values[to] ?? 0)}`)
    else for (let i = from; i <= to; i++) words.push(word(values[i] ?? 0))
    from = to + 1
  }
  return joinWords(words)
}

/** The largest unit that needs no fraction: `90 s`, `45 min`, `36 h`, `2 days`, `1.5 s`. */
export function durationWords(ms: number): string {
  if (ms % WEEK_MS === 0 && ms > 0) return plural(ms / WEEK_MS, 'week')
  if (ms % DAY_MS === 0 && ms > 0) return plural(ms / DAY_MS, 'day')
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS} h`
  if (ms % MINUTE_MS === 0) return `${ms / MINUTE_MS} min`
  return ms >= SECOND_MS ? `${ms / SECOND_MS} s` : `${ms} ms`
}

/** `1 day`, `2 days`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `1st`, `2nd`, `11th`. */
export function ordinal(value: number): string {
  const tens = value % 100
  if (tens >= 11 && tens <= 13) return `${value}th`
  return `${value}${['th', 'st', 'nd', 'rd'][value % 10] ?? 'th'}`
}

/** `09:00`, with seconds where they are not 0. */
export function timeWords(secondOfDay: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const minutes = `${two(Math.floor(secondOfDay / 3_600))}:${two(Math.floor(secondOfDay / 60) % 60)}`
  return secondOfDay % 60 === 0 ? minutes : `${minutes}:${two(secondOfDay % 60)}`
}

/** `25 December` of an `MM-DD`. */
export function annualWords(date: string): string {
  return `${Number(date.slice(3))} ${MONTHS[Number(date.slice(0, 2)) - 1] ?? ''}`
}

/** Members of a seven-bit set as words, 0 = Monday. */
export function weekdayWords(bits: number): string {
  const days = [0, 1, 2, 3, 4, 5, 6].filter((day) => ((bits >> day) & 1) === 1)
  return spans(days, (day) => WEEKDAYS[day] ?? '')
}
