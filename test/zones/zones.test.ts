/** The days around each zone change; `npm run test:zones` looks at every minute. */
import { describe, expect, test } from 'vitest'
import { crontab } from '../../src/core/triggers/make-trigger.ts'
import { compileTrigger } from '../../src/core/triggers/next-fire-time.ts'
import { FIRST_YEAR, LAST_YEAR, scanMinutes, wallClock, ZONES } from './minute-scan.ts'

const DAY = 1_440
const FIRST = Date.UTC(FIRST_YEAR, 0, 1) / 60_000
const END = Date.UTC(LAST_YEAR + 1, 0, 1) / 60_000

/** UTC minutes of midnights before which the clocks changed, by Intl. */
function changes(zone: string): number[] {
  const show = wallClock(zone)
  const found: number[] = []
  for (let minute = FIRST; minute < END; minute += DAY) {
    if (show(minute + DAY) - show(minute) !== DAY) found.push(minute)
  }
  return found
}

describe.each(ZONES)('in %s', (zone) => {
  test('every schedule fires as the clock on the wall shows it, around every change of ten years', () => {
    for (const change of changes(zone)) {
      expect(scanMinutes(zone, change - DAY, change + 2 * DAY).differences).toEqual([])
    }
  })

  test.each([2011, 2014, 2018])(
    'the fires of %i are its nominal local times, less those that meet after a gap',
    (year) => {
      const { next } = compileTrigger(crontab('0,30 0-3,23 * * *', { zone }))
      const show = wallClock(zone)
      // Both ends at local noon, where no zone changes its clocks.
      const [from, to] = [noon(show, year), noon(show, year + 1)]
      let fires = 0
      for (let at = next(from * 60_000 - 1); at !== null && at < to * 60_000; at = next(at)) fires += 1
      const days = (show(to) - show(from)) / DAY
      expect(fires).toBe(days * 10 - met(zone, from, to))
    },
  )
})

function noon(show: (minute: number) => number, year: number): number {
  const local = Date.UTC(year, 0, 1, 12) / 60_000
  return local - (show(local) - local)
}

/** Skipped times that, moved by the gap, fall on a time that is selected anyway. */
function met(zone: string, from: number, to: number): number {
  const show = wallClock(zone)
  const isSelected = (local: number): boolean =>
    local % 30 === 0 && [0, 1, 2, 3, 23].includes(Math.floor((local % DAY) / 60))
  let count = 0
  for (const change of changes(zone)) {
    if (change < from - DAY || change >= to) continue
    for (let minute = change + 1; minute <= change + DAY; minute += 1) {
      const [before, after] = [show(minute - 1), show(minute)]
      for (let local = before + 1; local < after; local += 1) {
        if (isSelected(local) && isSelected(local + after - before - 1)) count += 1
      }
    }
  }
  return count
}
