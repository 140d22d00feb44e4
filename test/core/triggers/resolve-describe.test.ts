/** Resolving (zones, H), jitter, descriptions, and the offsets that a zone reports. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeTrigger } from '../../../src/core/triggers/describe-trigger.ts'
import { jitterDelayMs } from '../../../src/core/triggers/jitter.ts'
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
import { resolveTrigger } from '../../../src/core/triggers/resolve-trigger.ts'
import type { Trigger } from '../../../src/core/triggers/trigger.ts'
import { isValidZone, offsetAt, transitionsBetween } from '../../../src/core/triggers/zone.ts'

describe('resolving a trigger', () => {
  const context = { jobId: 'job-1', zone: 'Europe/Paris' }

  it('fills in the zone wherever there is room for one', () => {
    const trigger = excluding(or([cron('0 9 * * *'), and([interval('1h'), cron({ hour: 3 }, { zone: 'UTC' })])]), {
      weekdays: ['sat'],
    })
    expect(resolveTrigger(trigger, context)).toEqual({
      type: 'excluding',
      zone: 'Europe/Paris',
      exclude: [{ weekdays: ['sat'] }],
      trigger: {
        type: 'or',
        triggers: [
          { type: 'crontab', expression: '0 9 * * *', zone: 'Europe/Paris' },
          {
            type: 'and',
            triggers: [
              { type: 'interval', every: 'PT1H', zone: 'Europe/Paris' },
              { type: 'cron', fields: { hour: '3' }, zone: 'UTC' },
            ],
          },
        ],
      },
    })
    expect(resolveTrigger(rrule('DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY'), context)).not.toHaveProperty('zone')
  })

  it('keeps repeat and jitter, and texts without H as they are', () => {
    const trigger = crontab('  0 0 * * MON,thu ', { repeat: 2, jitterMs: 7 })
    expect(resolveTrigger(trigger, context)).toEqual({ ...trigger, zone: 'Europe/Paris' })
    expect(resolveTrigger(cron('@daily'), context)).toMatchObject({ expression: '@daily' })
  })

  const resolved = (expression: string, jobId: string): string =>
    (resolveTrigger(crontab(expression), { jobId, zone: 'UTC' }) as { expression: string }).expression

  it('gives H one value per job, within its range', () => {
    const minutes = new Set<number>()
    for (let i = 0; i < 300; i++) {
      const jobId = `job-${i}`
      const text = resolved('H H(9-17) H H H', jobId)
      expect(resolved('H H(9-17) H H H', jobId)).toBe(text)
      const [minute, hour, day, month, weekday] = text.split(' ').map(Number)
      minutes.add(minute ?? -1)
      expect(minute).toSatisfy((value: number) => value >= 0 && value <= 59)
      expect(hour).toSatisfy((value: number) => value >= 9 && value <= 17)
      expect(day).toSatisfy((value: number) => value >= 1 && value <= 28)
      expect(month).toSatisfy((value: number) => value >= 1 && value <= 12)
      expect(weekday).toSatisfy((value: number) => value >= 0 && value <= 6)
    }
    expect(minutes.size).toBeGreaterThan(50)
  })

  it('gives a stepped H a phase of its own', () => {
    for (let i = 0; i < 100; i++) {
      expect(resolved('H/15 * * * *', `job-${i}`)).toMatch(/^(?:\d|1[0-4])-59\/15 \* \* \* \*$/)
      const trigger = resolveTrigger(crontab('H(0-29)/25,45 0 * * *'), { jobId: `job-${i}`, zone: 'UTC' })
      expect(nextFireTime(trigger, 0)).not.toBeNull()
    }
  })

  it('notices that a trigger never fires when only the value of H tells', () => {
    expect(() => resolved('0 0 H(30-31) 2 *', 'job-1')).toThrow(expect.objectContaining({ code: 'never-fires' }))
  })

  it('refuses an unknown zone', () => {
    expect(() => resolveTrigger(cron('0 9 * * *'), { jobId: 'a', zone: 'Mars/Olympus' })).toThrow(
      expect.objectContaining({ code: 'unknown-zone' }),
    )
  })
})

describe('jitter', () => {
  interface Vector {
    readonly jobId: string
    readonly nominalMs: number
    readonly jitterMs: number
    readonly delayMs: number
  }
  const { vectors } = JSON.parse(readFileSync(new URL('./cases/jitter.json', import.meta.url), 'utf8')) as {
    vectors: readonly Vector[]
  }

  it.each(vectors)('of $jobId at $nominalMs with $jitterMs is $delayMs', ({ jobId, nominalMs, jitterMs, delayMs }) => {
    expect(jitterDelayMs(jobId, nominalMs, jitterMs)).toBe(delayMs)
  })

  it('reaches both ends and not beyond', () => {
    const delays = new Set(Array.from({ length: 200 }, (_, i) => jitterDelayMs('job', i * 1_000, 3)))
    expect([...delays].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
  })
})

describe('a description', () => {
  it.each<[string, Trigger]>([
    ['once at 2030-01-01T09:00, Europe/Paris', date('2030-01-01T09:00', { zone: 'Europe/Paris' })],
    ['every 90 s', interval('90s')],
    ['every 1 h, from 2024-01-01T00:00:00Z', interval('1h', { start: '2024-01-01T00:00:00Z' })],
    ['every 90 min, 5 times in all, delayed by up to 30 s', interval('1h30m', { repeat: 5, jitterMs: 30_000 })],
    ['at 09:00 on Monday to Friday, Europe/Paris', cron('0 9 * * 1-5', { zone: 'Europe/Paris' })],
    ['at 00:00 every day', cron('@daily')],
    ['every hour', cron('@hourly')],
    ['every minute', cron('* * * * *')],
    ['every second', cron({})],
    ['every 10 s in hours 8 and 9', cron('*/10 * 8,9 * * *')],
    ['every 15 min in hours 9 to 17 on Monday to Friday', cron('*/15 9-17 * * mon-fri')],
    ['at minutes 5, 10 and 25 of every hour', cron('5,10,25 * * * *')],
    ['every 2 h', cron('0 */2 * * *')],
    ['at 06:30:15 and 18:30:15 every day', cron('15 30 6,18 * * *')],
    ['at 00:00 on day 13 of the month or on Friday', cron('0 0 13 * 5')],
    ['at 00:00 on day 13 of the month that is also Friday', cron({ day: 13, dayOfWeek: 'fri' })],
    ['at 00:00 on the last Monday-to-Friday day of the month', cron('0 0 LW * *')],
    ['at 00:00 on the Monday-to-Friday day nearest to the 15th', cron('0 0 15W * *')],
    ['at 00:00 on the 2nd Friday of the month', cron('0 0 * * 5#2')],
    ['at 09:00 on the last Monday of the month in March and June', cron({ month: '3,6', day: 'last mon', hour: 9 })],
    ['at 06:00 every day in ISO weeks 1 to 10 in 2024 and 2026', cron({ year: '2024,2026', week: '1-10', hour: 6 })],
    [
      'at 02:30 every day, America/New_York, clock changes: skip',
      cron('30 2 * * *', { zone: 'America/New_York', dst: 'skip' }),
    ],
    [`by crontab "H 3 * * *", where the job's id decides H`, cron('H 3 * * *')],
    ['every month at 08:00, from 2024-01-31', calendarInterval({ months: 1, time: '08:00', start: '2024-01-31' })],
    ['every 1 month and 10 days at 00:00', calendarInterval({ months: 1, days: 10 })],
    [
      'every 15 min from 09:00 to 17:00 on Monday to Wednesday, UTC',
      dailyWindow({ every: '15m', from: '09:00', to: '17:00', weekdays: ['mon', 'tue', 'wed'], zone: 'UTC' }),
    ],
    [
      '(at 09:00 every day) except on Saturday and Sunday, on 25 December of each year, from 12:00 until 13:00, on 2024-05-01 and during cron hour 3',
      excluding(cron('0 9 * * *'), [
        { weekdays: ['sat', 'sun'] },
        { annual: ['12-25'] },
        { time: ['12:00', '13:00'] },
        { dates: ['2024-05-01'] },
        { cron: { hour: '3' } },
      ]),
    ],
    ['(at 09:00 every day) except on holidays of DE-BY', excluding(cron('0 9 * * *'), { holidays: 'DE-BY' })],
    ['(every 1 h) or (at 09:00 every day)', or([interval('1h'), cron('0 9 * * *')])],
    [
      'when all of these fire at once: (at 09:00 on Monday) and (at 09:00 on days 1 to 7 of the month)',
      and([cron('0 9 * * 1'), cron('0 9 1-7 * *')]),
    ],
    [
      'by the rule DTSTART:20240101T090000Z RRULE:FREQ=DAILY;COUNT=3',
      rrule('DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=3'),
    ],
  ])('%s', (words, trigger) => {
    expect(describeTrigger(trigger)).toBe(words)
  })
})

