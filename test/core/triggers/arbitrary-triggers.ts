/** fast-check generators of valid triggers in JSON form, and of texts that are nearly valid. */

import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'

export const zones: Arbitrary<string> = fc.constantFrom(
  'UTC',
  '+05:30',
  '-03:30',
  'America/New_York',
  'Europe/Paris',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'America/Havana',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Asia/Kathmandu',
)

const policies: Arbitrary<'compatible' | 'vixie' | 'skip' | 'wall'> = fc.constantFrom(
  'compatible',
  'vixie',
  'skip',
  'wall',
)

/** 2005 to 2030. */
export const instants: Arbitrary<number> = fc.integer({ min: 1_104_537_600_000, max: 1_893_456_000_000 })

const startText = instants.map((instant) => new Date(instant).toISOString())
const weekday = fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))

function item(min: number, max: number): Arbitrary<string> {
  const value = fc.integer({ min, max })
  const range = fc.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
  return fc.oneof(
    fc.constant('*'),
    value.map(String),
    range.map(([a, b]) => `${a}-${b}`),
    fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
    range
      .filter(([a, b]) => b > a)
      .chain(([a, b]) => fc.integer({ min: 1, max: b - a }).map((step) => `${a}-${b}/${step}`)),
  )
}

function list(min: number, max: number): Arbitrary<string> {
  return fc.array(item(min, max), { minLength: 1, maxLength: 3 }).map((items) => items.join(','))
}

const crontabDay = fc.oneof({ weight: 3, arbitrary: list(1, 28) }, fc.constantFrom('L', 'LW', '15W', '1W,L', '?', '*'))
const crontabWeekday = fc.oneof(
  { weight: 3, arbitrary: list(0, 6) },
  fc.constantFrom('mon-fri', 'fri-mon/2', '5-7', '0,7', '5L', 'sun#2', '1,friL', '?', '*'),
)

export const crontabTexts: Arbitrary<string> = fc
  .tuple(list(0, 59), list(0, 23), crontabDay, list(1, 12), crontabWeekday)
  .map((fields) => fields.join(' '))

const cronFields = fc.record(
  {
    month: list(1, 12),
    day: fc.oneof(list(1, 28), fc.constantFrom('last', '2nd tue', 'last fri, 3', '1st mon')),
    dayOfWeek: fc.oneof(list(0, 6), fc.constantFrom('mon-fri', 'sat,sun')),
    hour: list(0, 23),
    minute: list(0, 59),
    second: list(0, 59),
  },
  { requiredKeys: [] },
)

const interval = fc.record(
  {
    type: fc.constant('interval'),
    every: fc.constantFrom('PT1S', 'PT0.25S', 'PT7M', 'PT36H', 'P1W', 'P1DT2H3M4S'),
    start: startText,
  },
  { requiredKeys: ['type', 'every', 'start'] },
)

const simple: Arbitrary<object> = fc.oneof(
  interval,
  fc.record({ type: fc.constant('date'), at: startText }),
  fc.record({ type: fc.constant('crontab'), expression: crontabTexts, zone: zones, dst: policies }),
  fc.record({ type: fc.constant('cron'), fields: cronFields, zone: zones, dst: policies }),
  fc.record({
    type: fc.constant('calendar-interval'),
    months: fc.integer({ min: 0, max: 14 }),
    days: fc.integer({ min: 1, max: 40 }),
    time: clock,
    zone: zones,
    start: startText.map((text) => text.slice(0, 10)),
  }),
  fc.record(
    {
      type: fc.constant('daily-window'),
      every: fc.constantFrom('PT15M', 'PT1H', 'PT47M', 'PT6H'),
      from: clock,
      to: clock,
      weekdays: fc.uniqueArray(weekday, { minLength: 1, maxLength: 7 }),
      zone: zones,
      dst: policies,
    },
    { requiredKeys: ['type', 'every', 'from', 'to', 'zone', 'dst'] },
  ),
)

const exclusion: Arbitrary<object> = fc.oneof(
  fc.record({ weekdays: fc.uniqueArray(weekday, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    dates: fc.array(
      startText.map((text) => text.slice(0, 10)),
      { minLength: 1, maxLength: 5 },
    ),
  }),
  fc.record({ annual: fc.constantFrom(['12-25'], ['01-01', '02-29']) }),
  fc.record({ time: fc.constantFrom(['09:00', '12:30'], ['22:00', '06:00']) }),
  fc.record({
    cron: fc.constantFrom<string | object>('* 12 * * 1', '0 0 1 * *', { hour: '3-5' }, { dayOfWeek: 'wed' }),
  }),
)

/** Triggers of all kinds that can be evaluated; a few never fire, as chance has it. */
export const triggers: Arbitrary<object> = fc.oneof(
  { weight: 6, arbitrary: simple },
  fc.record({ type: fc.constant('or'), triggers: fc.array(simple, { minLength: 1, maxLength: 3 }) }),
  fc.record({ type: fc.constant('and'), triggers: fc.tuple(interval, simple) }),
  fc.record({
    type: fc.constant('excluding'),
    trigger: simple,
    exclude: fc.array(exclusion, { minLength: 1, maxLength: 2 }),
    zone: zones,
  }),
)
