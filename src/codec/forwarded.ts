/** The headers of a record that an owner produced again at its home (protocol §3). */
import type { RecordHeader } from '../ports/event-log.ts'
import type { HeaderTexts } from './headers.ts'

const FORWARDED_FROM = 'horolog-forwarded-from'
const FORWARDED_AT = 'horolog-forwarded-at'
export const FORWARDED: readonly string[] = Object.freeze([FORWARDED_FROM, FORWARDED_AT])

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

/** `place`: `<topic>/<partition>/<offset>`; `at`: epoch ms. */
export function forwardedHeaders(place: string, at: number): readonly RecordHeader[] {
  return [
    [FORWARDED_FROM, Buffer.from(place)],
    [FORWARDED_AT, Buffer.from(new Date(at).toISOString())],
  ]
}
