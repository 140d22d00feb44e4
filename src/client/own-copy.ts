/**
 * A copy with nothing in common with its value, so that whoever changes what they were given changes nothing of the state
 * that it came from. For values as the log has them: nothing but records, lists, bytes and scalars.
 */
export function ownCopy<T>(value: T): T
export function ownCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  // Not `slice`, which gives a view when the bytes are a Buffer.
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(ownCopy)
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) copy[name] = ownCopy(member)
  return copy
}
