/**
 * Instants as programs write them, to epoch milliseconds. Local date-times are not instants and are refused here: they
 * need a zone, which a trigger has (`date-time-text.ts`).
 */

import { parseDateTime } from './date-time-text.ts'
import { MAX_INSTANT_MS, MIN_INSTANT_MS } from './limits.ts'
import { invalid } from './trigger-error.ts'

/** A Date, epoch milliseconds, RFC 3339 text, a Temporal.Instant or alike, or a luxon DateTime or alike. */
export type InstantInput = Date | number | string | { readonly epochMilliseconds: number } | { toMillis(): number }

const FORMS = 'a Date, epoch milliseconds, an RFC 3339 instant, or an object with epochMilliseconds or toMillis()'

/** Whole epoch milliseconds in the years 1970 to 9999. Throws TriggerError `invalid-trigger` that names `path`. */
export function parseInstantMs(input: unknown, path: string): number {
  const ms = Math.floor(readInstant(input, path))
  if (Number.isNaN(ms)) return invalid(path, FORMS, input)
  if (ms < MIN_INSTANT_MS || ms > MAX_INSTANT_MS) return invalid(path, 'an instant in the years 1970 to 9999', input)
  return ms
}

function readInstant(input: unknown, path: string): number {
  if (typeof input === 'number') return input
  if (typeof input === 'string') {
    const written = parseDateTime(input, path)
    return written.offsetMs === null
      ? invalid(path, 'an RFC 3339 instant with Z or an offset', input)
      : written.localMs - written.offsetMs
  }
  if (typeof input !== 'object' || input === null) return Number.NaN
  if (input instanceof Date) return input.getTime()
  if ('epochMilliseconds' in input && typeof input.epochMilliseconds === 'number') return input.epochMilliseconds
  if ('toMillis' in input && typeof input.toMillis === 'function') return Number(input.toMillis())
  return Number.NaN
}
