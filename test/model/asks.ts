/** Definitions that clients ask for, at random: triggers that fire within minutes, policies that get into each other's way. */
import fc from 'fast-check'
import type { Labels } from '../../src/core/commands.ts'
import type { Plan } from './plan.ts'
import type { Ask } from './spec.ts'

/** Times are seconds from the moment at which the command is given. */
export type Shape =
  | { readonly kind: 'once' }
  | { readonly kind: 'date'; readonly in: number }
  | {
      readonly kind: 'interval'
      readonly every: number
      readonly start: number | null
      readonly end: number | null
      readonly repeat: number | null
      /** Longer than most intervals: later times come due before earlier ones. */
      readonly jitter: number | null
    }

export function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(arbitrary, { freq: 5, nil: null })
}

export const shape: fc.Arbitrary<Shape> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('interval' as const),
      every: fc.constantFrom(10, 10, 15, 30, 60, 300),
      start: fc.option(fc.integer({ min: -90, max: 60 }), { freq: 4, nil: null }),
      end: fc.option(fc.integer({ min: -20, max: 600 }), { freq: 8, nil: null }),
      repeat: seldom(fc.integer({ min: 1, max: 4 })),
      jitter: seldom(fc.constantFrom(3, 40)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('date' as const), in: fc.integer({ min: -90, max: 120 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'once' as const }) },
)

export function planOf(shape: Shape, now: number): Plan {
  const at = (seconds: number): number => Math.floor(now / 1_000) * 1_000 + seconds * 1_000
  switch (shape.kind) {
    case 'once':
      return shape
    case 'date':
      return { kind: 'date', at: at(shape.in) }
    case 'interval': {
      const { every, start, end, repeat, jitter } = shape
      return {
        kind: 'interval',
        everyMs: every * 1_000,
        start: start === null ? null : at(start),
        end: end === null ? null : at(end),
        repeat,
        jitterMs: jitter === null ? null : jitter * 1_000,
      }
    }
  }
}

export const labels: fc.Arbitrary<Labels> = fc.constantFrom<Labels>(
  {},
  { team: 'x' },
  { team: 'x' },
  { team: 'x', tier: '1' },
)

const policies = {
  labels,
  misfireGraceMs: fc.constantFrom(null, 5_000, 60_000),
  coalesce: fc.constantFrom('latest' as const, 'earliest' as const, 'all' as const),
  maxCatchUp: fc.integer({ min: 1, max: 4 }),
  maxInstances: fc.constantFrom(1, 1, 2, 3),
  overlap: fc.constantFrom('skip' as const, 'queue' as const, 'cancel-running' as const),
  queueLimit: fc.integer({ min: 1, max: 3 }),
  retry: fc.record(
    {
      maxAttempts: fc.integer({ min: 1, max: 4 }),
      initialMs: fc.constantFrom(0, 1_000, 20_000),
      multiplier: fc.constantFrom(1, 2, 10),
      maxMs: fc.constantFrom(15_000, 300_000),
      jitter: fc.constantFrom(0, 0.2, 1),
      nonRetryable: fc.constant(['Fatal']),
    },
    { requiredKeys: ['maxAttempts'] },
  ),
  timeoutMs: fc.constantFrom(null, 10_000),
  heartbeatTimeoutMs: fc.constantFrom(null, null, 20_000),
  delivery: fc.constantFrom('at-least-once' as const, 'at-least-once' as const, 'at-most-once' as const),
}

/** Each member is there or not. */
export const policy: fc.Arbitrary<Ask> = fc.record(policies, { requiredKeys: [] })

/** Of those, one or two. */
export const change: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ maxInstances: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ overlap: policies.overlap, queueLimit: policies.queueLimit }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constantFrom('one', 'two', null) }) },
  { weight: 2, arbitrary: fc.record({ labels }) },
  { weight: 2, arbitrary: fc.record({ misfireGraceMs: policies.misfireGraceMs, coalesce: policies.coalesce }) },
  { weight: 2, arbitrary: fc.record({ retry: fc.option(policies.retry, { freq: 4, nil: null }) }) },
  { weight: 1, arbitrary: fc.record({ delivery: policies.delivery, timeoutMs: policies.timeoutMs }) },
  { weight: 1, arbitrary: policy },
)
