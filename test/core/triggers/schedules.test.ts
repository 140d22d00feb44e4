/** What single kinds of trigger do, apart from zone changes: anchors, bounds, calendars, windows, exclusions, grids. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  and,
  calendarInterval,
  cron,
  crontab,
  dailyWindow,
  excluding,
  interval,
  or,
} from '../../../src/core/triggers/make-trigger.ts'
import { compileTrigger, nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import { parseTrigger } from '../../../src/core/triggers/parse-trigger.ts'
import { TriggerError } from '../../../src/core/triggers/trigger-error.ts'
import type { Trigger } from '../../../src/core/triggers/trigger.ts'

const T0 = Date.UTC(2024, 0, 1)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function take(trigger: Trigger, after: number, count: number, anchor?: number): (string | null)[] {
  const found: (string | null)[] = []
  for (let at: number | null = after; at !== null && found.length < count;) {
    at = nextFireTime(trigger, at, anchor)
    found.push(at === null ? null : new Date(at).toISOString().replace(/(?::00)?\.000Z$/, ''))
  }
  return found
}

describe('an interval', () => {
  it('fires first at its start, inclusive, and then on the grid', () => {
    const trigger = interval('45m', { start: '2024-01-01T00:10:00Z' })
    expect(take(trigger, T0, 2)).toEqual(['2024-01-01T00:10', '2024-01-01T00:55'])
    expect(nextFireTime(trigger, T0 + 10 * MINUTE - 1)).toBe(T0 + 10 * MINUTE)
  })

  it('without a start hangs on the anchor, else on `after`', () => {
    const trigger = interval('1h')
    expect(take(trigger, T0 + 90 * MINUTE, 2, T0)).toEqual(['2024-01-01T02:00', '2024-01-01T03:00'])
    expect(nextFireTime(trigger, T0 - 5, T0)).toBe(T0 + HOUR)
    expect(nextFireTime(trigger, T0 + 7)).toBe(T0 + HOUR + 7)
  })

  it('passes its anchor on through combinations', () => {
    const anchor = T0 + 5 * MINUTE
    const nested = excluding(or([interval('1h'), and([interval('20m'), interval('30m')])]), {
      time: ['02:00', '03:00'],
    })
    expect(take(nested, T0 + HOUR, 4, anchor)).toEqual([
      '2024-01-01T01:05',
      '2024-01-01T03:05',
      '2024-01-01T04:05',
      '2024-01-01T05:05',
    ])
  })

  it('does not drift over decades', () => {
    const trigger = interval('7ms', { start: 0 })
    const far = Date.UTC(2099, 0, 1)
    expect((nextFireTime(trigger, far) ?? 0) % 7).toBe(0)
  })

  it('ends with the year 9999', () => {
    expect(nextFireTime(interval('1h'), Date.UTC(9999, 11, 31, 23, 30))).toBeNull()
    expect(nextFireTime(cron('0 0 1 1 *'), Date.UTC(9999, 0, 1))).toBeNull()
    expect(
      nextFireTime(calendarInterval({ days: 1, time: '23:00', zone: '-05:00' }), Date.UTC(9999, 11, 31, 4)),
    ).toBeNull()
  })
})

describe('crontab days', () => {
  /** Days of 2023 to 2026 that match, by counting days alone. */
  const daysThat = (matches: (date: Date, length: number) => boolean): string[] => {
    const found: string[] = []
    for (let at = Date.UTC(2023, 0, 1); at < Date.UTC(2027, 0, 1); at += DAY) {
      const date = new Date(at)
      const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
      if (matches(date, length)) found.push(date.toISOString().slice(0, 10))
    }
    return found
  }
  const firesOf = (day: string, weekday: string): string[] => {
    const found: string[] = []
    const { next } = compileTrigger(crontab(`0 0 ${day} * ${weekday}`))
    for (let at = next(Date.UTC(2023, 0, 1) - 1); at !== null && at < Date.UTC(2027, 0, 1); at = next(at)) {
      found.push(new Date(at).toISOString().slice(0, 10))
    }
    return found
  }
  const isWorkday = (date: Date): boolean => date.getUTCDay() !== 0 && date.getUTCDay() !== 6
  /** Nearest workday to day `day` of the date's month, looking one and two days around within the month. */
  const nearest = (date: Date, day: number, length: number): number | null => {
    if (day > length) return null
    const candidates = [0, -1, 1, -2, 2].map((delta) => day + delta)
    const inMonth = candidates.filter((candidate) => candidate >= 1 && candidate <= length)
    return (
      inMonth.find((candidate) =>
        isWorkday(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), candidate))),
      ) ?? null
    )
  }

  it.each([1, 2, 14, 15, 28, 29, 30, 31])('%dW is the nearest workday within the month', (day) => {
    expect(firesOf(`${day}W`, '*')).toEqual(
      daysThat((date, length) => nearest(date, day, length) === date.getUTCDate()),
    )
  })

  it('L and LW are the last day and the last workday', () => {
    expect(firesOf('L', '?')).toEqual(daysThat((date, length) => date.getUTCDate() === length))
    expect(firesOf('LW', '*')).toEqual(
      daysThat((date, length) => {
        let last = length
        while (!isWorkday(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), last)))) last--
        return date.getUTCDate() === last
      }),
    )
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('weekday %d with # and L counts within the month', (weekday) => {
    const on = (date: Date): boolean => date.getUTCDay() === weekday % 7
    expect(firesOf('*', `${weekday}#3`)).toEqual(daysThat((date) => on(date) && Math.ceil(date.getUTCDate() / 7) === 3))
    expect(firesOf('*', `${weekday}#5`)).toEqual(daysThat((date) => on(date) && date.getUTCDate() > 28))
    expect(firesOf('*', `${weekday}L`)).toEqual(daysThat((date, length) => on(date) && date.getUTCDate() + 7 > length))
  })

  it('day or weekday fires on either when both are restricted', () => {
    expect(firesOf('13', '5')).toEqual(daysThat((date) => date.getUTCDate() === 13 || date.getUTCDay() === 5))
    expect(firesOf('*/10', '0L')).toEqual(
      daysThat(
        (date, length) => date.getUTCDate() % 10 === 1 || (date.getUTCDay() === 0 && date.getUTCDate() + 7 > length),
      ),
    )
  })

  it.each([
    ['fri-mon', [5, 6, 0, 1]],
    ['6-2', [6, 0, 1, 2]],
    ['5-7', [5, 6, 0]],
    ['0-7', [0, 1, 2, 3, 4, 5, 6]],
    ['7-2', [0, 1, 2]],
    ['fri-mon/2', [5, 0]],
    ['sat-thu/3', [6, 2]],
    ['2/2', [2, 4, 6]],
    ['SUN', [0]],
    ['7', [0]],
    ['?', [0, 1, 2, 3, 4, 5, 6]],
  ])('weekdays %s', (weekday, numbers) => {
    expect(firesOf('*', weekday)).toEqual(daysThat((date) => numbers.includes(date.getUTCDay())))
  })
})

