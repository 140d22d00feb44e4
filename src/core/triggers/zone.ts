/**
 * Time zones as tables of UTC offsets, filled lazily: the only module that asks luxon (and so ICU) anything.
 *
 * A table belongs to a database; that of the runtime is the default, another one can be given in.
 *
 * Boundary: instants and offsets only; what a gap or an overlap means for a schedule is decided in `zoned-next.ts`.
 * Local times are resolved here by the table and never by luxon, whose answer for an ambiguous time depends on the
 * season in which it is asked.
 *
 * Invariants:
 * 1. Segments touch and cover all time; `segmentAt(t)` contains `t`.
 * 2. A segment that follows a zone change starts at that change, also across the edge of two chunks, for at least
 *    `PROBE_MS` after it. So the seconds after a change always know by how much the clocks moved.
 */

import { IANAZone } from 'luxon'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './limits.ts'
import { TriggerError, show } from './trigger-error.ts'

/** A span of time with one offset. All numbers in milliseconds; local time = instant + offset. */
export interface ZoneSegment {
  /** First instant. A zone change if `previousOffset` differs from `offset`. */
  readonly start: number
  /** First instant after it. */
  readonly end: number
  readonly offset: number
  readonly previousOffset: number
}

export interface ZoneTable {
  readonly zone: string
  segmentAt(instantMs: number): ZoneSegment
}

/** A time-zone database: from where the offsets of zones are. */
export interface ZoneDatabase {
  /** As `2026c`; the text of a later one sorts after that of an earlier one. null: not known. */
  readonly version: string | null
  /** The table of a zone, always the same one. Throws TriggerError `unknown-zone`, which names `path`. */
  readonly table: (zone: string, path?: string) => ZoneTable
}

/** UTC offset of an IANA zone in milliseconds, east positive. Changes fall on whole seconds. */
export type OffsetSource = (zone: string, instantMs: number) => number

export interface ZoneTransition {
  readonly at: number
  readonly offsetBefore: number
  readonly offsetAfter: number
}

/** A local time and how it exists: once, in the first pass of an overlap, or not at all and moved past its gap. */
export interface ResolvedLocal {
  readonly instant: number
  readonly inGap: boolean
}

/** Two changes of one zone are never closer than 6.96 days (Boa Vista, 2000), so probes 6 days apart miss none. */
const PROBE_MS = 6 * DAY_MS

/** Time that is filled at once: about 1 ms of work, and few enough segments to search in a line. */
const CHUNK_MS = 732 * DAY_MS

/** Chunks kept per zone (a thousand years); a search that goes on beyond starts afresh. */
const MAX_CHUNKS = 512

/** ICU takes zone names in any case, so there are more spellings than zones. */
const MAX_TABLES = 1_024

/** Further apart than any two offsets of one zone in use since 1970. */
const OFFSET_MARGIN_MS = 27 * HOUR_MS

const FIXED_OFFSET = /^([+-])([01]\d|2[0-3]):([0-5]\d)$/

/** True for an IANA name that this runtime's time-zone data knows, and for `±HH:MM` up to 23:59. */
export function isValidZone(zone: string): boolean {
  if (zone.length > 64) return false
  // ICU also takes +05 and +0530; one spelling is enough.
  if (zone.startsWith('+') || zone.startsWith('-')) return FIXED_OFFSET.test(zone)
  return IANAZone.isValidZone(zone)
}

/** A database whose offsets come from `source`. Names of zones are those of the runtime, whatever the source. */
export function createZoneDatabase(version: string | null, source: OffsetSource): ZoneDatabase {
  const tables = new Map<string, ZoneTable>()
  return {
    version,
    table: (zone, path = 'zone') => {
      const known = tables.get(zone)
      if (known !== undefined) return known
      if (!isValidZone(zone)) {
        throw new TriggerError('unknown-zone', path, `expected an IANA time zone or ±HH:MM, got ${show(zone)}`)
      }
      const table = createTable(zone, source)
      if (tables.size >= MAX_TABLES) tables.clear()
      tables.set(zone, table)
      return table
    },
  }
}

const iana = new Map<string, IANAZone>()

/** luxon answers in minutes, with a fraction where old offsets have seconds. */
function runtimeOffsetMs(zone: string, instantMs: number): number {
  let known = iana.get(zone)
  if (known === undefined) {
    known = IANAZone.create(zone)
    if (iana.size >= MAX_TABLES) iana.clear()
    iana.set(zone, known)
  }
  return Math.round(known.offset(instantMs) * MINUTE_MS)
}

/** The database of this runtime (ICU's). It does not know its own version. */
export const runtimeZones: ZoneDatabase = createZoneDatabase(null, runtimeOffsetMs)

