/**
 * Schemas compiled to closures that read core values: null for an absent value, JSON values where Avro has JSON text,
 * plain objects for records and maps, Uint8Array for bytes. Expects the worst and throws DecodeError.
 *
 * What is read is nobody's to change. So values that are mostly the same stand once for all that have them: nothing at all
 * in an array or a map, texts of JSON, and the parts of a definition that most jobs leave at their defaults.
 */
import type { Json } from '../../core/json.ts'
import { DecodeError } from '../decode-error.ts'
import { parseJson } from '../json-text.ts'
import { readSimilar } from './read-similar.ts'
import type { Reader } from './reader.ts'
import { minWidth, type RecordSchema, type Schema } from './schema.ts'

export type Read = (reader: Reader) => unknown
type Members = Record<string, unknown>

const NO_ITEMS: readonly never[] = Object.freeze([])
const NO_MEMBERS: Readonly<Members> = Object.freeze({})

/** Members with a text of their own in each record. */
const IDS: ReadonlySet<string> = new Set(['jobId', 'incarnation', 'runId', 'commandId'])

/** Records that mostly repeat the one before. */
const SIMILAR: ReadonlySet<string> = new Set(['JobDefinition', 'RetryPolicy', 'JobCounts'])

/** `type`: a first member that says which record it is; null: none. */
export function compileRead(schema: RecordSchema, type: string | null): Read {
  return readRecord(schema, '', type)
}

/** A record with an array of bytes whose items are taken as views of what is read from. */
export function compileReadOfViews(schema: RecordSchema): Read {
  return readRecord(schema, '', null, true)
}

function readerOf(schema: Schema, path: string, views = false): Read {
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
      return views ? (reader) => reader.view(path) : (reader) => reader.bytes(path)
    case 'string':
      if (schema.logical === 'json') return (reader) => jsonOf(reader.string(path), path)
      return IDS.has(path) ? (reader) => reader.id(path) : (reader) => reader.string(path)
    case 'fixed':
      return (reader) => reader.fixed(schema.size, path)
    case 'nullable': {
      const read = readerOf(schema.of, path)
      return (reader) => (reader.isNull(path) ? null : read(reader))
    }
    case 'array':
      return readArray(schema.items, path, views)
    case 'map':
      return readMap(schema.values, path)
    case 'record':
      return readRecord(schema, path, null)
  }
}

function readRecord(schema: RecordSchema, path: string, type: string | null, views = false): Read {
  const names = schema.fields.map((field) => field.name)
  const reads = schema.fields.map((field) => readerOf(field.schema, member(path, field.name), views))
  if (SIMILAR.has(schema.name.slice(schema.name.lastIndexOf('.') + 1))) {
    const composed = schema.fields.filter((field) => isComposed(field.schema))
    return readSimilar(
      names,
      reads,
      composed.map((field) => field.name),
    )
  }
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

function isComposed(schema: Schema): boolean {
  if (schema.kind === 'nullable') return isComposed(schema.of)
  return schema.kind === 'array' || schema.kind === 'map' || schema.kind === 'record'
}

function readArray(items: Schema, path: string, views: boolean): Read {
  const read = readerOf(items, `${path}[]`, views)
  const width = minWidth(items)
  return (reader) => {
    let count = reader.block(width, path)
    if (count === 0) return NO_ITEMS
    const array: unknown[] = []
    for (; count !== 0; count = reader.block(width, path)) {
      for (; count > 0; count -= 1) array.push(read(reader))
    }
    return array
  }
}

function readMap(values: Schema, path: string): Read {
  const read = readerOf(values, `${path}{}`)
  const width = 1 + minWidth(values)
  return (reader) => {
    let count = reader.block(width, path)
    if (count === 0) return NO_MEMBERS
    const map: Members = {}
    for (; count !== 0; count = reader.block(width, path)) {
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

/** Triggers and metadata of many jobs are the same text; their values are frozen. */
const SHARED_JSON_CHARS = 256
const SHARED_JSON_TEXTS = 1_024
const jsons = new Map<string, Json>()

function jsonOf(text: string, path: string): Json {
  if (text.length > SHARED_JSON_CHARS) return parseJson(text, path)
  const known = jsons.get(text)
  if (known !== undefined) return known
  const value = parseJson(text, path)
  if (jsons.size >= SHARED_JSON_TEXTS) jsons.clear()
  jsons.set(text, value)
  return value
}

function member(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
