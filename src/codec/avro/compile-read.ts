/**
 * Schemas compiled to closures that read core values: null for an absent value, JSON values where Avro has JSON text,
 * plain objects for records and maps, Uint8Array for bytes. Expects the worst and throws DecodeError.
 */
import { DecodeError } from '../decode-error.ts'
import { parseJson } from '../json-text.ts'
import type { Reader } from './reader.ts'
import { minWidth, type RecordSchema, type Schema } from './schema.ts'

export type Read = (reader: Reader) => unknown
type Members = Record<string, unknown>

/** `type`: a first member that says which record it is; null: none. */
export function compileRead(schema: RecordSchema, type: string | null): Read {
  return readRecord(schema, '', type)
}

function readerOf(schema: Schema, path: string): Read {
  switch (schema.kind) {
    case 'boolean':
      return (reader) => reader.boolean(path)
    case 'int':
      return (reader) => reader.int(path)
    case 'long':
      return (reader) => reader.long(path)
    case 'double':
      return (reader) => reader.double(path)
    case 'bytes':
      return (reader) => reader.bytes(path)
    case 'string':
      return schema.logical === 'json'
        ? (reader) => parseJson(reader.string(path), path)
        : (reader) => reader.string(path)
    case 'fixed':
      return (reader) => reader.fixed(schema.size, path)
    case 'nullable': {
      const read = readerOf(schema.of, path)
      return (reader) => (reader.isNull(path) ? null : read(reader))
    }
    case 'array':
      return readArray(schema.items, path)
    case 'map':
      return readMap(schema.values, path)
    case 'record':
      return readRecord(schema, path, null)
  }
}

function readRecord(schema: RecordSchema, path: string, type: string | null): Read {
  const names = schema.fields.map((field) => field.name)
  const reads = schema.fields.map((field) => readerOf(field.schema, member(path, field.name)))
  const count = names.length
  // A copy of it has all members in place: far cheaper than to add them one by one.
  const shape: Members = Object.fromEntries([
    ...(type === null ? [] : [['type', type]]),
    ...names.map((name) => [name, null]),
  ])
  return (reader) => {
    const record = { ...shape }
    for (let at = 0; at < count; at += 1) record[names[at] as string] = (reads[at] as Read)(reader)
    return record
  }
}

function readArray(items: Schema, path: string): Read {
  const read = readerOf(items, `${path}[]`)
  const width = minWidth(items)
  return (reader) => {
    const array: unknown[] = []
    for (let count = reader.block(width, path); count !== 0; count = reader.block(width, path)) {
      for (; count > 0; count -= 1) array.push(read(reader))
    }
    return array
  }
}

function readMap(values: Schema, path: string): Read {
  const read = readerOf(values, `${path}{}`)
  const width = 1 + minWidth(values)
  return (reader) => {
    const map: Members = {}
    for (let count = reader.block(width, path); count !== 0; count = reader.block(width, path)) {
      for (; count > 0; count -= 1) {
        const key = reader.string(path)
        if (key === '__proto__') throw new DecodeError(path, 'a key named __proto__')
        if (Object.hasOwn(map, key)) throw new DecodeError(path, `the key ${JSON.stringify(key)} comes twice`)
        map[key] = read(reader)
      }
    }
    return map
  }
}

function member(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