/** The table of a zone in the runtime's database. Throws TriggerError `unknown-zone`. */
export function zoneTable(zone: string, path = 'zone'): ZoneTable {
  return runtimeZones.table(zone, path)
}

/** UTC offset in milliseconds (east positive) in force at an instant. Throws TriggerError `unknown-zone`. */
export function offsetAt(zone: string, instantMs: number): number {
  return zoneTable(zone).segmentAt(instantMs).offset
}

/** Zone changes at or after `fromMs` and before `toMs`, oldest first. Throws TriggerError `unknown-zone`. */
export function transitionsBetween(zone: string, fromMs: number, toMs: number): readonly ZoneTransition[] {
  const table = zoneTable(zone)
  const found: ZoneTransition[] = []
  for (let at = fromMs; at < toMs;) {
    const segment = table.segmentAt(at)
    const changed = segment.offset !== segment.previousOffset && segment.start >= fromMs
    if (changed && found.at(-1)?.at !== segment.start) {
      found.push({ at: segment.start, offsetBefore: segment.previousOffset, offsetAfter: segment.offset })
    }
    at = segment.end
  }
  return found
}

/** The instant of a local time: in an overlap the first pass, in a gap moved forward by the gap. */
export function resolveLocal(table: ZoneTable, localMs: number): ResolvedLocal {
  let segment = table.segmentAt(localMs - OFFSET_MARGIN_MS)
  for (;;) {
    const instant = localMs - segment.offset
    if (instant < segment.start) return { instant: localMs - segment.previousOffset, inGap: true }
    if (instant < segment.end) return { instant, inGap: false }
    segment = table.segmentAt(segment.end)
  }
}

function createTable(zone: string, source: OffsetSource): ZoneTable {
  const fixed = FIXED_OFFSET.exec(zone)
  if (fixed !== null) {
    const size = Number(fixed[2]) * HOUR_MS + Number(fixed[3]) * MINUTE_MS
    return fixedTable(zone, fixed[1] === '-' ? 0 - size : size)
  }
  if (zone === 'UTC' || zone === 'Etc/UTC') return fixedTable(zone, 0)
  return lazyTable(zone, (instantMs) => source(zone, instantMs))
}

function fixedTable(zone: string, offset: number): ZoneTable {
  const always: ZoneSegment = { start: -Infinity, end: Infinity, offset, previousOffset: offset }
  return { zone, segmentAt: () => always }
}

function lazyTable(zone: string, offsetMs: (instantMs: number) => number): ZoneTable {
  const chunks = new Map<number, readonly ZoneSegment[]>()
  let last: ZoneSegment = { start: 0, end: 0, offset: 0, previousOffset: 0 }
  let lastFrom = 0

  function find(instantMs: number): ZoneSegment {
    const index = Math.floor(instantMs / CHUNK_MS)
    let segments = chunks.get(index)
    if (segments === undefined) {
      if (chunks.size >= MAX_CHUNKS) chunks.clear()
      segments = fillChunk(offsetMs, index)
      chunks.set(index, segments)
    }
    for (const segment of segments) {
      if (instantMs < segment.end) {
        last = segment
        lastFrom = Math.max(segment.start, index * CHUNK_MS)
        return segment
      }
    }
    throw new Error(`zone ${zone}: no segment contains ${instantMs}`)
  }
  return {
    zone,
    segmentAt: (instantMs) => (instantMs >= lastFrom && instantMs < last.end ? last : find(instantMs)),
  }
}

/** Segments that cover one chunk. Probing starts a step early, so that a change just before the chunk is known. */
function fillChunk(offsetMs: (instantMs: number) => number, index: number): readonly ZoneSegment[] {
  const chunkStart = index * CHUNK_MS
  const chunkEnd = chunkStart + CHUNK_MS
  const segments: ZoneSegment[] = []
  let start = chunkStart - PROBE_MS
  let offset = offsetMs(start)
  let previousOffset = offset
  for (let probe = start; probe < chunkEnd; probe += PROBE_MS) {
    const to = Math.min(probe + PROBE_MS, chunkEnd)
    const after = offsetMs(to)
    if (after === offset) continue
    const change = findChange(offsetMs, probe, to, after)
    if (change > chunkStart) segments.push({ start, end: Math.min(change, chunkEnd), offset, previousOffset })
    start = change
    previousOffset = offset
    offset = after
  }
  if (start < chunkEnd) segments.push({ start, end: chunkEnd, offset, previousOffset })
  return segments
}

/** First second in (before, at] from which the offset is `after`. Zone changes fall on whole seconds. */
function findChange(offsetMs: (instantMs: number) => number, before: number, at: number, after: number): number {
  let low = before / SECOND_MS
  let high = at / SECOND_MS
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMs(middle * SECOND_MS) === after) high = middle
    else low = middle
  }
  return high * SECOND_MS
}
