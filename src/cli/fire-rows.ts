/** The next fires of a trigger, each with its local time and what the clocks do on that day. */
import { createSystemCalendars } from '../adapters/calendars/system-calendars.ts'
import { clockNote } from '../core/triggers/clock-note.ts'
import { compileTrigger } from '../core/triggers/next-fire-time.ts'
import type { Trigger } from '../core/triggers/trigger.ts'
import { offsetAt, transitionsBetween } from '../core/triggers/zone.ts'
import { instantText, localText } from '../client/time-text.ts'

export interface FireRow {
  /** UTC. */
  readonly at: string
  /** In the zone, with its offset. */
  readonly local: string
  readonly zone: string
  /** What a change of the clocks does to the fire, or that there is one on its local day, in words. */
  readonly clockChange: string | null
}

const DAY_MS = 86_400_000

/** An interval without a start is anchored at `after`, as if the job were added then. */
export function fireRows(
  trigger: Trigger,
  options: { readonly after: number; readonly zone: string; readonly count: number },
): FireRow[] {
  const { after, zone } = options
  const compiled = compileTrigger(trigger, createSystemCalendars())
  const count = Math.min(options.count, trigger.repeat ?? options.count)
  const rows: FireRow[] = []
  for (let at = compiled.next(after, after); at !== null && rows.length < count; at = compiled.next(at, after)) {
    const local = localText(at, offsetAt(zone, at))
    rows.push({ at: instantText(at), local, zone, clockChange: clockNote(trigger, at, zone) ?? clockChange(zone, at) })
  }
  return rows
}

/** `clocks +1h: 02:00-03:00 is skipped`, for a change on the same local day. */
function clockChange(zone: string, at: number): string | null {
  const day = localDay(zone, at)
  for (const change of transitionsBetween(zone, at - DAY_MS, at + DAY_MS)) {
    if (localDay(zone, change.at) !== day) continue
    const before = clock(change.at + change.offsetBefore)
    const after = clock(change.at + change.offsetAfter)
    return change.offsetAfter > change.offsetBefore
      ? `clocks go forward: ${before}-${after} is skipped`
      : `clocks go back: ${after}-${before} comes twice`
  }
  return null
}

function localDay(zone: string, at: number): string {
  return new Date(at + offsetAt(zone, at)).toISOString().slice(0, 10)
}

/** `02:00` of a local time. */
function clock(localMs: number): string {
  return new Date(localMs).toISOString().slice(11, 16)
}
