/**
 * Our values as avsc wants them, and the checks that it doesn't make: behind this step it writes the right bytes or
 * nothing. Schemas are compiled to closures. A value that doesn't fit its schema is a bug of the caller: TypeError, which
 * names the member.
 *
 * avsc by itself
 * - loses the last bit of longs below −2^52 and refuses the largest safe integer;
 * - writes NaN and infinite doubles, which readers refuse;
 * - writes a lone surrogate as three bytes that are no UTF-8, in a text of up to 64 bytes;
 * - takes Buffers for bytes, no other Uint8Array;
 * - writes a missing member of a record as its default, in our schemas null, but refuses undefined elsewhere.
 *
 * What is right already is passed on as it is: objects are copied only where something in them changes.
 */
import { isLong } from '../limits.ts'
import type { RecordSchema, Schema } from './schema.ts'

export type Prepare = (value: unknown) => unknown
type Members = Record<string, unknown>

export function compilePrepare(schema: RecordSchema): Prepare {
  return prepareRecord(schema, '')
}

function prepareOf(schema: Schema, path: string): Prepare {
  switch (schema.kind) {
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : wrong(path, 'a boolean', value))
    case 'int':
      return (value) =>
        typeof value === 'number' && (value | 0) === value ? value : wrong(path, 'a 32-bit integer', value)
    case 'long':
      return (value) => (isLong(value) ? value : wrong(path, 'an integer within ±2^52', value))
    case 'double':
      return (value) => (Number.isFinite(value) ? value : wrong(path, 'a finite number', value))
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? asBuffer(value) : wrong(path, 'bytes', value))
    case 'string':
      return schema.logical === 'json'
        ? (value) => JSON.stringify(value) ?? wrong(path, 'a JSON value', value)
        : (value) => (typeof value === 'string' ? wellFormed(value) : wrong(path, 'a text', value))
    case 'fixed':
      return (value) =>
        value instanceof Uint8Array && value.length === schema.size
          ? asBuffer(value)
          : wrong(path, `${schema.size} bytes`, value)
    case 'nullable': {
      const prepare = prepareOf(schema.of, path)
      return (value) => (value === null || value === undefined ? null : prepare(value))
    }
    case 'array':
      return prepareArray(schema.items, path)
    case 'map':
      return prepareMap(schema.values, path)
    case 'record':
      return prepareRecord(schema, path)
  }
}

function prepareRecord(schema: RecordSchema, path: string): Prepare {
  const names = schema.fields.map((field) => field.name)
  const prepares = schema.fields.map(({ name, schema: of }) => prepareOf(of, path === '' ? name : `${path}.${name}`))
  const nullable = schema.fields.map((field) => field.schema.kind === 'nullable')
  const count = names.length
  const shape: Members = Object.fromEntries(names.map((name) => [name, null]))
  return (value) => {
    const record = members(path, value)
    let copy: Members | null = null
    for (let at = 0; at < count; at += 1) {
      const name = names[at] as string
      const before = record[name]
      const after = before === null && nullable[at] === true ? null : (prepares[at] as Prepare)(before)
      if (copy === null) {
        if (after === before || before === undefined) continue
        // Member by member: a spread would lose those that are inherited, like the name of an Error.
        copy = { ...shape }
        for (let one = 0; one < at; one += 1) copy[names[one] as string] = record[names[one] as string] ?? null
      }
      copy[name] = after
    }
    return copy ?? record
  }
}

function prepareArray(items: Schema, path: string): Prepare {
  const prepare = prepareOf(items, `${path}[]`)
  return (value) => {
    if (!Array.isArray(value)) return wrong(path, 'an array', value)
    const array = value as readonly unknown[]
    let copy: unknown[] | null = null
    for (let at = 0; at < array.length; at += 1) {
      const before = array[at]
      const after = prepare(before)
      if (after === before) continue
      copy ??= array.slice()
      copy[at] = after
    }
    return copy ?? array
  }
}

function prepareMap(values: Schema, path: string): Prepare {
  const prepare = prepareOf(values, `${path}{}`)
  return (value) => {
    const map = members(path, value)
    let same = true
    const copy: Members = {}
    for (const key of Object.keys(map)) {
      if (key === '__proto__') wrong(path, 'no key named __proto__', key)
      const before = map[key]
      const after = prepare(before)
      copy[wellFormed(key)] = after
      same &&= after === before && key.isWellFormed()
    }
    return same ? map : copy
  }
}

function members(path: string, value: unknown): Members {
  const fits = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  return fits ? (value as Members) : wrong(path, 'an object', value)
}

/** A view: no byte is copied. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A lone surrogate becomes U+FFFD. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed()
}

function wrong(path: string, expected: string, value: unknown): never {
  const came = value === null ? 'null' : typeof value === 'number' ? String(value) : typeof value
  throw new TypeError(`${path}: expected ${expected}, got ${came}`)
}
