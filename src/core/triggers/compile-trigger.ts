/**
 * From a trigger's data to its evaluable form, one kind per module. Compiled forms are remembered per trigger object and
 * time-zone database (those with holidays: per calendars); `parse-trigger.ts` makes equal triggers one object, so equal
 * jobs share one compiled form. What cannot be evaluated is not remembered, because its error names the path at which it
 * stands.
 */

import { bareCalendars } from './calendars.ts'
import type { Calendars } from './calendars.ts'
import { compileCalendarInterval } from './calendar-interval.ts'
import { compileAnd, compileExcluding, compileOr } from './combine.ts'
import { tableOf, unsupported } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { compileCron, compileCrontab } from './cron-triggers.ts'
import { compileDailyWindow } from './daily-window.ts'
import { compileExclusion } from './exclusion.ts'
import { compileRRule } from './rrule-trigger.ts'
import { compileDate, compileInterval } from './simple-triggers.ts'
import type { ExcludingTrigger, Trigger } from './trigger.ts'

/** Keys are frozen triggers that `parseTrigger` made, so an entry cannot go stale. */
type Compiled = WeakMap<Trigger, CompiledTrigger>

/** By a database's `table`; triggers with holidays by their calendars. */
const compiledBy = new WeakMap<object, Compiled>()
let lastUsed: { readonly by: object; readonly compiled: Compiled } = { by: {}, compiled: new WeakMap() }

function compiledFor(by: object): Compiled {
  if (lastUsed.by === by) return lastUsed.compiled
  const compiled: Compiled = compiledBy.get(by) ?? new WeakMap<Trigger, CompiledTrigger>()
  compiledBy.set(by, compiled)
  lastUsed = { by, compiled }
  return compiled
}

/** The compiled form of a trigger that was compiled before; undefined for any other object. */
export function knownCompiled(trigger: Trigger, calendars: Calendars = bareCalendars): CompiledTrigger | undefined {
  const known = compiledFor(calendars.zones.table).get(trigger)
  if (known !== undefined || calendars.holidays === null) return known
  return compiledBy.get(calendars)?.get(trigger)
}

/** The first place whose holidays a trigger leaves out, at whatever depth; null: none. */
export function holidayPlace(trigger: Trigger): string | null {
  switch (trigger.type) {
    case 'and':
    case 'or':
      return trigger.triggers.map(holidayPlace).find((place) => place !== null) ?? null
    case 'excluding': {
      const own = trigger.exclude.find((exclusion) => 'holidays' in exclusion)
      return own?.holidays ?? holidayPlace(trigger.trigger)
    }
    default:
      return null
  }
}

/** Compiles a frozen trigger of valid form. Throws TriggerError, with paths below `path`. */
export function compileFrozen(trigger: Trigger, path: string, calendars: Calendars = bareCalendars): CompiledTrigger {
  const known = knownCompiled(trigger, calendars)
  if (known !== undefined) return known
  const compiled = compile(trigger, path, calendars)
  if (compiled.needs === 'other') return compiled
  compiledFor(holidayPlace(trigger) === null ? calendars.zones.table : calendars).set(trigger, compiled)
  return compiled
}

function compile(trigger: Trigger, path: string, calendars: Calendars): CompiledTrigger {
  switch (trigger.type) {
    case 'date':
      return compileDate(trigger, path, calendars)
    case 'interval':
      return compileInterval(trigger, path, calendars)
    case 'cron':
      return compileCron(trigger, path, calendars)
    case 'crontab':
      return compileCrontab(trigger, path, calendars)
    case 'calendar-interval':
      return compileCalendarInterval(trigger, path, calendars)
    case 'daily-window':
      return compileDailyWindow(trigger, path, calendars)
    case 'rrule':
      return compileRRule(trigger, path, calendars)
    case 'and':
      return compileAnd(members(trigger.triggers, path, calendars))
    case 'or':
      return compileOr(members(trigger.triggers, path, calendars))
    case 'excluding':
      return compileExclusions(trigger, path, calendars)
  }
}

function members(triggers: readonly Trigger[], path: string, calendars: Calendars): readonly CompiledTrigger[] {
  return triggers.map((trigger, i) => compileFrozen(trigger, `${path}.triggers[${i}]`, calendars))
}

function compileExclusions(trigger: ExcludingTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const inner = compileFrozen(trigger.trigger, `${path}.trigger`, calendars)
  const { holidays } = calendars
  const lacking = trigger.exclude.findIndex((exclusion) => 'holidays' in exclusion && holidays === null)
  const exclusions = trigger.exclude.flatMap((exclusion, i) =>
    'holidays' in exclusion && holidays === null
      ? []
      : [compileExclusion(exclusion, `${path}.exclude[${i}]`, calendars)],
  )
  const compiled = compileExcluding(inner, tableOf(calendars, trigger.zone, path), exclusions)
  if (lacking === -1) return compiled
  return unsupported(
    `${path}.exclude[${lacking}].holidays`,
    'holidays need the package date-holidays, which is not installed here',
  )
}
