/** Recurrence rules: against rrule-temporal where that is right, and by hand where it is not or leaves room. */
import fc from 'fast-check'
import { RRuleTemporal } from 'rrule-temporal'
import { describe, expect, test } from 'vitest'
import { compileFrozen } from '../../../src/core/triggers/compile-trigger.ts'
import { MAX_RULE_COUNT, MAX_RULE_STEPS, MAX_SEARCH_ROUNDS } from '../../../src/core/triggers/limits.ts'
import { or, rrule } from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import type { Trigger } from '../../../src/core/triggers/trigger.ts'

const FOREVER = Date.UTC(2_100, 0, 1)

function fires(rule: string, after: number, count: number): string[] {
  const trigger = rrule(rule)
  const found: string[] = []
  let at: number | null = after
  while (found.length < count) {
    at = nextFireTime(trigger, at)
    if (at === null || at >= FOREVER) break
    found.push(new Date(at).toISOString())
  }
  return found
}

function theirs(rule: string, after: number, count: number): string[] {
  const oracle = new RRuleTemporal({ rruleString: rule, cache: false })
  const found: string[] = []
  let at = after
  while (found.length < count) {
    const next = oracle.next(new Date(at), false)
    if (next === null || next.epochMilliseconds >= FOREVER) break
    at = next.epochMilliseconds
    found.push(new Date(at).toISOString())
  }
  return found
}

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
const two = (value: number): string => String(value).padStart(2, '0')

function list<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<string> {
  return fc.uniqueArray(arbitrary, { minLength: 1, maxLength: 3 }).map((items) => items.join(','))
}

const fromBothEnds = (max: number): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max }).chain((value) => fc.constantFrom(value, -value))
const plainDays = list(fc.constantFrom(...WEEKDAYS))
/** Two numbered weekdays, or plain ones: it takes a mixed list for the numbered ones alone, and 53MO for a day of the next year. */
const monthDays = fc.oneof(
  plainDays,
  list(fc.tuple(fromBothEnds(4), fc.constantFrom(...WEEKDAYS)).map(([n, day]) => `${n}${day}`)),
)

const parts: Record<string, Record<string, fc.Arbitrary<string>>> = {
  YEARLY: { BYMONTH: list(fc.integer({ min: 1, max: 12 })), BYMONTHDAY: list(fromBothEnds(28)), BYDAY: plainDays },
  MONTHLY: { BYMONTH: list(fc.integer({ min: 1, max: 12 })), BYMONTHDAY: list(fromBothEnds(31)), BYDAY: monthDays },
  WEEKLY: { BYMONTH: list(fc.integer({ min: 1, max: 12 })), BYDAY: plainDays, WKST: fc.constantFrom(...WEEKDAYS) },
  DAILY: { BYMONTH: list(fc.integer({ min: 1, max: 12 })), BYMONTHDAY: list(fromBothEnds(28)), BYDAY: plainDays },
  HOURLY: { BYMONTH: list(fc.integer({ min: 1, max: 12 })), BYDAY: plainDays },
}

const rules = fc.constantFrom(...Object.keys(parts)).chain((frequency) =>
  fc
    .tuple(
      fc.record(
        {
          INTERVAL: fc.integer({ min: 1, max: 5 }).map(String),
          ...parts[frequency],
          BYHOUR: list(fc.integer({ min: 0, max: 23 })),
          BYMINUTE: list(fc.integer({ min: 0, max: 59 })),
        },
        { requiredKeys: [] },
      ),
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 0, max: 1_439 }),
    )
    .filter(([given]) => frequency !== 'HOURLY' || given.BYHOUR === undefined)
    .map(([given, day, minute]) => {
      const start = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10).replaceAll('-', '')
      const text = Object.entries(given).map(([name, value]) => `;${name}=${value}`)
      return `DTSTART:${start}T${two(Math.floor(minute / 60))}${two(minute % 60)}00Z\nRRULE:FREQ=${frequency}${text.join('')}`
    }),
)

test('rules fire when rrule-temporal says so', () => {
  fc.assert(
    fc.property(rules, fc.integer({ min: Date.UTC(2019, 0, 1), max: Date.UTC(2032, 0, 1) }), (rule, after) => {
      let wanted: string[]
      try {
        wanted = theirs(rule, after, 3)
      } catch {
        // It gives up after so many periods without a fire.
        return
      }
      expect({ rule, fires: fires(rule, after, 3) }).toEqual({ rule, fires: wanted })
    }),
    { numRuns: 80 },
  )
})

describe('where rrule-temporal is wrong', () => {
  const days = (rule: string, count: number): string[] =>
    fires(`DTSTART:20240101T000000Z\nRRULE:${rule}`, Date.UTC(2024, 0, 1) - 1, count).map((time) => time.slice(0, 10))
  test('BYDAY limits the days of BYYEARDAY', () => {
    expect(days('FREQ=YEARLY;BYYEARDAY=1,2;BYDAY=MO', 3)).toEqual(['2024-01-01', '2029-01-01', '2034-01-02'])
  })
  test('a year without a 53rd Monday has none', () => {
    expect(days('FREQ=YEARLY;BYDAY=53MO', 3)).toEqual(['2024-12-30', '2029-12-31', '2035-12-31'])
  })
  test('numbered and plain weekdays may stand side by side', () => {
    expect(days('FREQ=YEARLY;BYMONTH=1;BYDAY=2TU,SU', 3)).toEqual(['2024-01-07', '2024-01-09', '2024-01-14'])
  })
})

