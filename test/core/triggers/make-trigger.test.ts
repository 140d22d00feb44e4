/** Constructors: what they accept, and the JSON form that they make of it. */

import { describe, expect, it } from 'vitest'
import { formatIsoDuration, parseDurationMs } from '../../../src/core/triggers/duration.ts'
import { parseInstantMs } from '../../../src/core/triggers/instant.ts'
import {
  and,
  calendarInterval,
  cron,
  crontab,
  dailyWindow,
  date,
  excluding,
  interval,
  or,
  rrule,
} from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../../src/core/triggers/parse-trigger.ts'
import { TriggerError } from '../../../src/core/triggers/trigger-error.ts'

const NOON = Date.UTC(2024, 4, 6, 12)

describe('constructors', () => {
  it('make the JSON form', () => {
    expect(interval('90s')).toEqual({ type: 'interval', every: 'PT1M30S' })
    expect(interval({ minutes: 1 }, { start: NOON, zone: 'Europe/Paris' })).toEqual({
      type: 'interval',
      every: 'PT1M',
      start: '2024-05-06T12:00:00.000Z',
      zone: 'Europe/Paris',
    })
    expect(cron('0 9 * * 1-5', { zone: 'Europe/Paris' })).toEqual({
      type: 'crontab',
      expression: '0 9 * * 1-5',
      zone: 'Europe/Paris',
    })
    expect(crontab('@daily', { jitterMs: 500, repeat: 3 })).toEqual({
      type: 'crontab',
      expression: '@daily',
      repeat: 3,
      jitterMs: 500,
    })
    expect(cron({ hour: 9, dayOfWeek: 'mon-fri' })).toEqual({
      type: 'cron',
      fields: { dayOfWeek: 'mon-fri', hour: '9' },
    })
    expect(calendarInterval({ months: 1, time: '08:00', start: '2024-01-31' })).toEqual({
      type: 'calendar-interval',
      months: 1,
      time: '08:00',
      start: '2024-01-31',
    })
    expect(dailyWindow({ every: 900_000, from: '09:00', to: '17:00', weekdays: ['mon'] })).toEqual({
      type: 'daily-window',
      every: 'PT15M',
      from: '09:00',
      to: '17:00',
      weekdays: ['mon'],
    })
    expect(excluding(cron('0 9 * * *'), { weekdays: ['sat'] }, { zone: 'UTC' })).toEqual({
      type: 'excluding',
      trigger: { type: 'crontab', expression: '0 9 * * *' },
      exclude: [{ weekdays: ['sat'] }],
      zone: 'UTC',
    })
    expect(rrule('DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY').type).toBe('rrule')
    expect(and([cron('0 9 * * 1'), cron('0 9 1-7 * *')]).triggers).toHaveLength(2)
    expect(or([cron('0 9 * * 1'), interval('1h')], { jitterMs: 5 })).toMatchObject({ type: 'or', jitterMs: 5 })
  })

  it('take an instant in every usual form', () => {
    const forms = [
      new Date(NOON),
      NOON,
      '2024-05-06T14:00:00+02:00',
      { epochMilliseconds: NOON },
      { toMillis: () => NOON },
    ]
    for (const form of forms) expect(nextFireTime(date(form), 0)).toBe(NOON)
  })

  it('leave a local date-time as text, for the zone', () => {
    const trigger = date('2024-05-06T14:00', { zone: 'Europe/Paris' })
    expect(trigger.at).toBe('2024-05-06T14:00')
    expect(nextFireTime(trigger, 0)).toBe(NOON)
  })

  it('ignore options that are undefined', () => {
    expect(cron('0 9 * * *', JSON.parse('{}') as object)).toBe(cron('0 9 * * *'))
  })

  it('throw the errors of parseTrigger', () => {
    expect(() => cron('0 25 * * *')).toThrow(TriggerError)
    expect(() => interval('5 minutes')).toThrow(/^trigger\.every: expected .*got "5 minutes"/)
    expect(() => interval('P1M')).toThrow(/use calendar-interval/)
    expect(() => interval(0)).toThrow(/at least 1 ms/)
    expect(() => date('tomorrow')).toThrow(/^trigger\.at: expected an RFC 3339 instant/)
    expect(() => date(new Date('nonsense'))).toThrow(/^trigger\.at: expected a Date/)
    expect(() => excluding(cron('0 9 * * *'), [])).toThrow(/trigger\.exclude/)
  })

  it('make what parseTrigger gives back unchanged, as one object for equal triggers', () => {
    const trigger = interval('90s', { start: NOON })
    expect(parseTrigger(JSON.parse(JSON.stringify(trigger)))).toBe(trigger)
    expect(parseTrigger({ start: '2024-05-06T12:00:00.000Z', every: 90_000, type: 'interval' })).toBe(trigger)
    expect(Object.isFrozen(trigger)).toBe(true)
  })
})

