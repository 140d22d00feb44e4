/**
 * Strict reading of JSON forms: every member is named in a table with its reader, anything else is refused with its
 * path. The result is a frozen copy with members in the table's order, so equal triggers have equal JSON text.
 */

import type { SearchBudget } from './compiled-trigger.ts'
import { MAX_JITTER_MS, MAX_TEXT_LENGTH } from './limits.ts'
import { invalid } from './trigger-error.ts'
import type { DstPolicy, WeekdayName } from './trigger.ts'
import { zoneTable } from './zone.ts'

/** Where in a trigger a value stands, and what is left for searches in the whole of it. */
export interface Scope {
  /** 0 in the outermost trigger. */
  readonly depth: number
  readonly budget: SearchBudget
  /** Steps that may still be spent on counting the fires of rules. */
  readonly counting: SearchBudget
}

/** Checks a value and returns it, normalised and frozen. */
export type Read<V> = (value: unknown, path: string, scope: Scope) => V

export interface Member<V> {
  readonly read: Read<V>
  readonly required: boolean
}

/** A reader for every member of T but `type`; leaving one out is a type error. */
export type Form<T> = { readonly [K in keyof Omit<Required<T>, 'type'>]: Member<Exclude<T[K], undefined>> }

/** A form without the type of what it makes. */
export type AnyForm = Readonly<Record<string, Member<unknown>>>

export function required<V>(read: Read<V>): Member<V> {
  return { read, required: true }
}

export function optional<V>(read: Read<V>): Member<V> {
  return { read, required: false }
}

/** A JSON object: not an array, not null. Throws TriggerError `invalid-trigger`. */
export function readObject(value: unknown, path: string, expected = 'an object'): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid(path, expected, value)
  return value as Readonly<Record<string, unknown>>
}

/** Reads the members of `form`; those that are absent or undefined stay absent. With a `Form<T>` the result is a T. */
export function readForm(json: unknown, path: string, scope: Scope, form: AnyForm, type?: string): object {
  const input = readObject(json, path)
  const result: Record<string, unknown> = type === undefined ? {} : { type }
  for (const name of Object.keys(input)) {
    if (name === 'type' && type !== undefined) continue
    if (!Object.hasOwn(form, name)) invalid(`${path}.${name}`, `only the members ${Object.keys(form).join(', ')}`, name)
  }
  for (const name of Object.keys(form)) {
    const member = form[name]
    const value = Object.hasOwn(input, name) ? input[name] : undefined
    if (member === undefined || (value === undefined && !member.required)) continue
    result[name] = member.read(value, `${path}.${name}`, scope)
  }
  return Object.freeze(result)
}

export function readText(maxLength: number = MAX_TEXT_LENGTH): Read<string> {
  return (value, path) => {
    if (typeof value !== 'string') return invalid(path, 'a text', value)
    return value.length <= maxLength ? value : invalid(path, `at most ${maxLength} characters`, value)
  }
}

export function readInteger(min: number, max: number): Read<number> {
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : invalid(path, `a whole number from ${min} to ${max}`, value)
}

/** Text that `check` accepts; `check` throws otherwise. */
export function readChecked(check: (text: string, path: string) => unknown): Read<string> {
  const text = readText()
  return (value, path, scope) => {
    const result = text(value, path, scope)
    check(result, path)
    return result
  }
}

/** An array of 1 to `max` values. */
export function readList<V>(read: Read<V>, max: number): Read<readonly V[]> {
  return (value, path, scope) => {
    if (!Array.isArray(value) || value.length < 1 || value.length > max) {
      return invalid(path, `an array of 1 to ${max}`, value)
    }
    return Object.freeze(value.map((item: unknown, i) => read(item, `${path}[${i}]`, scope)))
  }
}

function readChoice<V extends string>(choices: readonly V[]): Read<V> {
  return (value, path) =>
    choices.find((choice) => choice === value) ?? invalid(path, `one of ${choices.join(', ')}`, value)
}

export const readZone: Read<string> = readChecked((zone, path) => zoneTable(zone, path))

export const readDst: Read<DstPolicy> = readChoice(['compatible', 'vixie', 'skip', 'wall'])

const WEEKDAYS: readonly WeekdayName[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

const readWeekday: Read<WeekdayName> = (value, path) => {
  const name = typeof value === 'string' ? value.toLowerCase() : ''
  return WEEKDAYS.find((weekday) => weekday === name) ?? invalid(path, `one of ${WEEKDAYS.join(', ')}`, value)
}

export const readWeekdays: Read<readonly WeekdayName[]> = readList(readWeekday, 7)

/** Bit 0 = Monday. */
export function weekdayBits(names: readonly WeekdayName[]): number {
  return names.reduce((bits, name) => bits | (1 << WEEKDAYS.indexOf(name)), 0)
}

/** Members of the job. Inside another trigger they would have no meaning, so there they are refused. */
export const JOB_MEMBERS: { readonly repeat: Member<number>; readonly jitterMs: Member<number> } = {
  repeat: optional(outermost(readInteger(1, Number.MAX_SAFE_INTEGER))),
  jitterMs: optional(outermost(readInteger(0, MAX_JITTER_MS))),
}

function outermost<V>(read: Read<V>): Read<V> {
  return (value, path, scope) =>
    scope.depth === 0
      ? read(value, path, scope)
      : invalid(path, 'this member only on the outermost trigger (it is of the job)', value)
}
