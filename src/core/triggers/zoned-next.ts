/**
 * From local schedules to instants: the one place where gaps, overlaps and the four DST policies are decided.
 *
 * Within a zone segment local time is instant + offset, so the next fire is the next local match minus the offset. Only
 * the span after a zone change needs care, as long as the clocks moved:
 * 1. after a gap, the local times that did not exist may fire in it (`compatible`: moved, `vixie`: once, at its start);
 * 2. after an overlap, the repeated local times fire there only under `wall`.
 * Spans of two changes never meet (see `PROBE_MS` in `zone.ts`).
 */

import { DAY_MS, MAX_INSTANT_MS } from './limits.ts'
import type { DstPolicy } from './trigger.ts'
import type { ZoneSegment, ZoneTable } from './zone.ts'

/** A schedule in local time, in milliseconds as if local time were UTC. */
export interface LocalSchedule {
  /** Smallest selected local time of `localMs` or more; Infinity when there is none. Pure. */
  nextLocal(localMs: number): number
  /** All 24 hours are selected: such a schedule follows the wall clock under every policy. */
  readonly everyHour: boolean
}

/** More than any two offsets of one zone differ by. */
const MARGIN_MS = 2 * DAY_MS

/** First fire at `fromMs` or later; null when there is none up to the end of 9999. */
export function nextInZone(
  schedule: LocalSchedule,
  table: ZoneTable,
  policy: DstPolicy,
  fromMs: number,
): number | null {
  let from = fromMs
  while (from <= MAX_INSTANT_MS) {
    const segment = table.segmentAt(from)
    const shift = segment.offset - segment.previousOffset
    let moved = Infinity
    let searchFrom = from
    if (shift !== 0 && from < segment.start + Math.abs(shift)) {
      if (shift > 0) moved = firedFromGap(schedule, segment, policy, from)
      else if (policy !== 'wall') searchFrom = segment.start - shift
    }
    const local = schedule.nextLocal(searchFrom + segment.offset)
    const regular = local - segment.offset
    const at = Math.min(moved, regular < segment.end ? regular : Infinity)
    if (at <= MAX_INSTANT_MS) return at
    from = continueAt(segment, searchFrom, regular)
  }
  return null
}

/** Fire at `from` or later, inside the span after a gap, of a local time that the gap skipped; Infinity for none. */
function firedFromGap(schedule: LocalSchedule, segment: ZoneSegment, policy: DstPolicy, from: number): number {
  const gapEnd = segment.start + segment.offset
  if (policy === 'compatible') {
    // Moved by the gap's length = read with the offset that was in force before.
    const local = schedule.nextLocal(from + segment.previousOffset)
    return local < gapEnd ? local - segment.previousOffset : Infinity
  }
  if (policy === 'vixie' && from === segment.start) {
    return schedule.nextLocal(segment.start + segment.previousOffset) < gapEnd ? segment.start : Infinity
  }
  return Infinity
}

/**
 * Where to go on when a segment has no fire from `searched` on. The next change may repeat local times before
 * `searched`, so a segment that is nearly over is followed by the next one. Otherwise no local time up to the match
 * found is selected, whatever the offset, and the segments between need not be looked at (nor their table filled).
 */
function continueAt(segment: ZoneSegment, searched: number, regular: number): number {
  if (segment.end - searched <= MARGIN_MS) return segment.end
  return Math.max(segment.end, regular - MARGIN_MS)
}
