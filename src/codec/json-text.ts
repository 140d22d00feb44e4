/**
 * JSON text from outside: bounded, without `__proto__` keys, frozen. Used for whole messages and for the JSON that stands
 * in an Avro string.
 */
import type { Json } from '../core/json.ts'
import { MAX_JSON_DEPTH, MAX_RECORD_BYTES } from '../core/limits.ts'
import { DecodeError } from './decode-error.ts'

/** Throws DecodeError. */
export function parseJson(text: string, path: string): Json {
  if (text.length > MAX_RECORD_BYTES) {
    throw new DecodeError(
      path,
      `expected at most ${MAX_RECORD_BYTES} characters, got ${text.length}`,
      'payload-too-large',
    )
  }
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw new DecodeError(path, 'not valid JSON')
  }
  freeze(value, path, MAX_JSON_DEPTH)
  return value
}

function freeze(value: Json, path: string, levels: number): void {
  if (typeof value !== 'object' || value === null) return
  if (levels === 0) throw new DecodeError(path, `JSON of more than ${MAX_JSON_DEPTH} levels`)
  if (isArray(value)) {
    for (const item of value) freeze(item, path, levels - 1)
  } else {
    if (Object.hasOwn(value, '__proto__')) throw new DecodeError(path, 'a key named __proto__')
    for (const key in value) freeze(value[key] as Json, path, levels - 1)
  }
  Object.freeze(value)
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
