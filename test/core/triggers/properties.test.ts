/** What holds for every trigger, checked on random ones. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeTrigger } from '../../../src/core/triggers/describe-trigger.ts'
import { compileTrigger, nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../../src/core/triggers/parse-trigger.ts'
import { resolveTrigger } from '../../../src/core/triggers/resolve-trigger.ts'
import { TriggerError } from '../../../src/core/triggers/trigger-error.ts'
import type { Trigger } from '../../../src/core/triggers/trigger.ts'
import { crontabTexts, instants, triggers, zones } from './arbitrary-triggers.ts'

/** Combinations can be refused as never firing; that is a right answer, but there is nothing to check about it. */
function parsed(json: object): Trigger {
  try {
    return parseTrigger(json)
  } catch (error) {
    fc.pre(!(error instanceof TriggerError && error.code === 'never-fires'))
    throw error
  }
}

function take(trigger: Trigger, after: number, count: number): number[] {
  const found: number[] = []
  for (let at = nextFireTime(trigger, after); at !== null && found.length < count; at = nextFireTime(trigger, at)) {
    found.push(at)
  }
  return found
}

describe('the next fire of any trigger', () => {
  it('is strictly later than asked, and nothing lies between', () => {
    fc.assert(
      fc.property(triggers, instants, (json, after) => {
        const trigger = parsed(json)
        const next = nextFireTime(trigger, after)
        fc.pre(next !== null)
        expect(next).toBeGreaterThan(after)
        expect(nextFireTime(trigger, next - 1)).toBe(next)
        expect(nextFireTime(trigger, after + Math.floor((next - after) / 2))).toBe(next)
      }),
      { numRuns: 250 },
    )
  })

  it('does not depend on what was asked before', () => {
    fc.assert(
      fc.property(triggers, fc.array(instants, { minLength: 2, maxLength: 5 }), (json, afters) => {
        const trigger = parsed(json)
        const compiled = compileTrigger(trigger)
        const forward = afters.map((after) => nextFireTime(trigger, after))
        const backward = afters.toReversed().map((after) => compiled.next(after))
        expect(backward.toReversed()).toEqual(forward)
      }),
      { numRuns: 150 },
    )
  })

  it('of an or is the earliest of its members', () => {
    fc.assert(
      fc.property(fc.array(triggers, { minLength: 1, maxLength: 3 }), instants, (members, after) => {
        const each = members.map((member) => nextFireTime(parsed(member), after)).filter((at) => at !== null)
        const or = parseTrigger({ type: 'or', triggers: members })
        expect(nextFireTime(or, after)).toBe(each.length === 0 ? null : Math.min(...each))
      }),
      { numRuns: 100 },
    )
  })

  it('of an and is a fire of each member', () => {
    fc.assert(
      fc.property(crontabTexts, crontabTexts, zones, instants, (a, b, zone, after) => {
        const members = [a, b].map((expression) => parsed({ type: 'crontab', expression, zone }))
        const next = nextFireTime(parsed({ type: 'and', triggers: members }), after)
        fc.pre(next !== null)
        expect(members.map((member) => nextFireTime(member, next - 1))).toEqual([next, next])
      }),
      { numRuns: 60 },
    )
  })

  it('of an excluding is a fire of its trigger', () => {
    fc.assert(
      fc.property(crontabTexts, zones, instants, (expression, zone, after) => {
        const inner = parsed({ type: 'crontab', expression, zone })
        const outer = parsed({ type: 'excluding', trigger: inner, exclude: [{ weekdays: ['wed'] }], zone })
        const next = nextFireTime(outer, after)
        fc.pre(next !== null)
        expect(nextFireTime(inner, next - 1)).toBe(next)
      }),
      { numRuns: 60 },
    )
  })

  it('lies within start and end', () => {
    fc.assert(
      fc.property(
        crontabTexts,
        zones,
        instants,
        fc.integer({ min: 0, max: 40_000_000_000 }),
        (text, zone, from, length) => {
          const start = new Date(from).toISOString()
          const end = new Date(from + length).toISOString()
          const free = parsed({ type: 'crontab', expression: text, zone })
          const bounded = parsed({ type: 'crontab', expression: text, zone, start, end })
          const within = take(free, from - 1, 5).filter((at) => at <= from + length)
          expect(take(bounded, 0, 5)).toEqual(within)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('the JSON form of any trigger', () => {
  it('survives a round trip, and equal triggers are one frozen object', () => {
    fc.assert(
      fc.property(triggers, (json) => {
        const trigger = parsed(json)
        const again = parseTrigger(JSON.parse(JSON.stringify(trigger)))
        expect(again).toEqual(json)
        expect(again).toBe(trigger)
        expect(isDeeplyFrozen(trigger)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('fires alike as plain data and as a parsed trigger', () => {
    fc.assert(
      fc.property(triggers, instants, (json, after) => {
        const trigger = parsed(json)
        expect(nextFireTime(json as Trigger, after)).toBe(nextFireTime(trigger, after))
      }),
      { numRuns: 60 },
    )
  })

  it('can be described, and resolving it twice changes nothing', () => {
    fc.assert(
      fc.property(triggers, zones, (json, zone) => {
        const trigger = parsed(json)
        expect(describeTrigger(trigger)).not.toMatch(/undefined|NaN|\[object/)
        const resolved = resolveTrigger(trigger, { jobId: 'job-1', zone })
        expect(resolveTrigger(resolved, { jobId: 'job-2', zone: 'Asia/Tokyo' })).toBe(resolved)
      }),
      { numRuns: 150 },
    )
  })
})

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen)
}
