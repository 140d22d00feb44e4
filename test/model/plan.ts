/** When a job of the model fires: once, at a date, or on an interval's grid. Arithmetic of its own, in UTC. */

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
      const { everyMs, start, end, repeat } = plan
      return {
        type: 'interval',
        every: `PT${everyMs / 1_000}S`,
        ...(start === null ? {} : { start: iso(start) }),
        ...(end === null ? {} : { end: iso(end) }),
        ...(repeat === null ? {} : { repeat }),
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
      // Without a start it is anchored at `now`, and fires first one interval later.
      return onGrid(plan, now, plan.start === null ? Math.max(now, decided) : Math.max(now - 1, decided))
  }
}

/** The time after `at`; `decided` counts those so far. */
export function timeAfter(plan: Plan, anchor: number, at: number, decided: number): number | null {
  switch (plan.kind) {
    case 'once':
      return null
    case 'date':
      return at < plan.at ? plan.at : null
    case 'interval':
      return plan.repeat !== null && decided >= plan.repeat ? null : onGrid(plan, anchor, at)
  }
}

/** The first time on the grid that is later than `after`. */
function onGrid(plan: Extract<Plan, { kind: 'interval' }>, anchor: number, after: number): number | null {
  const start = plan.start ?? anchor
  const steps = after < start ? 0 : Math.floor((after - start) / plan.everyMs) + 1
  const at = start + steps * plan.everyMs
  return plan.end !== null && at > plan.end ? null : at
}
