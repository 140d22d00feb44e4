/**
 * The JSON form of the protocol, read by a schema: the opposite of `json-write.ts`. The JSON comes from `parseJson`, so it
 * is bounded and has no `__proto__` keys. Throws DecodeError with the path of the member at fault.
 */
import { shown } from '../core/job/check.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { parseInstantMs } from '../core/triggers/instant.ts'
import { TriggerError } from '../core/triggers/trigger-error.ts'
import type { Field, RecordSchema, Schema } from './avro/schema.ts'
import { DecodeError } from './decode-error.ts'
import { isLong } from './limits.ts'

export interface ReadOptions {
  /** Members that the schema doesn't have. */
  readonly unknown: 'refuse' | 'ignore'
  /** Optional members that are not there. */
  readonly absent: 'null' | 'omit'
}

export type Members = Record<string, unknown>

export function readJson(schema: RecordSchema, json: Json, path: string, options: ReadOptions): Members {
  const source = jsonObject(json, path)
  const members: Members = {}
  for (const field of schema.fields) {
    const value = memberOf(schema, field, source, path, options)
    if (value !== undefined) members[field.name] = value
  }
  if (options.unknown === 'refuse') refuseUnknown(schema, source, path)
  return members
}

export function jsonObject(json: Json | undefined, path: string): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrong(path, 'an object', json)
  return json as JsonObject
}

function memberOf(schema: RecordSchema, field: Field, source: JsonObject, path: string, options: ReadOptions): unknown {
  const at = join(path, field.name)
  const given = source[field.name]
  if (isPayload(field)) return readPayload(source, path, options)
  if (field.schema.kind === 'nullable') {
    if (given === undefined) return options.absent === 'null' ? null : undefined
    return given === null ? null : readValue(field.schema.of, given, at, options)
  }
  if (given === undefined)
    throw new DecodeError(
      at,
      `expected a member of ${schema.name.slice(schema.name.lastIndexOf('.') + 1)}, got nothing`,
    )
  return readValue(field.schema, given, at, options)
}

function readValue(schema: Schema, json: Json, path: string, options: ReadOptions): unknown {
  switch (schema.kind) {
    case 'boolean':
      return typeof json === 'boolean' ? json : wrong(path, 'true or false', json)
    case 'int':
      return typeof json === 'number' && (json | 0) === json ? json : wrong(path, 'a 32-bit integer', json)
    case 'long':
      if (schema.logical === 'timestamp-millis') return readInstant(json, path)
      return isLong(json) ? json : wrong(path, 'an integer within ±2^52', json)
    case 'double':
      return typeof json === 'number' ? json : wrong(path, 'a number', json)
    case 'string':
      if (schema.logical === 'json') return json
      return typeof json === 'string' ? json : wrong(path, 'a text', json)
    case 'bytes':
      return readBase64(json, path)
    case 'fixed': {
      const hex = typeof json === 'string' && json.length === schema.size * 2 && /^[0-9a-f]*$/i.test(json)
      return hex ? new Uint8Array(Buffer.from(json, 'hex')) : wrong(path, `${schema.size} bytes as hex`, json)
    }
    case 'nullable':
      return json === null ? null : readValue(schema.of, json, path, options)
    case 'array': {
      if (!Array.isArray(json)) return wrong(path, 'an array', json)
      return (json as readonly Json[]).map((item, index) => readValue(schema.items, item, `${path}[${index}]`, options))
    }
    case 'map': {
      const entries = Object.entries(jsonObject(json, path))
      return Object.fromEntries(
        entries.map(([key, one]) => [key, readValue(schema.values, one, join(path, key), options)]),
      )
    }
    case 'record':
      return readJson(schema, json, path, options)
  }
}

/** An RFC 3339 instant with Z or an offset. */
function readInstant(json: Json, path: string): number {
  if (typeof json !== 'string') return wrong(path, 'an RFC 3339 instant', json)
  try {
    return parseInstantMs(json, path)
  } catch (error) {
    if (error instanceof TriggerError) return wrong(path, 'an RFC 3339 instant with Z or an offset', json)
    throw error
  }
}

/** `payload` is any JSON value but null, which means none here as everywhere, and becomes the bytes of its text; `payloadBase64` the bytes themselves. */
function readPayload(source: JsonObject, path: string, options: ReadOptions): unknown {
  const { payload, payloadBase64 } = source
  if (payloadBase64 !== undefined && payloadBase64 !== null) {
    const at = join(path, 'payloadBase64')
    if (payload !== undefined) throw new DecodeError(at, 'expected either payload or payloadBase64, got both')
    return readBase64(payloadBase64, at)
  }
  if (payload === undefined) return options.absent === 'null' ? null : undefined
  if (payload === null) return null
  return new Uint8Array(Buffer.from(JSON.stringify(payload)))
}

function isPayload(field: Field): boolean {
  const { schema } = field
  return field.name === 'payload' && (schema.kind === 'nullable' ? schema.of.kind : schema.kind) === 'bytes'
}

function readBase64(json: Json, path: string): Uint8Array {
  if (typeof json !== 'string' || json.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(json)) {
    return wrong(path, 'bytes as base64', json)
  }
  return new Uint8Array(Buffer.from(json, 'base64'))
}

function refuseUnknown(schema: RecordSchema, source: JsonObject, path: string): void {
  const known = new Set(schema.fields.map((field) => field.name))
  if (schema.fields.some(isPayload)) known.add('payloadBase64')
  for (const name of Object.keys(source)) {
    if (!known.has(name)) throw new DecodeError(join(path, name), 'there is no such member')
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function wrong(path: string, expected: string, came: unknown): never {
  throw new DecodeError(path, `expected ${expected}, got ${shown(came)}`)
}
