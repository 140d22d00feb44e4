/** Spans and instants for people. */
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `850ms`, `3.2s`, `5m`, `14h`, `3d`: one unit, as precise as one looks. */
export function spanText(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)}ms`
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)}s`
  if (ms < 2 * MINUTE) return `${Math.round(ms / SECOND)}s`
  if (ms < 2 * HOUR) return `${Math.round(ms / MINUTE)}m`
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)}h`
  return `${Math.round(ms / DAY)}d`
}

/** `in 3.2s`, `5m ago`. */
export function relativeText(at: number, now: number): string {
  return at >= now ? `in ${spanText(at - now)}` : `${spanText(now - at)} ago`
}

/** `2027-01-01T09:00:00.000Z` */
export function instantText(at: Date | number): string {
  return new Date(at).toISOString()
}

/** `2027-01-01T09:00:00+02:00`, with milliseconds where there are any. */
export function localText(at: number, offsetMs: number): string {
  const local = new Date(at + offsetMs).toISOString().slice(0, -1)
  const text = local.endsWith('.000') ? local.slice(0, -'.000'.length) : local
  if (offsetMs === 0) return `${text}Z`
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${text}${offsetMs < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
