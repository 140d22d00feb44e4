/** What a change of the clocks does to a fire, in words: for lists of coming fires. */

import { nextFireTime } from './next-fire-time.ts'
import type { CronTrigger, CrontabTrigger, DailyWindowTrigger, DstPolicy, Trigger } from './trigger.ts'
import { MONTHS } from './words.ts'
import { zoneTable } from './zone.ts'

type ClockTrigger = CronTrigger | CrontabTrigger | DailyWindowTrigger

/**
 * `02:30 does not exist on 14 Mar: fires at 03:30`, or `01:30 comes twice on 7 Nov: fires the first time`; null for a fire
 * that no change of the clocks concerns, and for triggers without times of day. `at` is a fire of the trigger, `zone`
 * that of one without its own.
 */
export function clockNote(trigger: Trigger, at: number, zone: string): string | null {
  if (trigger.type !== 'cron' && trigger.type !== 'crontab' && trigger.type !== 'daily-window') return null
  const zoned = { ...trigger, zone: trigger.zone ?? zone }
  const table = zoneTable(zoned.zone)
  const segment = table.segmentAt(at)
  const shift = segment.offset - segment.previousOffset
  const isJustAfter = at < segment.start + Math.abs(shift)
  if (isJustAfter && shift > 0) return gapNote(zoned, at, segment.previousOffset, segment.offset)
  if (isJustAfter && shift < 0) return overlapNote(at + segment.offset, 'both times')
  if (segment.end === Infinity) return null
  const length = segment.offset - table.segmentAt(segment.end).offset
  if (length <= 0 || at < segment.end - length) return null
  const isBoth = nextFireTime(zoned, at + length - 1) === at + length
  return overlapNote(at + segment.offset, isBoth ? 'both times' : 'the first time')
}

/** A fire that would be there also without those that the gap moves is none of them. */
function gapNote(trigger: ClockTrigger, at: number, offsetBefore: number, offset: number): string | null {
  if (nextFireTime(withPolicy(trigger, 'skip'), at - 1) === at) return null
  // Moved by the length of the gap, the first of them is the one that `vixie` runs at the gap's end.
  const moved = nextFireTime(withPolicy(trigger, 'compatible'), at - 1) ?? at
  const skipped = moved + offsetBefore
  return `${clock(skipped)} does not exist on ${dayText(skipped)}: fires at ${clock(at + offset)}`
}

function withPolicy(trigger: ClockTrigger, dst: DstPolicy): ClockTrigger {
  return { ...trigger, dst }
}

function overlapNote(localMs: number, when: string): string {
  return `${clock(localMs)} comes twice on ${dayText(localMs)}: fires ${when}`
}

/** `02:30`, with seconds where they are not 0. */
function clock(localMs: number): string {
  const text = new Date(localMs).toISOString().slice(11, 19)
  return text.endsWith(':00') ? text.slice(0, 5) : text
}

/** `10 Mar` */
function dayText(localMs: number): string {
  const date = new Date(localMs)
  return `${date.getUTCDate()} ${(MONTHS[date.getUTCMonth()] ?? '').slice(0, 3)}`
}
