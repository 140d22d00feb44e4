/**
 * When a trigger fires next. Pure: the same arguments give the same answer, there is no clock and no state, so the time
 * of the last fire is all that a scheduler has to keep.
 */

import { compileFrozen, knownCompiled } from './compile-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { MAX_INSTANT_MS, MIN_INSTANT_MS } from './limits.ts'
import { parseTrigger } from './parse-trigger.ts'
import type { Trigger } from './trigger.ts'

const givenTriggers = new WeakMap<Trigger, { readonly text: string; readonly compiled: CompiledTrigger }>()

/** A trigger ready for repeated use: `next(afterMs, anchorMs?)` as `nextFireTime`. */
export interface EvaluableTrigger {
  readonly next: (afterMs: number, anchorMs?: number) => number | null
}

/**
 * First nominal fire, in epoch milliseconds, strictly later than `after`; null when there is none up to the end of 9999.
 * Jitter is not added and `repeat` not counted: both are the job's.
 *
 * `anchor` (epoch ms, default `after`) is the start of an interval or calendar interval that has none, also inside and,
 * or and excluding. A trigger without a zone is read in UTC.
 *
 * Throws TriggerError for an invalid trigger, and `unsupported` for `H` without a value, rrule and holidays.
 */
export function nextFireTime(trigger: Trigger, after: number, anchor?: number): number | null {
  return evaluate(knownCompiled(trigger) ?? compileGiven(trigger), after, anchor)
}

/** For a caller that asks one trigger often. Throws as `nextFireTime`. */
export function compileTrigger(trigger: Trigger): EvaluableTrigger {
  const compiled = knownCompiled(trigger) ?? compileGiven(trigger)
  return { next: (afterMs, anchorMs) => evaluate(compiled, afterMs, anchorMs) }
}

/**
 * Triggers that `parseTrigger` made are known. Others are plain data of the caller's, as read from JSON: checked, and
 * remembered with their text, because nothing keeps the caller from changing them.
 */
function compileGiven(trigger: Trigger): CompiledTrigger {
  const text = JSON.stringify(trigger)
  const known = givenTriggers.get(trigger)
  if (known !== undefined && known.text === text) return known.compiled
  const compiled = compileFrozen(parseTrigger(trigger), 'trigger')
  givenTriggers.set(trigger, { text, compiled })
  return compiled
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
