/** Avro single-object encoding: the header before a body. */
import type { StoredSchema } from './schema-store.ts'

const MARKER_FIRST = 0xc3
const MARKER_SECOND = 0x01
/** The marker and the fingerprint. */
export const HEADER_BYTES = 10

export function headerOf(stored: StoredSchema): Uint8Array {
  return Uint8Array.of(MARKER_FIRST, MARKER_SECOND, ...stored.fingerprint)
}

/** Whether the value begins with such a header; it may still name a schema that nobody knows. */
export function isSingleObject(value: Uint8Array): boolean {
  return value.length >= HEADER_BYTES && value[0] === MARKER_FIRST && value[1] === MARKER_SECOND
}
