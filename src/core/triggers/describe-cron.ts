/** English words for cron selections: `at 09:00 on Monday to Friday`, `every 15 min in hours 9 to 17 in July`. */

import { bitsOf, membersOf } from './bits.ts'
import type { CronSelection } from './cron-spec.ts'
import type { DayItem } from './day-table.ts'
import { valuesOf } from './field-text.ts'
import type { Range } from './field-text.ts'
import { MAX_YEAR } from './limits.ts'
import { MONTHS, WEEKDAYS, joinWords, ordinal, spans, timeWords, weekdayWords } from './words.ts'

/** So many times of day are listed one by one; more are described by their fields. */
const MAX_LISTED_TIMES = 6

/** Days 1 to 31, bit d = day d. */
const ALL_DAYS = -2
const ALL_WEEKDAYS = 127

export function describeSelection(selection: CronSelection): string {
  const days = dayWords(selection)
  const times = listedTimes(selection)
  const time = times === null ? rhythmWords(selection) : `at ${joinWords(times)}`
  const everyDay = times === null ? '' : 'every day'
  const parts = [`${time} ${days === '' ? everyDay : days}`.trim()]
  const months = values(selection.months)
  if (months.length < 12) parts.push(`in ${spans(months, (month) => MONTHS[month - 1] ?? '')}`)
  if (selection.weeks !== null) {
    const weeks = values(selection.weeks)
    parts.push(`in ISO ${nounFor(weeks, 'week')} ${spans(weeks)}`)
  }
  if (selection.years !== null) parts.push(`in ${yearWords(selection.years)}`)
  return parts.join(' ')
}

/** The times of day if they are few, else null. */
function listedTimes(selection: CronSelection): string[] | null {
  const [hours, minutes, seconds] = [selection.hours, selection.minutes, selection.seconds].map(values)
  if (hours === undefined || minutes === undefined || seconds === undefined) return null
  if (hours.length * minutes.length * seconds.length > MAX_LISTED_TIMES) return null
  return hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => timeWords(hour * 3_600 + minute * 60 + second))),
  )
}

/** Times of day by their fields, the smallest varying unit first. */
function rhythmWords(selection: CronSelection): string {
  const hours = values(selection.hours)
  const minutes = values(selection.minutes)
  const seconds = values(selection.seconds)
  const wholeMinutes = seconds.length === 1 && seconds[0] === 0
  const wholeHours = wholeMinutes && minutes.length === 1 && minutes[0] === 0
  const hourStep = stepOf(hours, 24)
  if (wholeHours && hourStep !== null) return hourStep === 1 ? 'every hour' : `every ${hourStep} h`

  const first = wholeMinutes ? unitWords(minutes, 60, 'minute', 'min') : unitWords(seconds, 60, 'second', 's')
  const parts = [first]
  if (!wholeMinutes) parts.push(withinWords(minutes, 60, 'minute', first))
  parts.push(withinWords(hours, 24, 'hour', parts.findLast((part) => part !== '') ?? ''))
  return parts.filter((part) => part !== '').join(' ')
}

/** `every second`, `every 15 min`, `at second 5`, `at minutes 1, 2 and 5`. */
function unitWords(members: readonly number[], size: number, noun: string, unit: string): string {
  const step = stepOf(members, size)
  if (step !== null) return step === 1 ? `every ${noun}` : `every ${step} ${unit}`
  return `at ${nounFor(members, noun)} ${spans(members)}`
}

/** The larger unit after a smaller one; nothing where `every …` already says it. */
function withinWords(members: readonly number[], size: number, noun: string, before: string): string {
  const step = stepOf(members, size)
  if (step === 1) return before.startsWith('every') ? '' : `of every ${noun}`
  return step === null ? `in ${nounFor(members, noun)} ${spans(members)}` : `of every ${ordinal(step)} ${noun}`
}

function nounFor(members: readonly number[], noun: string): string {
  return members.length === 1 ? noun : `${noun}s`
}

/** The step of a set that is evenly spaced also over the end of its cycle, as 0, 15, 30, 45; else null. */
function stepOf(members: readonly number[], size: number): number | null {
  const step = (members[1] ?? 0) - (members[0] ?? 0)
  const even = members[0] === 0 && members.length > 2 && members.length * step === size
  return even && members.every((member, i) => member === i * step) ? step : null
}

/** Empty for every day. */
function dayWords({ days }: CronSelection): string {
  const day = unionWords(days.day)
  const weekday = unionWords(days.weekday)
  if (day === null || weekday === null) {
    if (days.meet === 'or') return ''
    const only = day ?? weekday
    return only === null ? '' : `on ${only}`
  }
  return days.meet === 'or' ? `on ${day} or on ${weekday}` : `on ${day} that is also ${weekday}`
}

/** Words for the items of one field; null if they are all days. */
function unionWords(items: readonly DayItem[]): string | null {
  let days = 0
  let weekdays = 0
  const others: string[] = []
  for (const item of items) {
    if (item.kind === 'days') days |= item.mask
    else if (item.kind === 'weekdays') weekdays |= item.bits
    else others.push(itemWords(item))
  }
  if ((days & ALL_DAYS) === ALL_DAYS || weekdays === ALL_WEEKDAYS) return null
  const words: string[] = []
  const numbers = Array.from({ length: 31 }, (_, i) => i + 1).filter((number) => ((days >>> number) & 1) === 1)
  if (numbers.length > 0) words.push(`${nounFor(numbers, 'day')} ${spans(numbers)} of the month`)
  if (weekdays !== 0) words.push(weekdayWords(weekdays))
  return joinWords([...words, ...others])
}

function itemWords(item: Exclude<DayItem, { kind: 'days' | 'weekdays' }>): string {
  switch (item.kind) {
    case 'last-day':
      return 'the last day of the month'
    case 'last-workday':
      return 'the last Monday-to-Friday day of the month'
    case 'nearest-workday':
      return `the Monday-to-Friday day nearest to the ${ordinal(item.day)}`
    case 'nth-weekday':
      return `the ${ordinal(item.nth)} ${WEEKDAYS[item.weekday] ?? ''} of the month`
    case 'last-weekday':
      return `the last ${WEEKDAYS[item.weekday] ?? ''} of the month`
  }
}

function yearWords(ranges: readonly Range[]): string {
  const words = ranges.map(({ from, to, step }) => {
    if (from === to) return String(from)
    const span = to === MAX_YEAR ? `${from} and later` : `${from} to ${to}`
    return step === 1 ? span : `every ${ordinal(step)} year from ${span}`
  })
  return joinWords(words)
}

function values(ranges: readonly Range[]): number[] {
  return membersOf(bitsOf(valuesOf(ranges)))
}
