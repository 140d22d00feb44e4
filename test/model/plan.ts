/** When a job of the model fires: once, at a date, or on an interval's grid. Arithmetic of its own, in UTC. */

import { jitterDelayMs } from '../../src/core/triggers/jitter.ts'

export type Plan =
  /** No trigger: once, when it is added. */
  | { readonly kind: 'once' }
  | { readonly kind: 'date'; readonly at: number }
  | {
      readonly kind: 'interval'
      readonly everyMs: number
      /** First time of the grid; null: the anchor, which is no time to fire at itself. */
      readonly start: number | null
      /** Last time that counts; null: none. */
      readonly end: number | null
      /** Times to fire in all; null: no limit. */
      readonly repeat: number | null
      /** The most that a fire is delayed; null: none is. */
      readonly jitterMs: number | null
    }

export const ONCE: Plan = { kind: 'once' }

/** The JSON form in which a client sends it. */
export function triggerOf(plan: Plan): object | null {
  switch (plan.kind) {
    case 'once':
      return null
    case 'date':
      return { type: 'date', at: iso(plan.at) }
    case 'interval': {
      const { everyMs, start, end, repeat, jitterMs } = plan
      return {
        type: 'interval',
        every: `PT${everyMs / 1_000}S`,
        ...(start === null ? {} : { start: iso(start) }),
        ...(end === null ? {} : { end: iso(end) }),
        ...(repeat === null ? {} : { repeat }),
        ...(jitterMs === null ? {} : { jitterMs }),
      }
    }
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

/** The first time of a phase that begins at `now`; each is later than `decided`, the last time that was decided. */
export function firstTime(plan: Plan, now: number, decided: number): number | null {
  switch (plan.kind) {
    case 'once':
      return Math.max(now, decided + 1)
    case 'date':
      return plan.at > decided ? plan.at : null
    case 'interval':
      return onGrid(plan, now, Math.max(now - 1, decided))
  }
}

/** The time after `at`; `decided` counts those so far. */
export function timeAfter(plan: Plan, anchor: number, at: number, decided: number): number | null {
  switch (plan.kind) {
    case 'once':
      return null
    case 'date':
      // A first time that was asked for is instead of the date.
      return at < plan.at && decided === 0 ? plan.at : null
    case 'interval':
      return plan.repeat !== null && decided >= plan.repeat ? null : onGrid(plan, anchor, at)
  }
}

/** When a time of the plan is due: with its jitter, of which `test/core/triggers` has vectors. */
export function dueTime(plan: Plan, jobId: string, at: number): number {
  return plan.kind === 'interval' && plan.jitterMs !== null ? at + jitterDelayMs(jobId, at, plan.jitterMs) : at
}

/** The first time on the grid that is later than `after`. */
function onGrid(plan: Extract<Plan, { kind: 'interval' }>, anchor: number, after: number): number | null {
  const start = plan.start ?? anchor + plan.everyMs
  const steps = after < start ? 0 : Math.floor((after - start) / plan.everyMs) + 1
  const at = start + steps * plan.everyMs
  return plan.end !== null && at > plan.end ? null : at
}
