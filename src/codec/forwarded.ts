/** The headers of a record that an owner produced again at its home (protocol §3). */
import type { RecordHeader } from '../ports/event-log.ts'
import type { HeaderTexts } from './headers.ts'

const FORWARDED_FROM = 'horolog-forwarded-from'
const FORWARDED_AT = 'horolog-forwarded-at'
const WRITTEN_AT = 'horolog-written-at'
export const FORWARDED: readonly string[] = Object.freeze([FORWARDED_FROM, FORWARDED_AT, WRITTEN_AT])

/**
 * When that was decided, epoch ms; null: it was produced where it stands. What can't be read was long ago; where only
 * the place is said, the record's own `timestamp` has to do.
 */
export function forwardedAt(texts: HeaderTexts, timestamp: number): number | null {
  const text = texts.get(FORWARDED_AT)
  if (text === undefined) return texts.has(FORWARDED_FROM) ? timestamp : null
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : at
}

/** When the record was produced first, epoch ms: what its times count from, wherever it stands, and however late it is read. */
export function writtenAt(texts: HeaderTexts, timestamp: number): number {
  const sentOn = forwardedAt(texts, timestamp)
  if (sentOn === null) return timestamp
  const at = Date.parse(texts.get(WRITTEN_AT) ?? '')
  return Number.isNaN(at) ? sentOn : Math.min(at, sentOn)
}

/** `place`: `<topic>/<partition>/<offset>`; `at`: when that was decided, epoch ms; `timestamp`: of the record, epoch ms. */
export function forwardedHeaders(place: string, at: number, timestamp: number): readonly RecordHeader[] {
  const instant = (ms: number): Uint8Array => Buffer.from(new Date(ms).toISOString())
  // Where producers say it themselves, a record may be from the future, or from no time at all.
  const written = Math.max(0, Math.min(timestamp, at))
  return [
    [FORWARDED_FROM, Buffer.from(place)],
    [FORWARDED_AT, instant(at)],
    [WRITTEN_AT, instant(written)],
  ]
}
