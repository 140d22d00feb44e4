// The checker's own opinion on scheduled times. The expected instants are written by hand; the whole collection of
// trigger cases was run against it when it was made.
import { describe, expect, test } from 'vitest'
import { jitterOf, scheduleOf } from './trigger-oracle.ts'

const at = (text: string): number => Date.parse(text)

/** The fires after an instant, as text without the `:00.000Z`. */
function fires(trigger: Readonly<Record<string, unknown>>, after: string, take: number, anchor = 0): string[] {
  const { oracle } = scheduleOf(JSON.stringify(trigger), anchor)
  const found: string[] = []
  let last: number | null = at(after)
  while (found.length < take && last !== null) {
    last = oracle?.next(last) ?? null
    if (last !== null) found.push(new Date(last).toISOString().replace(/(:00)?\.000Z$/, ''))
  }
  return found
}

describe('interval', () => {
  const every = { type: 'interval', every: 'PT0.1S', zone: 'UTC' }

  test('is a grid from the anchor, whose first fire is one interval later', () => {
    const { oracle, first } = scheduleOf(JSON.stringify(every), 1_050)
    expect(first(1_050, -1)).toBe(1_150)
    expect(oracle?.next(1_149)).toBe(1_150)
    expect(oracle?.next(1_150)).toBe(1_250)
    expect(oracle?.next(0)).toBe(1_050)
  })

  test('begins with its start, and ends with its end', () => {
    const trigger = { ...every, every: 'P1DT1H', start: '2027-01-01T00:00', end: '2027-01-03T02:00:00Z' }
    expect(fires(trigger, '2026-01-01T00:00:00Z', 9)).toEqual([
      '2027-01-01T00:00',
      '2027-01-02T01:00',
      '2027-01-03T02:00',
    ])
    expect(scheduleOf(JSON.stringify(trigger), 0).first(at('2027-01-01T00:00:00Z'), -1)).toBe(
      at('2027-01-01T00:00:00Z'),
    )
  })
})

describe('date, and no trigger', () => {
  test('a date is due once, also when it is past', () => {
    const { oracle, first } = scheduleOf('{"type":"date","at":"2027-03-28T02:30","zone":"Europe/Paris"}', 0)
    expect(first(at('2030-01-01T00:00:00Z'), -1)).toBe(at('2027-03-28T01:30:00Z'))
    expect(oracle?.next(at('2027-03-28T01:30:00Z'))).toBeNull()
  })

  test('no trigger fires once, when it was added', () => {
    const { oracle, first } = scheduleOf(null, 77)
    expect(first(77, -1)).toBe(77)
    expect(oracle?.next(77)).toBeNull()
  })
})

describe('crontab', () => {
  const crontab = (expression: string, zone = 'UTC', more = {}): Readonly<Record<string, unknown>> => ({
    ...{ type: 'crontab', expression, zone },
    ...more,
  })

  test.each([
    ['*/20 9 * * *', ['2027-01-01T09:00', '2027-01-01T09:20', '2027-01-01T09:40', '2027-01-02T09:00']],
    ['30 5/10 9 * * *', ['2027-01-01T09:05:30', '2027-01-01T09:15:30', '2027-01-01T09:25:30', '2027-01-01T09:35:30']],
    ['0 0 13 * fri', ['2027-01-08T00:00', '2027-01-13T00:00', '2027-01-15T00:00', '2027-01-22T00:00']],
    ['0 0 l * ?', ['2027-01-31T00:00', '2027-02-28T00:00', '2027-03-31T00:00', '2027-04-30T00:00']],
    ['0 0 15W * *', ['2027-01-15T00:00', '2027-02-15T00:00', '2027-03-15T00:00', '2027-04-15T00:00']],
    ['0 0 * * 5#2', ['2027-01-08T00:00', '2027-02-12T00:00', '2027-03-12T00:00', '2027-04-09T00:00']],
    ['0 0 * * friL', ['2027-01-29T00:00', '2027-02-26T00:00', '2027-03-26T00:00', '2027-04-30T00:00']],
    ['0 0 * * 6-1', ['2027-01-02T00:00', '2027-01-03T00:00', '2027-01-04T00:00', '2027-01-09T00:00']],
    ['@monthly', ['2027-02-01T00:00', '2027-03-01T00:00', '2027-04-01T00:00', '2027-05-01T00:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00', '2040-02-29T00:00']],
  ])('%s', (expression, expected) => {
    expect(fires(crontab(expression), '2027-01-01T00:00:00Z', 4)).toEqual(expected)
  })

  test('a time that the clocks skip is moved, or not, as the policy says', () => {
    const night = (dst: string): string[] =>
      fires(crontab('30 2 * * *', 'Europe/Paris', { dst }), '2027-03-28T00:00:00Z', 1)
    expect(night('compatible')).toEqual(['2027-03-28T01:30'])
    expect(night('vixie')).toEqual(['2027-03-28T01:00'])
    expect(night('skip')).toEqual(['2027-03-29T00:30'])
    expect(night('wall')).toEqual(['2027-03-29T00:30'])
  })

  test('a time that the clocks repeat fires in the first pass, with `wall` in both', () => {
    const night = (dst: string): string[] =>
      fires(crontab('30 2 * * *', 'Europe/Paris', { dst }), '2027-10-31T00:00:00Z', 2)
    expect(night('compatible')).toEqual(['2027-10-31T00:30', '2027-11-01T01:30'])
    expect(night('wall')).toEqual(['2027-10-31T00:30', '2027-10-31T01:30'])
  })

  test('all hours follow the wall: nothing is moved and nothing is left out', () => {
    expect(fires(crontab('0 * * * *', 'Australia/Lord_Howe'), '2027-04-03T14:00:00Z', 3)).toEqual([
      '2027-04-03T15:30',
      '2027-04-03T16:30',
      '2027-04-03T17:30',
    ])
  })

  test('a schedule that never matches has no fire', () => {
    expect(fires(crontab('0 0 30 2 *'), '2027-01-01T00:00:00Z', 1)).toEqual([])
  })
})

test('cron fields: 0 is Monday, and what is not given before the last given field is any', () => {
  const trigger = { type: 'cron', fields: { dayOfWeek: '0', hour: '9' }, zone: '+02:00' }
  expect(fires(trigger, '2027-01-01T00:00:00Z', 2)).toEqual(['2027-01-04T07:00', '2027-01-11T07:00'])
  const last = { type: 'cron', fields: { day: 'last fri, 2nd mon' }, zone: 'UTC' }
  expect(fires(last, '2027-01-01T00:00:00Z', 2)).toEqual(['2027-01-11T00:00', '2027-01-29T00:00'])
})

test('other types have no oracle', () => {
  expect(scheduleOf('{"type":"calendar-interval","months":1}', 0).oracle).toBeNull()
})

test.each([
  ['job-1', 1_710_055_800_000, 60_000, 45_330],
  ['täglich', 0, 3_600_000, 3_190_501],
  ['job-1', 1_710_055_800_000, 0, 0],
])('the jitter of %s at %i within %i ms is %i ms', (jobId, scheduledAt, jitterMs, expected) => {
  expect(jitterOf(jobId, scheduledAt, jitterMs)).toBe(expected)
})