describe('plain data of the caller', () => {
  it('is read as it is when asked, also after a change', () => {
    const changeable = { type: 'interval' as const, every: 'PT1H', start: '2024-05-06T12:00:00Z' }
    expect(nextFireTime(changeable, NOON)).toBe(NOON + 3_600_000)
    changeable.every = 'PT2H'
    expect(nextFireTime(changeable, NOON)).toBe(NOON + 7_200_000)
  })

  it('too long to be shared fires all the same', () => {
    const dates = Array.from({ length: 300 }, (_, i) => new Date(NOON + i * 86_400_000).toISOString().slice(0, 10))
    const trigger = excluding(cron('0 12 * * *', { zone: 'UTC' }), { dates }, { zone: 'UTC' })
    expect(nextFireTime(JSON.parse(JSON.stringify(trigger)), NOON)).toBe(NOON + 300 * 86_400_000)
    expect(parseTrigger(trigger)).toBe(trigger)
  })
})

describe('durations', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [1_500.7, 1_500],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.005s', 1_005],
    ['250ms', 250],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['PT90S', 90_000],
    ['PT1.005S', 1_005],
    ['PT0,5H', 1_800_000],
    ['P1DT12H', 129_600_000],
    ['P2W', 1_209_600_000],
    [{ minutes: 1 }, 60_000],
    [{ hours: 1, minutes: 0.5, milliseconds: 7 }, 3_630_007],
    [{ toMillis: () => 42 }, 42],
  ])('%j is %d ms', (input, ms) => {
    expect(parseDurationMs(input, 'every')).toBe(ms)
  })

  it.each<[unknown, string]>([
    [-1, 'every'],
    [Number.NaN, 'every'],
    ['', 'every'],
    ['90', 'every'],
    ['5 minutes', 'every'],
    ['30m1h', 'every'],
    ['1h1h', 'every'],
    ['-PT5M', 'every'],
    ['P', 'every'],
    ['PT', 'every'],
    ['P1DT', 'every'],
    ['P1M', 'every'],
    ['PT1.5H30M', 'every'],
    ['pt5m', 'every'],
    [{}, 'every'],
    [[1], 'every'],
    [{ month: 1 }, 'every.month'],
    [{ minutes: '1' }, 'every.minutes'],
    [{ minutes: -1 }, 'every.minutes'],
  ])('%j is refused', (input, path) => {
    expect(() => parseDurationMs(input, 'every')).toThrow(expect.objectContaining({ code: 'invalid-trigger', path }))
  })

  it.each([
    [0, 'PT0S'],
    [1, 'PT0.001S'],
    [1_500, 'PT1.5S'],
    [90_000, 'PT1M30S'],
    [86_400_000, 'P1D'],
    [90_061_010, 'P1DT1H1M1.01S'],
    [60_001, 'PT1M0.001S'],
  ])('%d ms is written %s and read back', (ms, text) => {
    expect(formatIsoDuration(ms)).toBe(text)
    expect(parseDurationMs(text, 'every')).toBe(ms)
  })
})

describe('instants', () => {
  it.each<[string, number]>([
    ['2024-05-06T12:00:00Z', NOON],
    ['2024-05-06t12:00:00.1239z', NOON + 123],
    ['2024-05-06T17:30:00+05:30', NOON],
    ['2024-05-06T12:00Z', NOON],
    ['1970-01-01T00:00:00Z', 0],
  ])('%s', (text, ms) => {
    expect(parseInstantMs(text, 'at')).toBe(ms)
  })

  it.each<[unknown]>([
    ['2024-05-06T12:00:00'],
    ['2024-05-06'],
    ['2024-13-01T00:00:00Z'],
    ['2024-05-06T12:00:60Z'],
    ['2024-05-06T12:00:00+25:00'],
    ['12345-01-01T00:00:00Z'],
    [new Date(Number.NaN)],
    [1e15],
    [null],
    [{}],
    [true],
  ])('%j is refused', (input) => {
    expect(() => parseInstantMs(input, 'from')).toThrow(expect.objectContaining({ path: 'from' }))
  })
})
