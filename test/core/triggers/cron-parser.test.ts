// Crontab text against cron-parser, in UTC: an engine that we share no line with must give the same times.
import { CronExpressionParser } from 'cron-parser'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crontab } from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'

const MINUTE_MS = 60_000

/** A field's text: everything, one value, a range, a list, or a step. */
const field = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min, max }).map(String),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map((list) => list.join(',')),
    fc.integer({ min: 2, max: max - min }).map((step) => `*/${step}`),
  )

const expression = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '))

test('five-field texts fire when cron-parser says so', () => {
  fc.assert(
    fc.property(expression, fc.integer({ min: 0, max: 4_000_000_000 }), (text, seconds) => {
      const after = seconds * 1_000
      const theirs = CronExpressionParser.parse(text, { tz: 'UTC', currentDate: new Date(after) })
      let at = after
      for (let fire = 0; fire < 3; fire += 1) {
        at = nextFireTime(crontab(text), at) ?? Number.NaN
        expect({ text, at }).toEqual({ text, at: theirs.next().getTime() })
      }
      expect(at % MINUTE_MS).toBe(0)
    }),
    { numRuns: 300 },
  )
})
