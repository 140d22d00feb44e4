/**
 * Validates the JSON form of a trigger and makes it a frozen value. What comes out has the same members and values as
 * what went in, in a fixed order; only an interval in milliseconds becomes ISO 8601, and weekday names lower case.
 *
 * Invariants:
 * 1. A trigger that this returns can be evaluated, or says why not with `unsupported`; nothing else is thrown later.
 * 2. Equal triggers are the same object (as long as the bounded table remembers them), and share a compiled form. Not so
 *    those that cannot be evaluated: their error names the path at which they stand.
 */

import { CALENDAR_INTERVAL_FORM } from './calendar-interval.ts'
import { compileFrozen, knownCompiled } from './compile-trigger.ts'
import { fullBudget } from './compiled-trigger.ts'
import type { CompiledTrigger, SearchBudget } from './compiled-trigger.ts'
import { CRONTAB_FORM, CRON_FORM } from './cron-triggers.ts'
import { DAILY_WINDOW_FORM } from './daily-window.ts'
import { readExclusion } from './exclusion.ts'
import { JOB_MEMBERS, optional, readForm, readList, readObject, readZone, required } from './form.ts'
import type { AnyForm, Form, Scope } from './form.ts'
import {
  MAX_COUNTING_STEPS,
  MAX_DEPTH,
  MAX_INTERNED,
  MAX_INTERNED_LENGTH,
  MAX_MEMBERS,
  MIN_INSTANT_MS,
} from './limits.ts'
import { RRULE_FORM } from './rrule-trigger.ts'
import { DATE_FORM, INTERVAL_TRIGGER_FORM } from './simple-triggers.ts'
import { TriggerError, invalid } from './trigger-error.ts'
import type { AndTrigger, ExcludingTrigger, Trigger } from './trigger.ts'

const AND_OR_FORM: Form<AndTrigger> = {
  triggers: required(readList(parseNested, MAX_MEMBERS)),
  ...JOB_MEMBERS,
}

const EXCLUDING_FORM: Form<ExcludingTrigger> = {
  trigger: required(parseNested),
  exclude: required(readList(readExclusion, MAX_MEMBERS)),
  zone: optional(readZone),
  ...JOB_MEMBERS,
}

/** Every kind with the form of its members. */
const FORMS: Readonly<Record<Trigger['type'], AnyForm>> = {
  date: DATE_FORM,
  interval: INTERVAL_TRIGGER_FORM,
  cron: CRON_FORM,
  crontab: CRONTAB_FORM,
  'calendar-interval': CALENDAR_INTERVAL_FORM,
  'daily-window': DAILY_WINDOW_FORM,
  rrule: RRULE_FORM,
  and: AND_OR_FORM,
  or: AND_OR_FORM,
  excluding: EXCLUDING_FORM,
}

let interned = new Map<string, Trigger>()
let internedBefore: ReadonlyMap<string, Trigger> = interned

/**
 * Validates any value as a trigger and returns it as deeply frozen plain data. Throws TriggerError: `invalid-trigger`
 * for a wrong form or value (unknown members included), `unknown-zone`, and `never-fires` for a valid trigger that no
 * instant matches. A trigger that is merely over is valid. `path` begins the paths in messages.
 */
export function parseTrigger(json: unknown, path = 'trigger'): Trigger {
  return parseAt(json, path, { depth: 0, budget: fullBudget(), counting: { left: MAX_COUNTING_STEPS } })
}

function parseNested(json: unknown, path: string, scope: Scope): Trigger {
  const depth = scope.depth + 1
  if (depth > MAX_DEPTH) {
    throw new TriggerError('invalid-trigger', path, `expected at most ${MAX_DEPTH} levels of triggers`)
  }
  return parseAt(json, path, { ...scope, depth })
}

function parseAt(json: unknown, path: string, scope: Scope): Trigger {
  const input = readObject(json, path, 'a trigger object')
  if (scope.depth === 0 && isParsed(input)) return input
  const { type } = input
  if (!isTriggerType(type)) return invalid(`${path}.type`, `one of ${Object.keys(FORMS).join(', ')}`, type)
  const trigger = readForm(input, path, scope, FORMS[type], type) as Trigger
  const key = JSON.stringify(trigger)
  const known = interned.get(key) ?? internedBefore.get(key)
  if (known !== undefined) return known
  const compiled = compileFrozen(trigger, path)
  checkFires(trigger, compiled, path, scope.budget)
  if (compiled.needs === 'other' || key.length > MAX_INTERNED_LENGTH) return trigger
  intern(key, trigger)
  return trigger
}

/** Combinations are searched once from the earliest instant; simple triggers check themselves when compiled. */
function checkFires(trigger: Trigger, compiled: CompiledTrigger, path: string, budget: SearchBudget): void {
  if (compiled.needs !== 'nothing' || (trigger.type !== 'and' && trigger.type !== 'excluding')) return
  if (compiled.next(MIN_INSTANT_MS, MIN_INSTANT_MS, budget) !== null) return
  const reason =
    trigger.type === 'and' ? 'its triggers have no instant in common' : 'every fire of its trigger is excluded'
  throw new TriggerError('never-fires', path, `never fires: ${reason} (searched for 400 years)`)
}

/** What is compiled was made here, and is frozen. */
function isParsed(input: object): input is Trigger {
  return knownCompiled(input as Trigger) !== undefined
}

/** Two generations: when the younger is full it becomes the elder, and the elder is forgotten. */
function intern(key: string, trigger: Trigger): void {
  if (interned.size >= MAX_INTERNED) {
    internedBefore = interned
    interned = new Map()
  }
  interned.set(key, trigger)
}

function isTriggerType(type: unknown): type is Trigger['type'] {
  return typeof type === 'string' && Object.hasOwn(FORMS, type)
}
