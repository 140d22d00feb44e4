import { describe, expect, test } from 'vitest'
import { createSystemCalendars } from '../../src/adapters/calendars/system-calendars.ts'
import { cron, excluding } from '../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../src/core/triggers/next-fire-time.ts'
import type { Trigger } from '../../src/core/triggers/trigger.ts'

const here = createSystemCalendars()

function days(trigger: Trigger, after: string, count: number): string[] {
  const found: string[] = []
  let at: number | null = Date.parse(after)
  while (found.length < count && at !== null) {
    at = nextFireTime(trigger, at, undefined, here)
    if (at !== null) found.push(new Date(at).toISOString().slice(0, 10))
  }
  return found
}

const nine = cron('0 9 * * *', { zone: 'Europe/Berlin' })
const except = (holidays: string): Trigger => excluding(nine, { holidays }, { zone: 'Europe/Berlin' })

describe('with date-holidays', () => {
  test('public holidays of a country are left out, and those of a state as well', () => {
    // Epiphany is a holiday in Bavaria alone.
    expect(days(except('DE'), '2026-12-31T12:00:00Z', 6)).toEqual(
      ['02', '03', '04', '05', '06', '07'].map((day) => `2027-01-${day}`),
    )
    expect(days(except('DE-BY'), '2026-12-31T12:00:00Z', 5)).toEqual(
      ['02', '03', '04', '05', '07'].map((day) => `2027-01-${day}`),
    )
  })
  test('days that are not public holidays are kept: 24 December is one of the banks', () => {
    expect(days(except('DE'), '2027-12-23T12:00:00Z', 2)).toEqual(['2027-12-24', '2027-12-27'])
  })
  test('a holiday of several days is left out whole', () => {
    expect(days(except('SA'), '2024-04-08T12:00:00Z', 1)).toEqual(['2024-04-13'])
  })
  test.each(['XX', 'DE-ZZ', 'DE-BY-QQ'])('a place that it does not know is refused: %s', (place) => {
    expect(() => nextFireTime(except(place), 0, undefined, here)).toThrow(/exclude\[0\]\.holidays: expected a country/)
  })
})

describe('without it', () => {
  const missing = createSystemCalendars(() => {
    throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
  })
  test('there are no holidays, and the error names the package', () => {
    expect(missing.holidays).toBeNull()
    expect(() => nextFireTime(except('DE'), 0, undefined, missing)).toThrow(/date-holidays, which is not installed/)
  })
  test('but a package that is broken does not pass for a missing one', () => {
    const broken = createSystemCalendars(() => {
      throw new SyntaxError('Unexpected token')
    })
    expect(() => broken.holidays).toThrow('Unexpected token')
  })
})

test('the time-zone database is that of the runtime', () => {
  expect(here.zones.version).toBe(process.versions['tz'])
  expect(here.zones.version).toMatch(/^20\d\d[a-z]+$/)
})
