/** Errors say where, what was expected and what came; their codes and paths are for programs. */

import { describe, expect, it } from 'vitest'
import { cron, interval } from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../../src/core/triggers/parse-trigger.ts'
import { TriggerError } from '../../../src/core/triggers/trigger-error.ts'

function errorOf(json: unknown): TriggerError {
  try {
    parseTrigger(json)
  } catch (error) {
    if (error instanceof TriggerError) return error
    throw error
  }
  throw new Error(`accepted ${JSON.stringify(json)}`)
}

describe('a wrong field', () => {
  it.each([
    ['60 * * * *', 'minute: expected 0 to 59', '"60" at position 1'],
    ['0 24 * * *', 'hour: expected 0 to 23', '"24" at position 3'],
    ['0 0 1,,2 * *', 'day: expected 1 to 31', 'nothing at position 7'],
    ['0 0 * * L', 'weekday: expected a weekday before L', '"L" at position 9'],
    ['0 0 * foo *', 'names jan feb mar', '"foo" at position 7'],
    ['0 22-2 * * *', 'hour: expected a range from the smaller to the larger value', '"22-2" at position 3'],
    ['*/60 * * * *', 'minute: expected a step from 1 to 59', '"*/60" at position 1'],
    ['4/0 * * * *', 'minute: expected a step from 1 to 55', '"4/0" at position 1'],
    ['59/1 * * * *', 'minute: expected no step after a single value', '"59/1" at position 1'],
    ['  0   0 32W * *', '15W', '"32W" at position 9'],
    ['0 0 * * fri#6', '5#2', '"fri#6" at position 9'],
    ['H(5-61) * * * *', 'minute: expected 0 to 59', '"H(5-61)" at position 1'],
    ['0 H H(9-3) * *', 'day: expected a range from the smaller', '"H(9-3)" at position 5'],
  ])('of crontab text %j names the field, the text, the position and what is allowed', (expression, ...parts) => {
    const error = errorOf({ type: 'crontab', expression })
    expect(error).toMatchObject({ code: 'invalid-trigger', path: 'trigger.expression', name: 'TriggerError' })
    for (const part of parts) expect(error.message).toContain(part)
    expect(error.message).toContain(JSON.stringify(expression))
  })

  it.each([
    ['hour', '25', 'hour: expected 0 to 23, as * */n a a-b a-b/n a/n, in a comma list, got "25" at position 1 of "25"'],
    ['day', '1, 6th mon', '"6th mon" at position 4 of "1, 6th mon"'],
    ['dayOfWeek', 'sun-tue', 'dayOfWeek: expected a range from the smaller to the larger value'],
    ['year', '1969', 'year: expected 1970 to 9999'],
    ['week', '54', 'week: expected 1 to 53'],
    ['minute', '', 'got nothing at position 1'],
  ])('of the cron field %s %j has the path of the field', (name, text, part) => {
    const error = errorOf({ type: 'cron', fields: { [name]: text } })
    expect(error).toMatchObject({ code: 'invalid-trigger', path: `trigger.fields.${name}` })
    expect(error.message).toContain(part)
  })
})