describe('cron fields', () => {
  it('omitted before the last given one are every value, after it the minimum', () => {
    expect(take(cron({ month: 6 }), T0, 2)).toEqual(['2024-06-01T00:00', '2025-06-01T00:00'])
    expect(take(cron({ dayOfWeek: 'tue' }), T0, 2)).toEqual(['2024-01-02T00:00', '2024-01-09T00:00'])
    expect(take(cron({ minute: 30 }), T0, 2)).toEqual(['2024-01-01T00:30', '2024-01-01T01:30'])
    expect(take(cron({ week: 2 }), T0, 2)).toEqual(['2024-01-08T00:00', '2024-01-09T00:00'])
    expect(take(cron({}), T0, 2)).toEqual(['2024-01-01T00:00:01', '2024-01-01T00:00:02'])
  })

  it('a year far ahead is found, a year past is over', () => {
    expect(take(cron({ year: 9998 }), T0, 1)).toEqual(['9998-01-01T00:00'])
    expect(take(cron({ year: '1999-2001' }), T0, 1)).toEqual([null])
  })
})

describe('a calendar interval', () => {
  it('without a start begins on the local date of the anchor', () => {
    const trigger = calendarInterval({ days: 2, time: '08:00', zone: 'Asia/Tokyo' })
    // 20:00 UTC is the next day in Tokyo.
    expect(take(trigger, T0 + 20 * HOUR, 2, T0 + 20 * HOUR)).toEqual(['2024-01-01T23:00', '2024-01-03T23:00'])
  })

  it('asked anywhere gives the same dates as walking from the start', () => {
    const steps = fc.record({ months: fc.integer({ min: 0, max: 5 }), days: fc.integer({ min: 0, max: 40 }) })
    const starts = fc.constantFrom('2023-01-31', '2024-02-29', '2023-06-15', '2023-12-01')
    fc.assert(
      fc.property(steps, starts, fc.integer({ min: 0, max: 2_000 }), (step, start, skip) => {
        fc.pre(step.months + step.days > 0)
        const trigger = calendarInterval({ ...step, start, time: '02:30', zone: 'Europe/Berlin' })
        const after = Date.parse(start) + skip * DAY
        let walked = nextFireTime(trigger, 0)
        while (walked !== null && walked <= after) walked = nextFireTime(trigger, walked)
        const fresh = calendarInterval({ ...step, start, time: '02:30', zone: 'Europe/Berlin', jitterMs: 1 })
        expect(nextFireTime(fresh, after)).toBe(walked)
        expect(nextFireTime(trigger, after)).toBe(walked)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a daily window', () => {
  it('begins anew each day and includes both ends', () => {
    expect(take(dailyWindow({ every: '4h', from: '08:00', to: '16:00' }), T0, 4)).toEqual(
      ['01T08:00', '01T12:00', '01T16:00', '02T08:00'].map((time) => `2024-01-${time}`),
    )
    expect(take(dailyWindow({ every: '7h', from: '08:30:10', to: '20:00' }), T0, 3)).toEqual(
      ['01T08:30:10', '01T15:30:10', '02T08:30:10'].map((time) => `2024-01-${time}`),
    )
  })

  it('over midnight belongs to the day on which it begins', () => {
    const fridays = dailyWindow({ every: '2h', from: '22:00', to: '02:00', weekdays: ['fri'] })
    expect(take(fridays, T0, 4)).toEqual(
      ['05T22:00', '06T00:00', '06T02:00', '12T22:00'].map((time) => `2024-01-${time}`),
    )
  })

  it('of one point fires once a day', () => {
    expect(take(dailyWindow({ every: '1h', from: '08:00', to: '08:00' }), T0, 2)).toEqual([
      '2024-01-01T08:00',
      '2024-01-02T08:00',
    ])
  })

  it('keeps to its start and end', () => {
    const bounded = dailyWindow({
      every: '1h',
      from: '08:00',
      to: '10:00',
      start: '2024-01-05T09:00:00Z',
      end: '2024-01-06T08:00:00Z',
    })
    expect(take(bounded, T0, 5)).toEqual(['2024-01-05T09:00', '2024-01-05T10:00', '2024-01-06T08:00', null])
  })
})

describe('excluding', () => {
  const hourly = cron('0 * * * *')

  it('drops fires and does not move the grid', () => {
    const trigger = excluding(interval('5h', { start: T0 }), { time: ['10:00', '20:00'] })
    expect(take(trigger, T0, 4)).toEqual(['01T05:00', '01T20:00', '02T01:00', '02T06:00'].map((t) => `2024-01-${t}`))
  })

  it('takes windows over midnight and half open', () => {
    const trigger = excluding(hourly, { time: ['22:00', '21:00'] })
    expect(take(trigger, T0, 2)).toEqual(['2024-01-01T21:00', '2024-01-02T21:00'])
  })

  it('leaves out the whole minutes, hours or days that a cron exclusion names', () => {
    const everyTenSeconds = cron('*/10 * * * * *')
    const noon = Date.UTC(2024, 0, 1, 11, 59, 50)
    expect(take(excluding(everyTenSeconds, { cron: '0 12 * * *' }), noon, 1)).toEqual(['2024-01-01T12:01'])
    expect(take(excluding(everyTenSeconds, { cron: '0 0 12 * * *' }), noon, 1)).toEqual(['2024-01-01T12:00:10'])
    expect(take(excluding(everyTenSeconds, { cron: { hour: '12' } }), noon, 1)).toEqual(['2024-01-01T13:00'])
    expect(take(excluding(everyTenSeconds, { cron: { dayOfWeek: 'mon' } }), noon, 1)).toEqual(['2024-01-02T00:00'])
    expect(take(excluding(hourly, { cron: '* * * 1-11 *' }), noon, 1)).toEqual(['2024-12-01T00:00'])
  })

  it('adds its exclusions up', () => {
    const trigger = excluding(hourly, [
      { weekdays: ['mon', 'TUE' as 'tue'] },
      { dates: ['2024-01-03'] },
      { annual: ['01-04'] },
      { time: ['00:00', '23:00'] },
    ])
    expect(take(trigger, T0, 1)).toEqual(['2024-01-05T23:00'])
  })

  it('excludes local days in both passes of an overlap', () => {
    const trigger = excluding(
      cron('30 * * * *', { zone: 'America/Sao_Paulo' }),
      { weekdays: ['sat'] },
      { zone: 'America/Sao_Paulo' },
    )
    // Saturday 17 February 2018 ended at 03:00 UTC, after 23:00 to 24:00 had come twice.
    expect(take(trigger, Date.UTC(2018, 1, 17, 2), 1)).toEqual(['2018-02-18T03:30'])
  })
})

/** Null for a trigger that is refused because it never fires. */
function firstFire(json: object): number | null {
  try {
    return nextFireTime(parseTrigger(json), -1)
  } catch (error) {
    if (error instanceof TriggerError && error.code === 'never-fires') return null
    throw error
  }
}

describe('and', () => {
  it('of intervals is exact, however far apart they meet', () => {
    const trigger = and([interval(99_991, { start: 0 }), interval(100_003, { start: 5_000 })])
    const first = nextFireTime(trigger, 0) ?? 0
    expect(first % 99_991).toBe(0)
    expect((first - 5_000) % 100_003).toBe(0)
    expect((nextFireTime(trigger, first) ?? 0) - first).toBe(99_991 * 100_003)
  })

  it('of interval grids agrees with trying every instant', () => {
    const grid = fc.record({ every: fc.integer({ min: 1, max: 40 }), start: fc.integer({ min: 0, max: 100 }) })
    fc.assert(
      fc.property(grid, grid, grid, (...grids) => {
        const json = {
          type: 'and',
          triggers: grids.map(({ every, start }) => ({
            type: 'interval',
            every,
            start: new Date(start).toISOString(),
          })),
        }
        const on = (at: number): boolean => grids.every(({ every, start }) => at >= start && (at - start) % every === 0)
        let expected: number | null = null
        // 40³ and the latest start bound the first meeting.
        for (let at = 0; at <= 64_100 && expected === null; at++) if (on(at)) expected = at
        expect(firstFire(json)).toBe(expected)
      }),
      { numRuns: 150 },
    )
  })

  it('and or of one trigger are that trigger', () => {
    const inner = cron('15 3 * * 2', { zone: 'Europe/Paris' })
    for (const outer of [and([inner]), or([inner]), and([inner, inner])]) {
      expect(take(outer, T0, 3)).toEqual(take(inner, T0, 3))
    }
  })

  it('that is over gives null and is not an error', () => {
    const trigger = and([cron('0 9 * * *'), interval('1h', { start: 0, end: 10 * DAY })])
    expect(take(trigger, T0, 1)).toEqual([null])
  })
})
