/**
 * From a trigger's data to its evaluable form, one kind per module. Compiled forms are remembered per trigger object;
 * `parse-trigger.ts` makes equal triggers one object, so equal jobs share one compiled form. What cannot be
 * evaluated is not remembered, because its error names the path at which it stands.
 */

import { compileCalendarInterval } from './calendar-interval.ts'
import { compileAnd, compileExcluding, compileOr } from './combine.ts'
import { tableOf, unsupported } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { compileCron, compileCrontab } from './cron-triggers.ts'
import { compileDailyWindow } from './daily-window.ts'
import { compileExclusion } from './exclusion.ts'
import { compileDate, compileInterval, compileRRule } from './simple-triggers.ts'
import type { ExcludingTrigger, Trigger } from './trigger.ts'

/** Keys are frozen triggers that `parseTrigger` made, so an entry cannot go stale. */
const compiledTriggers = new WeakMap<Trigger, CompiledTrigger>()

/** The compiled form of a trigger that was compiled before; undefined for any other object. */
export function knownCompiled(trigger: Trigger): CompiledTrigger | undefined {
  return compiledTriggers.get(trigger)
}

/** Compiles a frozen trigger of valid form. Throws TriggerError, with paths below `path`. */
export function compileFrozen(trigger: Trigger, path: string): CompiledTrigger {
  const known = compiledTriggers.get(trigger)
  if (known !== undefined) return known
  const compiled = compile(trigger, path)
  if (compiled.needs !== 'other') compiledTriggers.set(trigger, compiled)
  return compiled
}

function compile(trigger: Trigger, path: string): CompiledTrigger {
  switch (trigger.type) {
    case 'date':
      return compileDate(trigger, path)
    case 'interval':
      return compileInterval(trigger, path)
    case 'cron':
      return compileCron(trigger, path)
    case 'crontab':
      return compileCrontab(trigger, path)
    case 'calendar-interval':
      return compileCalendarInterval(trigger, path)
    case 'daily-window':
      return compileDailyWindow(trigger, path)
    case 'rrule':
      return compileRRule(trigger, path)
    case 'and':
      return compileAnd(members(trigger.triggers, path))
    case 'or':
      return compileOr(members(trigger.triggers, path))
    case 'excluding':
      return compileExclusions(trigger, path)
  }
}

function members(triggers: readonly Trigger[], path: string): readonly CompiledTrigger[] {
  return triggers.map((trigger, i) => compileFrozen(trigger, `${path}.triggers[${i}]`))
}

function compileExclusions(trigger: ExcludingTrigger, path: string): CompiledTrigger {
  const inner = compileFrozen(trigger.trigger, `${path}.trigger`)
  const holidays = trigger.exclude.findIndex((exclusion) => 'holidays' in exclusion)
  const exclusions = trigger.exclude.flatMap((exclusion, i) =>
    'holidays' in exclusion ? [] : [compileExclusion(exclusion, `${path}.exclude[${i}]`)],
  )
  const compiled = compileExcluding(inner, tableOf(trigger.zone, path), exclusions)
  if (holidays === -1) return compiled
  return unsupported(
    `${path}.exclude[${holidays}].holidays`,
    'holidays need a holiday calendar, and none is configured',
  )
}
