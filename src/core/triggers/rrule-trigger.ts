/**
 * Form and evaluation of `rrule`: a recurrence rule in a zone. Local times that do not exist are ignored and not counted
 * (RFC 5545 §3.3.10), of those that occur twice the first pass counts.
 */

import type { Calendars } from './calendars.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { JOB_MEMBERS, readText, required } from './form.ts'
import type { Form, Scope } from './form.ts'
import { MAX_COUNTING_STEPS, MAX_INSTANT_MS, MAX_RULE_LENGTH, MIN_INSTANT_MS, STEPS_PER_ROUND } from './limits.ts'
import { recurrence } from './recurrence.ts'
import { parseRecurrence } from './recurrence-rule.ts'
import type { ParsedRecurrence, RecurrenceRule } from './recurrence-rule.ts'
import { TriggerError } from './trigger-error.ts'
import type { RRuleTrigger } from './trigger.ts'
import { resolveLocal } from './zone.ts'
import type { ZoneTable } from './zone.ts'
import { nextInZone } from './zoned-next.ts'

export const RRULE_FORM: Form<RRuleTrigger> = {
  rule: required(readRule),
  ...JOB_MEMBERS,
}

/** Evaluations of other triggers that take as long as one of a rule in the period where it begins, at its worst. */
const RULE_COST = 20

export function compileRRule(trigger: RRuleTrigger, path: string, calendars: Calendars): CompiledTrigger {
  const rulePath = `${path}.rule`
  const { zone, startMs, rule } = parseRecurrence(trigger.rule, rulePath)
  const table = calendars.zones.table(zone, rulePath)
  const schedule = recurrence(rule, startMs)
  const endMs = untilMs(rule, table)
  if (endMs < resolveLocal(table, startMs).instant) {
    throw new TriggerError('invalid-trigger', rulePath, 'UNTIL: expected a time that is not before DTSTART')
  }
  const next = (fromMs: number): number | null => {
    const at = nextInZone(schedule, table, 'skip', fromMs)
    return at !== null && at <= endMs ? at : null
  }
  const isOver = rule.count === null ? null : overAfter(next, rule.count)
  return {
    needs: 'nothing',
    next: (afterMs, _anchorMs, budget) => {
      if (budget !== undefined) budget.left -= RULE_COST
      // What counting takes is bounded when the rule is read, and depends on the calls before: no budget pays for it.
      if (isOver?.(afterMs + 1) === true) return null
      const before = schedule.steps()
      const at = next(afterMs + 1)
      if (budget !== undefined) budget.left -= (schedule.steps() - before) / STEPS_PER_ROUND
      return at
    },
  }
}

function untilMs({ until }: RecurrenceRule, table: ZoneTable): number {
  if (until === null) return MAX_INSTANT_MS
  return until.isInstant ? until.ms : resolveLocal(table, until.ms).instant
}

/**
 * Whether all of the first `count` fires are before a time. How far it has counted is remembered: that saves counting from
 * the start again and changes no answer.
 */
function overAfter(next: (fromMs: number) => number | null, count: number): (fromMs: number) => boolean {
  let fires = 0
  let last = MIN_INSTANT_MS - 1
  return (fromMs) => {
    while (last < fromMs && fires < count) {
      const at = next(last + 1)
      if (at === null) return true
      last = at
      fires++
    }
    return last < fromMs
  }
}

function readRule(value: unknown, path: string, scope: Scope): string {
  const rule = readText(MAX_RULE_LENGTH)(value, path, scope)
  checkSearch(parseRecurrence(rule, path), path, scope)
  return rule
}

/**
 * Looks for the first fire, and counts as far as COUNT, in local time: what it finds depends on no zone database, so a
 * rule that was accepted stays so.
 */
function checkSearch({ rule, startMs }: ParsedRecurrence, path: string, { counting }: Scope): void {
  const schedule = recurrence(rule, startMs)
  let at = schedule.nextLocal(startMs)
  if (at === Infinity) {
    throw new TriggerError('never-fires', path, 'never fires: no date within 400 years matches all of its parts')
  }
  const isOver = (): boolean => schedule.steps() > counting.left
  for (let fires = 1; fires < (rule.count ?? 1) && at !== Infinity && !isOver(); fires++)
    at = schedule.nextLocal(at + 1)
  if (isOver()) {
    const message = `expected rules whose fires are counted in ${MAX_COUNTING_STEPS} steps together, got more: use UNTIL, or a smaller COUNT`
    throw new TriggerError('invalid-trigger', path, message)
  }
  counting.left -= schedule.steps()
}