describe('in a zone', () => {
  const newYork = (start: string, rule: string, after: string, count: number): string[] =>
    fires(`DTSTART;TZID=America/New_York:${start}\nRRULE:${rule}`, Date.parse(after), count).map((time) =>
      time.slice(5, 16),
    )

  test('a time that does not exist is left out, and COUNT does not count it', () => {
    expect(newYork('20240309T023000', 'FREQ=DAILY;COUNT=3', '2024-01-01T00:00Z', 9)).toEqual([
      '03-09T07:30',
      '03-11T06:30',
      '03-12T06:30',
    ])
  })
  test('of a time that comes twice the first counts', () => {
    expect(newYork('20241102T013000', 'FREQ=DAILY', '2024-11-02T12:00Z', 2)).toEqual(['11-03T05:30', '11-04T06:30'])
  })
  test('UNTIL is an instant with Z, and local without', () => {
    expect(newYork('20240101T090000', 'FREQ=DAILY;UNTIL=20240102T140000Z', '2023-12-01T00:00Z', 9)).toHaveLength(2)
    expect(newYork('20240101T090000', 'FREQ=DAILY;UNTIL=20240102T085959', '2023-12-01T00:00Z', 9)).toHaveLength(1)
  })
  test('what was asked before does not change what is counted', () => {
    const trigger = rrule('DTSTART:20240101T000000Z\nRRULE:FREQ=HOURLY;COUNT=5')
    const hour = (n: number): number => Date.UTC(2024, 0, 1, n)
    expect([3, 0, 4, -1, 9, 2].map((n) => nextFireTime(trigger, hour(n)))).toEqual([
      hour(4),
      hour(1),
      null,
      hour(0),
      null,
      hour(3),
    ])
  })
})

describe('the work of counting', () => {
  const from1970 = (rule: string): Trigger => rrule(`DTSTART:19700101T000000Z\nRRULE:${rule}`)
  const hours = (count: number): Trigger => from1970(`FREQ=HOURLY;COUNT=${count}`)

  test.each(['FREQ=HOURLY', 'FREQ=WEEKLY', 'FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR', 'FREQ=MONTHLY;BYDAY=-1FR'])(
    'leaves the largest COUNT to %s',
    (rule) => {
      expect(() => from1970(`${rule};COUNT=${MAX_RULE_COUNT}`)).not.toThrow()
    },
  )
  test.each([
    'FREQ=SECONDLY;INTERVAL=59;BYSECOND=0;COUNT=100000',
    'FREQ=SECONDLY;INTERVAL=3599;BYMINUTE=0;BYSECOND=0;COUNT=100000',
    `FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=${Array.from({ length: 250 }, (_, i) => i + 1).join(',')};COUNT=100000`,
  ])('refuses %s, which looks at too much', (rule) => {
    expect(() => from1970(rule)).toThrow(/expected rules whose fires are counted in 2000000 steps together/)
  })
  test('is limited for all rules of a trigger together, known or not', () => {
    const rules = Array.from({ length: 9 }, (_, i) => hours(MAX_RULE_COUNT - i))
    expect(nextFireTime(or(rules.slice(0, 2)), 0)).toBe(3_600_000)
    expect(() => or(rules)).toThrow(/^trigger\.triggers\[\d\]\.rule: expected rules/)
  })
})

test('a search that finds nothing in any of many rules ends', () => {
  const rule = (i: number): string => `FREQ=SECONDLY;INTERVAL=${86_399 - 2 * i};BYHOUR=0;BYMINUTE=0;BYSECOND=0`
  const rules = Array.from({ length: 100 }, (_, i) => rrule(`DTSTART:20260101T000000Z\nRRULE:${rule(i)}`))
  const steps = { left: MAX_SEARCH_ROUNDS }
  const found = compileFrozen(or(rules), 'trigger').next(Date.UTC(2_026, 0, 1), undefined, steps)
  expect(found).toBe(null)
  expect(steps.left).toBeGreaterThan(-MAX_RULE_STEPS)
})

test.each([
  ['FREQ=FORTNIGHTLY', /FREQ: expected one of YEARLY/],
  ['INTERVAL=2', /FREQ: expected/],
  ['FREQ=DAILY;COUNT=0', /COUNT: expected a whole number from 1/],
  ['FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z', /UNTIL: expected nothing beside COUNT/],
  ['FREQ=DAILY;UNTIL=20230101T000000Z', /UNTIL: expected a time that is not before DTSTART/],
  ['FREQ=DAILY;BYHOUR=24', /BYHOUR: expected numbers from 0 to 23/],
  ['FREQ=DAILY;BYDAY=1MO', /BYDAY: expected numbers before weekdays only/],
  ['FREQ=DAILY;BYSETPOS=1', /BYSETPOS: expected another BY part/],
  ['FREQ=WEEKLY;BYMONTHDAY=1', /BYMONTHDAY: expected none/],
  ['FREQ=MONTHLY;BYWEEKNO=1', /BYWEEKNO: expected FREQ=YEARLY/],
  ['FREQ=DAILY;BYYEARDAY=1', /BYYEARDAY: expected none/],
  ['FREQ=DAILY;FREQ=DAILY', /FREQ=… once/],
  ['FREQ=DAILY;BYEASTER=1', /expected the parts FREQ/],
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', /never fires/],
])('%s is refused', (rule, message) => {
  expect(() => rrule(`DTSTART:20240101T000000Z\nRRULE:${rule}`)).toThrow(message)
})