describe('a zone', () => {
  it.each(['UTC', 'Europe/Paris', 'US/Eastern', '+05:30', '-00:30', '+14:00', 'Etc/GMT+3'])('%s is valid', (zone) => {
    expect(isValidZone(zone)).toBe(true)
  })

  it('tells its offset in milliseconds', () => {
    expect(offsetAt('Asia/Kathmandu', 1_700_000_000_000)).toBe(20_700_000)
    expect(offsetAt('-03:30', 0)).toBe(-12_600_000)
    expect(offsetAt('America/New_York', Date.UTC(2024, 6, 1))).toBe(-14_400_000)
    expect(offsetAt('Africa/Monrovia', 0)).toBe(-2_670_000)
  })

  it('lists its changes once each, also where two chunks of the table meet', () => {
    const changes = transitionsBetween('Europe/Paris', Date.UTC(2000, 0, 1), Date.UTC(2020, 0, 1))
    expect(changes).toHaveLength(40)
    expect(changes[0]).toEqual({ at: Date.UTC(2000, 2, 26, 1), offsetBefore: 3_600_000, offsetAfter: 7_200_000 })
    expect(transitionsBetween('+01:00', 0, Date.UTC(2020, 0, 1))).toEqual([])
  })

  it('agrees with Intl at every hour of years of change', () => {
    const wrong: string[] = []
    for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Boa_Vista']) {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
      for (let at = Date.UTC(2000, 8, 1); at < Date.UTC(2001, 11, 1); at += 3_600_000) {
        const local = Date.parse(`${format.format(at).replace(' ', 'T')}Z`)
        if (local - at !== offsetAt(zone, at)) wrong.push(`${zone} at ${new Date(at).toISOString()}`)
      }
    }
    expect(wrong).toEqual([])
  })
})