describe('a wrong form', () => {
  it.each<[unknown, string, string]>([
    [null, 'trigger', 'expected a trigger object, got null'],
    [[], 'trigger', 'got an array of 0'],
    ['0 * * * *', 'trigger', 'expected a trigger object'],
    [{}, 'trigger.type', 'expected one of date, interval, cron'],
    [{ type: 'toString' }, 'trigger.type', 'got "toString"'],
    [{ type: 'interval' }, 'trigger.every', 'got nothing'],
    [{ type: 'interval', every: 0.5 }, 'trigger.every', 'at least 1 ms'],
    [{ type: 'interval', every: 'P1Y' }, 'trigger.every', 'use calendar-interval'],
    [{ type: 'interval', every: 'PT1H', second: 5 }, 'trigger.second', 'expected only the members every, start'],
    [{ type: 'crontab', expression: '* * * * *', dst: 'both' }, 'trigger.dst', 'one of compatible, vixie, skip, wall'],
    [{ type: 'crontab', expression: '* * * *' }, 'trigger.expression', 'not 4, got "* * * *"'],
    [{ type: 'crontab', expression: '@every 5m' }, 'trigger.expression', 'an alias of @hourly @daily'],
    [{ type: 'crontab', expression: '*'.repeat(257) }, 'trigger.expression', 'at most 256 characters'],
    [{ type: 'cron', fields: { hour: 5 } }, 'trigger.fields.hour', 'expected a text, got 5'],
    [{ type: 'date', at: '2024-02-30T00:00:00' }, 'trigger.at', 'got "2024-02-30T00:00:00"'],
    [{ type: 'date', at: '2024-02-01T24:00:00Z' }, 'trigger.at', 'RFC 3339'],
    [{ type: 'date', at: 1_700_000_000_000 }, 'trigger.at', 'expected a text'],
    [{ type: 'date', at: '9999-12-31T23:59:59-01:00' }, 'trigger.at', 'up to the end of 9999'],
    [{ type: 'calendar-interval' }, 'trigger', 'years, months, weeks or days'],
    [{ type: 'calendar-interval', days: 1.5 }, 'trigger.days', 'a whole number'],
    [{ type: 'calendar-interval', days: 1, start: '2024-01-01T00:00:00Z' }, 'trigger.start', 'YYYY-MM-DD'],
    [{ type: 'daily-window', every: 'PT1H', from: '9:00', to: '17:00' }, 'trigger.from', 'HH:MM'],
    [{ type: 'daily-window', every: 'P2D', from: '09:00', to: '17:00' }, 'trigger.every', 'at most 24 hours'],
    [{ type: 'daily-window', every: 'PT1H', from: '09:00', to: '17:00', weekdays: [] }, 'trigger.weekdays', '1 to 7'],
    [{ type: 'and', triggers: [] }, 'trigger.triggers', 'an array of 1 to 256'],
    [{ type: 'rrule', rule: 'FREQ=DAILY' }, 'trigger.rule', 'a DTSTART line'],
    [{ type: 'interval', every: 'PT1H', repeat: 0 }, 'trigger.repeat', 'a whole number from 1'],
    [{ type: 'interval', every: 'PT1H', jitterMs: -1 }, 'trigger.jitterMs', 'a whole number from 0'],
  ])('%j is refused with its path', (json, path, part) => {
    const error = errorOf(json)
    expect(error).toMatchObject({ code: 'invalid-trigger', path })
    expect(error.message.startsWith(`${path}: `)).toBe(true)
    expect(error.message).toContain(part)
  })

  it('is refused with the path of the member inside other triggers', () => {
    const inner = { type: 'crontab', expression: '0 25 * * *' }
    expect(errorOf({ type: 'or', triggers: [{ type: 'interval', every: 'PT1H' }, inner] }).path).toBe(
      'trigger.triggers[1].expression',
    )
    expect(errorOf({ type: 'excluding', trigger: inner, exclude: [{ weekdays: ['sat'] }] }).path).toBe(
      'trigger.trigger.expression',
    )
  })

  it('an end before the start names both', () => {
    const error = errorOf({
      type: 'interval',
      every: 'PT1H',
      start: '2024-01-02T00:00:00Z',
      end: '2024-01-01T23:00:00Z',
    })
    expect(error.path).toBe('trigger.end')
    expect(error.message).toContain('"2024-01-02T00:00:00Z"')
    expect(error.message).toContain('"2024-01-01T23:00:00Z"')
  })

  it('repeat and jitter of a member are refused: they are of the job', () => {
    const member = { type: 'interval', every: 'PT1H', repeat: 3 }
    expect(errorOf({ type: 'or', triggers: [member] })).toMatchObject({ path: 'trigger.triggers[0].repeat' })
  })

  it('nesting has a limit', () => {
    let json: unknown = { type: 'interval', every: 'PT1H' }
    for (let depth = 0; depth < 5_000; depth++) json = { type: 'or', triggers: [json] }
    expect(errorOf(json).message).toContain('at most 16 levels')
  })
})

