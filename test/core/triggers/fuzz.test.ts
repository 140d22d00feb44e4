/** Whatever comes in, a parser answers or throws TriggerError, and soon. */

import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { expect, it } from 'vitest'
import { describeTrigger } from '../../../src/core/triggers/describe-trigger.ts'
import { parseDurationMs } from '../../../src/core/triggers/duration.ts'
import { parseInstantMs } from '../../../src/core/triggers/instant.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../../src/core/triggers/parse-trigger.ts'
import { TriggerError } from '../../../src/core/triggers/trigger-error.ts'
import { crontabTexts, triggers } from './arbitrary-triggers.ts'

const TYPES = [
  'date',
  'interval',
  'cron',
  'crontab',
  'calendar-interval',
  'daily-window',
  'rrule',
  'and',
  'or',
  'excluding',
]

/** What is wrong with how a value was handled: null if it was accepted and works, or refused with a TriggerError. */
function problemOf(json: unknown): string | null {
  try {
    const trigger = parseTrigger(json)
    if (describeTrigger(trigger) === '') return 'has no description'
    const after = 1_700_000_000_000
    const next = nextFireTime(trigger, after)
    return next === null || next > after ? null : `fires at ${next}`
  } catch (error) {
    return error instanceof TriggerError ? null : String(error)
  }
}

/** As `problemOf`, for a parser of whole numbers. */
function numberProblemOf(parse: () => number): string | null {
  try {
    const value = parse()
    return Number.isSafeInteger(value) ? null : `gives ${value}`
  } catch (error) {
    return error instanceof TriggerError ? null : String(error)
  }
}

function oneOf(characters: string): Arbitrary<string> {
  return fc.constantFrom(...characters.split(''))
}

const cronLetters = oneOf('0123456789*/-,?#LWHlwh() @monfri')

it('crontab text of random characters', () => {
  const texts = fc.array(cronLetters, { maxLength: 24 }).map((letters) => letters.join(''))
  const fields = fc.array(fc.string({ unit: cronLetters, minLength: 1, maxLength: 5 }), { minLength: 5, maxLength: 6 })
  fc.assert(
    fc.property(
      fc.oneof(
        texts,
        fields.map((parts) => parts.join(' ')),
        fc.string(),
      ),
      (expression) => {
        expect(problemOf({ type: 'crontab', expression })).toBeNull()
      },
    ),
    { numRuns: 2_000 },
  )
})

it('crontab text with one character changed', () => {
  fc.assert(
    fc.property(crontabTexts, fc.nat(60), cronLetters, (text, index, letter) => {
      expect(
        problemOf({ type: 'crontab', expression: text.slice(0, index) + letter + text.slice(index + 1), zone: 'UTC' }),
      ).toBeNull()
    }),
    { numRuns: 2_000 },
  )
})

it('cron fields of random texts', () => {
  const field = fc.oneof(fc.string({ unit: oneOf('0123456789*/-, lastmonrd'), maxLength: 12 }), fc.string())
  const names = fc.constantFrom('year', 'month', 'day', 'week', 'dayOfWeek', 'hour', 'minute', 'second')
  fc.assert(
    fc.property(fc.dictionary(names, field, { maxKeys: 3 }), (fields) => {
      expect(problemOf({ type: 'cron', fields })).toBeNull()
    }),
    { numRuns: 2_000 },
  )
})

it('any JSON, with and without the type of a trigger', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.option(fc.constantFrom(...TYPES)), (json, type) => {
      const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
      expect(problemOf(isObject && type !== null ? { ...json, type } : json)).toBeNull()
    }),
    { numRuns: 2_000 },
  )
})

it('valid triggers with one member replaced', () => {
  fc.assert(
    fc.property(triggers, fc.jsonValue(), fc.nat(), (json, value, index) => {
      const names = Object.keys(json)
      expect(problemOf({ ...json, [names[index % names.length] ?? 'type']: value })).toBeNull()
    }),
    { numRuns: 1_500 },
  )
})

it('durations and instants', () => {
  const digits = fc.string({ unit: oneOf('0123456789PTWDHMSdhms.,:-+Z '), maxLength: 24 })
  fc.assert(
    fc.property(fc.oneof(digits, fc.string(), fc.double(), fc.jsonValue()), (input) => {
      expect(numberProblemOf(() => parseDurationMs(input, 'every'))).toBeNull()
      expect(numberProblemOf(() => parseInstantMs(input, 'at'))).toBeNull()
    }),
    { numRuns: 2_500 },
  )
})

it('a search that finds nothing ends soon, however it is nested', () => {
  const seconds = (offset: number): object => ({ type: 'cron', fields: { second: `${offset}-58/2` } })
  const dense = { type: 'or', triggers: Array.from({ length: 100 }, () => seconds(0)) }
  const begin = performance.now()
  expect(
    problemOf({
      type: 'and',
      triggers: [dense, { type: 'or', triggers: [seconds(1)] }, { type: 'interval', every: 'PT2S' }],
    }),
  ).toBeNull()
  expect(
    problemOf({
      type: 'excluding',
      trigger: {
        type: 'and',
        triggers: [dense, { type: 'interval', every: 'PT59.999S', start: '2020-01-01T00:00:00Z' }],
      },
      exclude: [{ cron: '* * * * *' }],
    }),
  ).toBeNull()
  // Far below what unbounded nesting would take (hours), far above what a busy machine needs.
  expect(performance.now() - begin).toBeLessThan(5_000)
})
