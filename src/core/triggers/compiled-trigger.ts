/**
 * The evaluable form of a trigger and what all kinds share: bounds, and errors for what cannot be evaluated yet.
 */

import type { Calendars } from './calendars.ts'
import { resolveDateTime } from './date-time-text.ts'
import type { IntervalGrid } from './interval-grid.ts'
import { MAX_INSTANT_MS, MAX_SEARCH_ROUNDS } from './limits.ts'
import { TriggerError, show } from './trigger-error.ts'
import type { Bounds, DstPolicy } from './trigger.ts'
import type { ZoneTable } from './zone.ts'
import { nextInZone } from './zoned-next.ts'
import type { LocalSchedule } from './zoned-next.ts'

/**
 * What the fires depend on that is not in the trigger: `anchor`, the instant at which it is added; `other`, a job id or a
 * calendar, without which asking is an error.
 */
export type Need = 'nothing' | 'anchor' | 'other'

/** Evaluations that one search may still make, shared by all combinations nested in it. */
export interface SearchBudget {
  left: number
}

export interface CompiledTrigger {
  /**
   * First nominal fire strictly later than `afterMs` (a whole number of epoch milliseconds), or null when there is none.
   * `anchorMs` is the start of what has none of its own; absent, it is `afterMs`. Same arguments, same answer.
   * A combination that runs out of `budget` (default: a full one) has no next fire. Throws TriggerError `unsupported` if
   * the trigger cannot be evaluated here.
   */
  next(afterMs: number, anchorMs?: number, budget?: SearchBudget): number | null
  readonly needs: Need
  /** Set where the fires are exactly this grid. */
  readonly grid?: IntervalGrid
}

/** Bounds in epoch milliseconds, inclusive; infinite where none. */
export interface InstantBounds {
  readonly startMs: number
  readonly endMs: number
}

const DEFAULT_ZONE = 'UTC'

export function tableOf(calendars: Calendars, zone: string | undefined, path: string): ZoneTable {
  return calendars.zones.table(zone ?? DEFAULT_ZONE, `${path}.zone`)
}

/** Throws TriggerError `invalid-trigger` if the end is before the start. */
export function resolveBounds(bounds: Bounds, table: ZoneTable, path: string): InstantBounds {
  const { start, end } = bounds
  const startMs = start === undefined ? -Infinity : resolveDateTime(start, table, `${path}.start`)
  const endMs = end === undefined ? MAX_INSTANT_MS : resolveDateTime(end, table, `${path}.end`)
  if (endMs < startMs) {
    const message = `expected an end that is not before the start ${show(start)}, got ${show(end)}`
    throw new TriggerError('invalid-trigger', `${path}.end`, message)
  }
  return { startMs, endMs }
}

/** A local schedule in a zone, between bounds. */
export function compileZoned(
  schedule: LocalSchedule,
  table: ZoneTable,
  dst: DstPolicy | undefined,
  bounds: InstantBounds,
): CompiledTrigger {
  const { startMs, endMs } = bounds
  const policy = schedule.everyHour ? 'wall' : (dst ?? 'compatible')
  return {
    needs: 'nothing',
    next: (afterMs) => {
      const at = nextInZone(schedule, table, policy, afterMs < startMs ? startMs : afterMs + 1)
      return at !== null && at <= endMs ? at : null
    },
  }
}

/** What a combination depends on: the most demanding of its members. */
export function needsOf(members: readonly CompiledTrigger[]): Need {
  if (members.some((member) => member.needs === 'other')) return 'other'
  return members.some((member) => member.needs === 'anchor') ? 'anchor' : 'nothing'
}

export function fullBudget(): SearchBudget {
  return { left: MAX_SEARCH_ROUNDS }
}

/** Stands for a trigger that is valid but cannot be evaluated here; asking it throws. */
export function unsupported(path: string, message: string): CompiledTrigger {
  return {
    needs: 'other',
    next: () => {
      throw new TriggerError('unsupported', path, message)
    },
  }
}
