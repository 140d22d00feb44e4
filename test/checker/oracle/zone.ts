/**
 * Time zones by the runtime's own Intl, asked for one instant at a time.
 *
 * Terms: a *local* time is written as the epoch milliseconds that it would have in UTC.
 */

export type DstPolicy = 'compatible' | 'vixie' | 'skip' | 'wall'

export interface Zone {
  /** Local time minus UTC, in milliseconds. */
  offsetAt(instant: number): number
}

const QUARTER_MS = 15 * 60_000
const HOUR_MS = 3_600_000
/** No zone has ever been further from UTC than this. */
export const MAX_OFFSET_MS = 16 * HOUR_MS

const zones = new Map<string, Zone>()

export function zoneOf(name: string): Zone {
  let zone = zones.get(name)
  if (zone === undefined) {
    zone = fixedZone(name) ?? namedZone(name)
    zones.set(name, zone)
  }
  return zone
}

function fixedZone(name: string): Zone | null {
  if (name === 'UTC') return { offsetAt: () => 0 }
  const match = /^([+-])(\d\d):(\d\d)$/.exec(name)
  if (match === null) return null
  const size = Number(match[2]) * HOUR_MS + Number(match[3]) * 60_000
  const offset = match[1] === '-' ? -size : size
  return { offsetAt: () => offset }
}

function namedZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  const ask = (instant: number): number => {
    const second = Math.floor(instant / 1000) * 1000
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(second)) part[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: s = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, s) - second
  }
  const quarters = new Map<number, number>()
  const atQuarter = (quarter: number): number => {
    let offset = quarters.get(quarter)
    if (offset === undefined) {
      offset = ask(quarter * QUARTER_MS)
      quarters.set(quarter, offset)
    }
    return offset
  }
  return {
    offsetAt(instant) {
      const quarter = Math.floor(instant / QUARTER_MS)
      const offset = atQuarter(quarter)
      return offset === atQuarter(quarter + 1) ? offset : ask(instant)
    },
  }
}

/** The offsets that a zone has while its clocks show local times of [from, to]. */
export function offsetsAround(zone: Zone, from: number, to: number): readonly number[] {
  const offsets = new Set<number>()
  for (let at = from - MAX_OFFSET_MS; at <= to + MAX_OFFSET_MS; at += HOUR_MS) offsets.add(zone.offsetAt(at))
  return [...offsets]
}

/** The instants that a schedule's local time stands for, rising; `offsets` as `offsetsAround` that time. */
export function instantsOf(zone: Zone, local: number, policy: DstPolicy, offsets: readonly number[]): number[] {
  const [only] = offsets
  if (offsets.length === 1 && only !== undefined) return [local - only]
  const shown = offsets.map((offset) => local - offset).filter((at) => at + zone.offsetAt(at) === local)
  shown.sort((a, b) => a - b)
  const [first] = shown
  if (first !== undefined) return policy === 'wall' ? shown : [first]
  if (policy === 'skip' || policy === 'wall') return []
  const end = endOfGap(zone, local)
  return [policy === 'vixie' ? end : local - zone.offsetAt(end - 1)]
}

/** The instant at which the clocks jumped over `local`. */
function endOfGap(zone: Zone, local: number): number {
  let before = local - MAX_OFFSET_MS
  let after = local + MAX_OFFSET_MS
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (middle + zone.offsetAt(middle) > local) after = middle
    else before = middle
  }
  return after
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?$/i

/** An RFC 3339 instant, or a local date-time: inside a gap moved by the gap, in an overlap the first pass. Cut to 1 ms. */
export function instantOfText(text: string, zone: Zone): number {
  const match = DATE_TIME.exec(text)
  if (match === null) throw new Error(`not a date-time: ${text}`)
  const [, day = '', clock = '', offset] = match
  const local = Date.parse(`${day}T${cutToMillis(clock)}Z`)
  if (offset !== undefined) return local - zoneOf(offset.toUpperCase() === 'Z' ? 'UTC' : offset).offsetAt(0)
  return instantsOf(zone, local, 'compatible', offsetsAround(zone, local, local))[0] ?? local
}

function cutToMillis(clock: string): string {
  const [whole = '', fraction = ''] = clock.split('.')
  const seconds = whole.length === 5 ? `${whole}:00` : whole
  return `${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}`
}
