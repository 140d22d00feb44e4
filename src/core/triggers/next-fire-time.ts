/**
 * When a trigger fires next. Pure: the same arguments give the same answer, there is no clock and no state, so the time
 * of the last fire is all that a scheduler has to keep.
 */

import { bareCalendars } from './calendars.ts'
import type { Calendars } from './calendars.ts'
import { compileFrozen, knownCompiled } from './compile-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { MAX_INSTANT_MS, MIN_INSTANT_MS } from './limits.ts'
import { parseTrigger } from './parse-trigger.ts'
import type { Trigger } from './trigger.ts'

/** Data of the caller's with the text that it had when it was checked, and the checked trigger. */
const givenTriggers = new WeakMap<Trigger, { readonly text: string; readonly trigger: Trigger }>()

/** A trigger ready for repeated use: `next(afterMs, anchorMs?)` as `nextFireTime`. */
export interface EvaluableTrigger {
  readonly next: (afterMs: number, anchorMs?: number) => number | null
}

/**
 * First nominal fire, in epoch milliseconds, strictly later than `after`; null when there is none up to the end of 9999.
 * Jitter is not added and `repeat` not counted: both are the job's.
 *
 * `anchor` (epoch ms, default `after`) is the start of an interval or calendar interval that has none, also inside and,
 * or and excluding; such an interval fires first one interval later. A trigger without a zone is read in UTC. `calendars`: default the runtime's zones and no holidays.
 *
 * Throws TriggerError for an invalid trigger, and `unsupported` for `H` without a value and holidays without a calendar.
 */
export function nextFireTime(
  trigger: Trigger,
  after: number,
  anchor?: number,
  calendars: Calendars = bareCalendars,
): number | null {
  return evaluate(knownCompiled(trigger, calendars) ?? compileGiven(trigger, calendars), after, anchor)
}

/** For a caller that asks one trigger often. Throws as `nextFireTime`. */
export function compileTrigger(trigger: Trigger, calendars: Calendars = bareCalendars): EvaluableTrigger {
  const compiled = knownCompiled(trigger, calendars) ?? compileGiven(trigger, calendars)
  return { next: (afterMs, anchorMs) => evaluate(compiled, afterMs, anchorMs) }
}

/**
 * Triggers that `parseTrigger` made are known. Others are plain data of the caller's, as read from JSON: checked, and
 * remembered with their text, because nothing keeps the caller from changing them.
 */
function compileGiven(given: Trigger, calendars: Calendars): CompiledTrigger {
  const text = JSON.stringify(given)
  const known = givenTriggers.get(given)
  const trigger = known?.text === text ? known.trigger : parseTrigger(given)
  if (trigger !== known?.trigger) givenTriggers.set(given, { text, trigger })
  return compileFrozen(trigger, 'trigger', calendars)
}

function evaluate(compiled: CompiledTrigger, after: number, anchor: number | undefined): number | null {
  if (!Number.isFinite(after)) throw new RangeError(`after: expected epoch milliseconds, got ${after}`)
  if (anchor !== undefined && !Number.isFinite(anchor))
    throw new RangeError(`anchor: expected epoch milliseconds, got ${anchor}`)
  if (after >= MAX_INSTANT_MS) return null
  const afterMs = Math.max(Math.floor(after), MIN_INSTANT_MS)
  const at = anchor === undefined ? compiled.next(afterMs) : compiled.next(afterMs, Math.floor(anchor))
  // A time that does not advance would fire for ever: stop here rather than there.
  if (at !== null && !(at > after && at <= MAX_INSTANT_MS)) {
    throw new Error(`next fire ${at} is not later than ${after}: a bug in the trigger engine`)
  }
  return at
}
