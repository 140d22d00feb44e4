/**
 * The grammar that cron fields and crontab text share: comma lists of `*`, `a`, `a-b`, each with an optional step, and
 * three-letter names. What only one of the two has (`last`, `L`, `#`, `H` …) is in its own module.
 *
 * The grammar is our own rather than cron-parser's: that one refuses duplicates and wrapping weekday ranges, accepts
 * steps wider than their range, has no `W`, no years and no ISO weeks, and its errors do not say where.
 */

import { TriggerError, excerpt } from './trigger-error.ts'

/** Values `from`, `from + step`, … up to and including `to`. */
export interface Range {
  readonly from: number
  readonly to: number
  readonly step: number
}

export interface FieldRule {
  readonly name: string
  readonly min: number
  readonly max: number
  /** Last value of `*` and of an open step `a/n`; differs from `max` where two numbers mean the same day. */
  readonly top: number
  readonly names?: ReadonlyMap<string, number>
  /** Length of the cycle that a reversed range may wrap around; 0 = reversed ranges are errors. */
  readonly cycle: number
  /** Forms beyond the shared ones, for messages. */
  readonly extras?: string
}

/** Where an item stands, for messages. */
export interface Place {
  readonly path: string
  /** The whole text, of which the item is a part. */
  readonly whole: string
  /** Index of the item in `whole`. */
  readonly offset: number
}

export interface ListItem {
  readonly text: string
  readonly place: Place
}

export const MONTH_NAMES: ReadonlyMap<string, number> = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [name, i + 1]),
)

const RANGE = /^(\*|\d{1,4}|[a-z]{3})(?:-(\d{1,4}|[a-z]{3}))?(?:\/(\d{1,4}))?$/i

/** Splits a comma list and keeps the position of each item; blanks around an item do not belong to it. */
export function splitList(text: string, place: Place): ListItem[] {
  const items: ListItem[] = []
  const { path, whole, offset } = place
  for (let from = 0; from <= text.length;) {
    const comma = text.indexOf(',', from)
    const to = comma === -1 ? text.length : comma
    const raw = text.slice(from, to)
    const lead = raw.length - raw.trimStart().length
    items.push({ text: raw.trim(), place: { path, whole, offset: offset + from + lead } })
    from = to + 1
  }
  return items
}

/** Parses `*`, `a`, `a-b` with an optional step. Throws TriggerError `invalid-trigger`. */
export function parseRange(item: ListItem, rule: FieldRule): Range {
  const parts = RANGE.exec(item.text)
  if (parts === null) return badItem(item, rule)
  const [, first = '', second, stepText] = parts
  if (first === '*') {
    if (second !== undefined) return badItem(item, rule)
    return withStep(item, rule, rule.min, rule.top, stepText)
  }
  const from = readValue(first, item, rule)
  if (second !== undefined) {
    const to = readValue(second, item, rule)
    if (from <= to) return withStep(item, rule, from, to, stepText)
    if (rule.cycle === 0) return badItem(item, rule, 'a range from the smaller to the larger value')
    return withStep(item, rule, from, to + rule.cycle, stepText)
  }
  if (stepText === undefined) return { from, to: from, step: 1 }
  return withStep(item, rule, from > rule.top ? from - rule.cycle : from, rule.top, stepText)
}

/** All values of ranges, in no order, with repetitions. */
export function* valuesOf(ranges: readonly Range[]): Generator<number> {
  for (const { from, to, step } of ranges) for (let value = from; value <= to; value += step) yield value
}

/** Throws the error for an item: names the field, the text, the position and what is allowed. */
export function badItem(item: ListItem, rule: FieldRule, expected?: string): never {
  const { path, whole, offset } = item.place
  const what = item.text === '' ? 'nothing' : JSON.stringify(excerpt(item.text))
  throw new TriggerError(
    'invalid-trigger',
    path,
    `${rule.name}: expected ${expected ?? allowed(rule)}, got ${what} at position ${offset + 1} of ${JSON.stringify(excerpt(whole))}`,
  )
}

/** A number or name of the field, in its bounds. */
export function readValue(text: string, item: ListItem, rule: FieldRule): number {
  const code = text.charCodeAt(0)
  if (code >= 48 && code <= 57) {
    const value = Number(text)
    return value >= rule.min && value <= rule.max ? value : badItem(item, rule)
  }
  return rule.names?.get(text.toLowerCase()) ?? badItem(item, rule)
}

function withStep(item: ListItem, rule: FieldRule, from: number, to: number, stepText: string | undefined): Range {
  if (stepText === undefined) return { from, to, step: 1 }
  const step = Number(stepText)
  if (step < 1 || step > to - from) {
    const width = to - from
    return badItem(item, rule, width < 1 ? 'no step after a single value' : `a step from 1 to ${width}`)
  }
  return { from, to, step }
}

function allowed(rule: FieldRule): string {
  const names = rule.names === undefined ? '' : `, names ${[...rule.names.keys()].join(' ')}`
  const extras = rule.extras === undefined ? '' : `, ${rule.extras}`
  return `${rule.min} to ${rule.max}${names}, as * */n a a-b a-b/n a/n${extras}, in a comma list`
}
