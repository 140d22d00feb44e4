/**
 * Evaluation of `and`, `or` and `excluding` over compiled members. A member's own next is strictly later, so each round
 * makes progress; and every search is bounded, in the time it looks at and in evaluations. The budget of evaluations is
 * one for all that is nested, or else the bounds would multiply.
 *
 * The anchor of the first call is passed to every later one: a member without a start must not re-anchor within a search.
 */

import { fullBudget, needsOf } from './compiled-trigger.ts'
import type { CompiledTrigger } from './compiled-trigger.ts'
import { commonGrid } from './interval-grid.ts'
import { MAX_INSTANT_MS, SEARCH_HORIZON_MS } from './limits.ts'
import { compileGrid } from './simple-triggers.ts'
import type { ZoneTable } from './zone.ts'

/** End of the exclusion that a local time is in, or null: local milliseconds, later than `localMs`. */
export type LocalExclusion = (localMs: number) => number | null

export function compileOr(members: readonly CompiledTrigger[]): CompiledTrigger {
  return {
    needs: needsOf(members),
    next: (afterMs, anchorMs = afterMs, budget = fullBudget()) => {
      let first: number | null = null
      budget.left -= members.length
      for (const member of members) {
        if (budget.left <= 0) return null
        const at = member.next(afterMs, anchorMs, budget)
        if (at !== null && (first === null || at < first)) first = at
      }
      return first
    },
  }
}

/** Leapfrog: each member is asked for its first fire at the latest candidate or later, until all agree. */
export function compileAnd(given: readonly CompiledTrigger[]): CompiledTrigger {
  const members = withMergedGrids(given)
  return {
    needs: needsOf(members),
    next: (afterMs, anchorMs = afterMs, budget = fullBudget()) => {
      let candidate = afterMs + 1
      let limit = Infinity
      let agreed = 0
      for (let round = 0; budget.left > 0; round++) {
        budget.left--
        const at = members[round % members.length]?.next(candidate - 1, anchorMs, budget) ?? null
        if (at === null || at > limit) return null
        agreed = at === candidate ? agreed + 1 : 1
        if (agreed === members.length) return at
        // The first candidate may be far off; the horizon counts from there.
        if (round === 0) limit = at + SEARCH_HORIZON_MS
        candidate = at
      }
      return null
    },
  }
}

/** A fire that is excluded is dropped; the search goes on at the end of the exclusion. The grid never moves. */
export function compileExcluding(
  inner: CompiledTrigger,
  table: ZoneTable,
  exclusions: readonly LocalExclusion[],
): CompiledTrigger {
  /** First instant after `at` at which the exclusion may be over, or null if `at` is not excluded. */
  function excludedUntil(at: number): number | null {
    const { offset, end } = table.segmentAt(at)
    for (const exclusion of exclusions) {
      const until = exclusion(at + offset)
      // Local time is only continuous up to the next zone change.
      if (until !== null) return Math.min(until - offset, end)
    }
    return null
  }
  return {
    needs: inner.needs,
    next: (afterMs, anchorMs = afterMs, budget = fullBudget()) => {
      let at = inner.next(afterMs, anchorMs, budget)
      if (at === null) return null
      const limit = Math.min(at + SEARCH_HORIZON_MS, MAX_INSTANT_MS)
      while (at !== null && at <= limit && budget.left > 0) {
        budget.left -= exclusions.length
        const until = excludedUntil(at)
        if (until === null) return at
        at = inner.next(until - 1, anchorMs, budget)
      }
      return null
    },
  }
}

/** Interval members with a start become one exact grid; grids that never meet become a member that never fires. */
function withMergedGrids(members: readonly CompiledTrigger[]): readonly CompiledTrigger[] {
  const grids = members.flatMap((member) => member.grid ?? [])
  const [first, ...others] = grids
  if (first === undefined || others.length === 0) return members
  const rest = members.filter((member) => member.grid === undefined)
  let merged: typeof first | null = first
  for (const grid of others) merged = merged === null ? null : commonGrid(merged, grid)
  return [merged === null ? { needs: 'nothing', next: () => null } : compileGrid(merged), ...rest]
}
