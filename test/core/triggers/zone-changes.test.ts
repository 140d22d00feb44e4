/**
 * Gaps and overlaps: readable examples, and random schedules against an oracle that enumerates every minute around a
 * zone change with Intl alone.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cron, crontab, dailyWindow } from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import type { DstPolicy, Trigger } from '../../../src/core/triggers/trigger.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/** UTC times of day on which a trigger fires from `from` on. */
function utc(trigger: Trigger, from: string, count: number): string[] {
  const found: string[] = []
  let at: number | null = Date.parse(from) - 1
  while (found.length < count) {
    at = nextFireTime(trigger, at)
    if (at === null) break
    found.push(new Date(at).toISOString().slice(0, 16))
  }
  return found
}

describe('a daily 02:30 in New York when 02:00 becomes 03:00', () => {
  const fires = (dst: DstPolicy): string[] =>
    utc(crontab('30 2 * * *', { zone: 'America/New_York', dst }), '2024-03-10T00:00:00Z', 2)

  it('moves by the hour under compatible', () => {
    expect(fires('compatible')).toEqual(['2024-03-10T07:30', '2024-03-11T06:30'])
  })
  it('runs at the end of the gap under vixie', () => {
    expect(fires('vixie')).toEqual(['2024-03-10T07:00', '2024-03-11T06:30'])
  })
  it.each(['skip', 'wall'] as const)('does not run under %s', (dst) => {
    expect(fires(dst)).toEqual(['2024-03-11T06:30', '2024-03-12T06:30'])
  })
})

describe('a daily 01:30 in New York when 02:00 becomes 01:00', () => {
  const fires = (dst: DstPolicy): string[] =>
    utc(crontab('30 1 * * *', { zone: 'America/New_York', dst }), '2024-11-03T00:00:00Z', 2)

  it.each(['compatible', 'vixie', 'skip'] as const)('runs in the first pass only under %s', (dst) => {
    expect(fires(dst)).toEqual(['2024-11-03T05:30', '2024-11-04T06:30'])
  })
  it('runs in both passes under wall', () => {
    expect(fires('wall')).toEqual(['2024-11-03T05:30', '2024-11-03T06:30'])
  })
})

it('an hourly schedule stays hourly under every policy, however it is spelled', () => {
  for (const hours of ['*', '0-23', '*/1', '0-11,12-23']) {
    for (const dst of ['compatible', 'vixie', 'skip', 'wall'] as const) {
      const hourly = crontab(`0 ${hours} * * *`, { zone: 'America/New_York', dst })
      expect(utc(hourly, '2024-11-03T04:00:00Z', 4)).toEqual(
        ['04', '05', '06', '07'].map((hour) => `2024-11-03T${hour}:00`),
      )
      expect(utc(hourly, '2024-03-10T06:00:00Z', 3)).toEqual(['06', '07', '08'].map((hour) => `2024-03-10T${hour}:00`))
    }
  }
})

it('a fire that was moved onto another one merges with it', () => {
  const both = cron({ hour: '2,3', minute: 0 }, { zone: 'America/New_York' })
  expect(utc(both, '2024-03-10T00:00:00Z', 3)).toEqual(['2024-03-10T07:00', '2024-03-11T06:00', '2024-03-11T07:00'])
})

it('a day that a zone leaves out moves onto the next one and merges', () => {
  expect(utc(cron({ hour: 9 }, { zone: 'Pacific/Apia' }), '2011-12-29T00:00:00Z', 3)).toEqual([
    '2011-12-29T19:00',
    '2011-12-30T19:00',
    '2011-12-31T19:00',
  ])
})

it('a daily window over a gap goes on without the hour that was not', () => {
  const window = dailyWindow({ every: '30m', from: '01:00', to: '03:30', zone: 'America/New_York', dst: 'skip' })
  expect(utc(window, '2024-03-10T00:00:00Z', 5)).toEqual(
    ['10T06:00', '10T06:30', '10T07:00', '10T07:30', '11T05:00'].map((time) => `2024-03-${time}`),
  )
})

