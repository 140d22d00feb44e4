/**
 * Form and evaluation of `rrule`: a recurrence rule in a zone. Local times that do not exist are ignored and not counted
 * (RFC 5545 §3.3.10), of those that occur twice the first pass counts.
 */

import type { Calendars } from './calendars.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { JOB_MEMBERS, readText, required } from './form.ts'
import type { Form, Scope } from './form.ts'
import { MAX_INSTANT_MS, MAX_RULE_LENGTH, MIN_INSTANT_MS } from './limits.ts'
import { recurrence } from './recurrence.ts'
import { parseRecurrence } from './recurrence-rule.ts'
import type { RecurrenceRule } from './recurrence-rule.ts'
import { TriggerError } from './trigger-error.ts'
import type { RRuleTrigger } from './trigger.ts'
import { resolveLocal } from './zone.ts'
import type { ZoneTable } from './zone.ts'
import { nextInZone } from './zoned-next.ts'

export const RRULE_FORM: Form<RRuleTrigger> = {
  rule: required(readRule),
  ...JOB_MEMBERS,
}

/** Evaluations of other triggers that take as long as one of a rule, at its worst. */
const RULE_COST = 20

export function compileRRule(trigger: RRuleTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const rulePath = `${path}.rule`
  const { zone, startMs, rule } = parseRecurrence(trigger.rule, rulePath)
  const table = calendars.zones.table(zone, rulePath)
  const schedule = recurrence(rule, startMs)
  if (schedule.nextLocal(startMs) === Infinity) {
    throw new TriggerError(
      'never-fires',
      rulePath,
      'never fires: no date of the years to 9999 matches all of its parts',
    )
  }
  const endMs = untilMs(rule, table)
  if (endMs < resolveLocal(table, startMs).instant) {
    throw new TriggerError('invalid-trigger', rulePath, 'UNTIL: expected a time that is not before DTSTART')
  }
  const next = (fromMs: number): number | null => {
    const at = nextInZone(schedule, table, 'skip', fromMs)
    return at !== null && at <= endMs ? at : null
  }
  const limited = rule.count === null ? next : counted(next, rule.count)
  return {
    needs: 'nothing',
    next: (afterMs, _anchorMs, budget) => {
      if (budget !== undefined) budget.left -= RULE_COST
      return limited(afterMs + 1)
    },
  }
}

function untilMs({ until }: RecurrenceRule, table: ZoneTable): number {
  if (until === null) return MAX_INSTANT_MS
  return until.isInstant ? until.ms : resolveLocal(table, until.ms).instant
}

/**
 * The first `count` fires only. How far it has counted is remembered: that saves counting from the start again and
 * changes no answer.
 */
function counted(next: (fromMs: number) => number | null, count: number): (fromMs: number) => number | null {
  let fires = 0
  let last = MIN_INSTANT_MS - 1
  return (fromMs) => {
    while (last < fromMs && fires < count) {
      const at = next(last + 1)
      if (at === null) return null
      last = at
      fires++
    }
    return last < fromMs ? null : next(fromMs)
  }
}

function readRule(value: unknown, path: string, scope: Scope): string {
  const rule = readText(MAX_RULE_LENGTH)(value, path, scope)
  parseRecurrence(rule, path)
  return rule
}
