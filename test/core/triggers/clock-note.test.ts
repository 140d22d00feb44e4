import { describe, expect, test } from 'vitest'
import { clockNote } from '../../../src/core/triggers/clock-note.ts'
import { crontab, dailyWindow, interval } from '../../../src/core/triggers/make-trigger.ts'
import { nextFireTime } from '../../../src/core/triggers/next-fire-time.ts'
import type { DstPolicy, Trigger } from '../../../src/core/triggers/trigger.ts'

const zone = 'America/New_York'

/** What is said of the first fires after a UTC time. */
function notes(trigger: Trigger, after: string, count: number): (string | null)[] {
  const said: (string | null)[] = []
  let at = nextFireTime(trigger, Date.parse(after))
  for (; at !== null && said.length < count; at = nextFireTime(trigger, at)) said.push(clockNote(trigger, at, 'UTC'))
  return said
}

describe('what a clock change does to a fire is said', () => {
  const at = (text: string, dst: DstPolicy = 'compatible'): Trigger => crontab(text, { zone, dst })
  test('of a time that does not exist', () => {
    const moved = '02:30 does not exist on 10 Mar: fires at 03:30'
    expect(notes(at('30 2 * * *'), '2024-03-09T12:00:00Z', 2)).toEqual([moved, null])
  })
  test('of the first of several that vixie runs at once', () => {
    const moved = '02:15 does not exist on 10 Mar: fires at 03:00'
    expect(notes(at('15,30 2 * * *', 'vixie'), '2024-03-09T12:00:00Z', 2)).toEqual([moved, null])
  })
  test('of a time that comes twice', () => {
    const twice = '01:30 comes twice on 3 Nov: fires'
    expect(notes(at('30 1 * * *'), '2024-11-02T12:00:00Z', 2)).toEqual([`${twice} the first time`, null])
    expect(notes(at('30 1 * * *', 'wall'), '2024-11-02T12:00:00Z', 2)).toEqual([
      `${twice} both times`,
      `${twice} both times`,
    ])
  })
  test('of a window, with seconds, in a zone whose gap is half an hour', () => {
    const window = dailyWindow({ every: '1h', from: '01:10:05', to: '03:10:05', zone: 'Australia/Lord_Howe' })
    expect(notes(window, '2024-10-05T12:00:00Z', 3)).toEqual([
      null,
      '02:10:05 does not exist on 6 Oct: fires at 02:40:05',
      null,
    ])
  })
  test('but nothing of a time that is there anyway, nor of elapsed time', () => {
    expect(notes(at('30 3 * * *'), '2024-03-09T12:00:00Z', 1)).toEqual([null])
    expect(notes(at('0 * * * *'), '2024-03-10T06:30:00Z', 1)).toEqual([null])
    expect(notes(interval('1h', { start: '2024-03-10T00:30:00Z' }), '2024-03-10T06:30:00Z', 2)).toEqual([null, null])
  })
})