/** Where clocks change in odd ways: a minute before which the change comes, in UTC. */
const CHANGES: readonly (readonly [zone: string, instant: string])[] = [
  ['America/New_York', '2024-03-10T07:00:00Z'],
  ['America/New_York', '2024-11-03T06:00:00Z'],
  ['Australia/Lord_Howe', '2024-04-06T15:00:00Z'],
  ['Australia/Lord_Howe', '2024-10-05T15:30:00Z'],
  ['Antarctica/Troll', '2024-03-31T01:00:00Z'],
  ['Antarctica/Troll', '2024-10-27T01:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2019-02-17T02:00:00Z'],
  ['America/St_Johns', '2009-03-08T03:31:00Z'],
  ['America/Havana', '2024-11-03T05:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Antarctica/Casey', '2018-03-10T17:00:00Z'],
  ['Africa/Casablanca', '2024-03-10T02:00:00Z'],
]

interface Around {
  readonly zone: string
  readonly from: number
  readonly to: number
  /** Local time of each minute from `from` on, in milliseconds as if UTC. */
  readonly local: readonly number[]
}

function around(zone: string, instant: string): Around {
  const from = Date.parse(instant) - 2 * DAY
  const to = from + 4 * DAY
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  const local: number[] = []
  for (let at = from; at < to; at += MINUTE) local.push(Date.parse(`${format.format(at).replace(' ', 'T')}Z`))
  return { zone, from, to, local }
}

const windows = CHANGES.map(([zone, instant]) => around(zone, instant))

/** Fires by definition, minute by minute; `matches` says whether a local time is selected. */
function expectedFires({ from, local }: Around, matches: (localMs: number) => boolean, dst: DstPolicy): number[] {
  const fires = new Set<number>()
  const seen = new Set<number>()
  for (const [i, time] of local.entries()) {
    const at = from + i * MINUTE
    if (matches(time) && (dst === 'wall' || !seen.has(time))) fires.add(at)
    seen.add(time)
    const before = local[i - 1]
    if (before === undefined || time <= before + MINUTE) continue
    for (let lost = before + MINUTE; lost < time; lost += MINUTE) {
      if (!matches(lost)) continue
      if (dst === 'compatible') fires.add(at + lost - before - MINUTE)
      if (dst === 'vixie') fires.add(at)
    }
  }
  return [...fires].toSorted((a, b) => a - b)
}

function actualFires(trigger: Trigger, { from, to }: Around): number[] {
  const found: number[] = []
  for (let at = nextFireTime(trigger, from - 1); at !== null && at < to; at = nextFireTime(trigger, at)) found.push(at)
  return found
}

const hourSets = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 24 })
const minuteSets = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 4 })
const policies = fc.constantFrom<DstPolicy>('compatible', 'vixie', 'skip', 'wall')

describe('around a zone change, minute by minute', () => {
  it('cron fires as the definition of each policy says', () => {
    fc.assert(
      fc.property(fc.constantFrom(...windows), hourSets, minuteSets, policies, (window, hours, minutes, dst) => {
        const trigger = cron({ hour: hours.join(), minute: minutes.join() }, { zone: window.zone, dst })
        const matches = (localMs: number): boolean =>
          hours.includes(Math.floor(localMs / 3_600_000) % 24) && minutes.includes(Math.floor(localMs / MINUTE) % 60)
        const policy = hours.length === 24 ? 'wall' : dst
        expect(actualFires(trigger, window)).toEqual(expectedFires(window, matches, policy))
      }),
      { numRuns: 200 },
    )
  })

  it('a daily window fires as the definition of each policy says', () => {
    const minutesOfDay = fc.integer({ min: 0, max: 1_439 })
    fc.assert(
      fc.property(
        fc.constantFrom(...windows),
        minutesOfDay,
        minutesOfDay,
        fc.integer({ min: 1, max: 300 }),
        policies,
        (window, from, to, every, dst) => {
          const trigger = dailyWindow({
            every: every * MINUTE,
            from: clock(from),
            to: clock(to),
            zone: window.zone,
            dst,
          })
          const span = to >= from ? to - from : to + 1_440 - from
          const points = new Set(
            Array.from({ length: Math.floor(span / every) + 1 }, (_, k) => (from + k * every) % 1_440),
          )
          const matches = (localMs: number): boolean => points.has(Math.floor(localMs / MINUTE) % 1_440)
          const hours = new Set([...points].map((point) => Math.floor(point / 60)))
          const policy = hours.size === 24 ? 'wall' : dst
          expect(actualFires(trigger, window)).toEqual(expectedFires(window, matches, policy))
        },
      ),
      { numRuns: 200 },
    )
  })
})

function clock(minuteOfDay: number): string {
  return [Math.floor(minuteOfDay / 60), minuteOfDay % 60].map((part) => String(part).padStart(2, '0')).join(':')
}