describe('an exclusion', () => {
  const excluding = (exclude: unknown): unknown => ({
    type: 'excluding',
    trigger: { type: 'crontab', expression: '0 * * * *', zone: 'UTC' },
    exclude: [exclude],
  })
  it.each<[unknown, string, string]>([
    [{}, 'trigger.exclude[0]', 'exactly one of weekdays, dates, annual, time, cron, holidays'],
    [{ weekdays: ['sat'], time: ['10:00', '11:00'] }, 'trigger.exclude[0]', 'exactly one'],
    [{ weekdays: ['saturday'] }, 'trigger.exclude[0].weekdays[0]', 'mon, tue'],
    [{ dates: ['2024-02-30'] }, 'trigger.exclude[0].dates[0]', 'YYYY-MM-DD'],
    [{ annual: ['02-30'] }, 'trigger.exclude[0].annual[0]', 'MM-DD'],
    [{ time: ['10:00'] }, 'trigger.exclude[0].time', '[from, to]'],
    [{ time: ['10:00', '10:00'] }, 'trigger.exclude[0].time[1]', 'differs'],
    [{ cron: '0 0 30 2 *' }, 'trigger.exclude[0].cron', 'excludes nothing'],
    [{ cron: 'H 0 * * *' }, 'trigger.exclude[0].cron', 'no H'],
    [{ cron: {} }, 'trigger.exclude[0].cron', 'at least one field'],
    [{ holidays: 'Bavaria' }, 'trigger.exclude[0].holidays', 'DE-BY'],
    [{ moons: ['full'] }, 'trigger.exclude[0].moons', 'only the members'],
  ])('%j is refused', (exclude, path, part) => {
    const error = errorOf(excluding(exclude))
    expect(error).toMatchObject({ code: 'invalid-trigger', path })
    expect(error.message).toContain(part)
  })
})

describe('other codes', () => {
  it.each(['Mars/Olympus', '+5:30', '+0530', '+24:00', 'local', '', 'UTC+3'])('zone %j is unknown-zone', (zone) => {
    expect(errorOf({ type: 'crontab', expression: '* * * * *', zone })).toMatchObject({
      code: 'unknown-zone',
      path: 'trigger.zone',
    })
  })

  it.each([
    { type: 'crontab', expression: '0 0 30 2 *' },
    { type: 'crontab', expression: '0 0 31W 2,4,6 *' },
    { type: 'cron', fields: { year: '2023', month: '2', day: '29' } },
    { type: 'cron', fields: { week: '53', month: '6' } },
    { type: 'cron', fields: { day: '1st mon', dayOfWeek: 'tue' } },
    { type: 'and', triggers: [2, 3].map((hour) => ({ type: 'cron', fields: { hour: String(hour) } })) },
    {
      type: 'excluding',
      trigger: { type: 'cron', fields: { second: '*' } },
      exclude: [{ time: ['00:00', '12:00'] }, { time: ['12:00', '00:00'] }],
    },
  ])('%j is never-fires', (json) => {
    expect(errorOf(json)).toMatchObject({ code: 'never-fires' })
  })

  it('an H without a value is unsupported, also inside, and the path is where it stands', () => {
    const hashed = cron('H 3 * * *')
    expect(() => nextFireTime(hashed, 0)).toThrow(
      expect.objectContaining({ code: 'unsupported', path: 'trigger.expression' }),
    )
    const or = parseTrigger({ type: 'or', triggers: [interval('1h'), hashed] })
    expect(() => nextFireTime(or, 0)).toThrow(
      expect.objectContaining({ code: 'unsupported', path: 'trigger.triggers[1].expression' }),
    )
  })

  it('holidays are unsupported until a calendar gives them', () => {
    const exclude = [{ weekdays: ['sun'] }, { holidays: 'DE-BY' }]
    const trigger = parseTrigger({ type: 'excluding', trigger: cron('0 9 * * *'), exclude })
    expect(() => nextFireTime(trigger, 0)).toThrow(
      expect.objectContaining({ code: 'unsupported', path: 'trigger.exclude[1].holidays' }),
    )
  })

  it('an instant that is no number is a RangeError of the caller', () => {
    expect(() => nextFireTime(interval('1h'), Number.NaN)).toThrow(RangeError)
    expect(() => nextFireTime(interval('1h'), 0, Infinity)).toThrow(RangeError)
  })
})
