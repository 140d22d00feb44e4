/**
 * Core values in the JSON form of the protocol, by their schema: absent members are left out, instants are RFC 3339 in
 * UTC with milliseconds, bytes base64, fixed bytes hex.
 *
 * A payload stands under `payload` as JSON when its content type says that it is JSON, else under `payloadBase64`.
 */
import type { Json, JsonObject } from '../core/json.ts'
import { MAX_INSTANT_MS, MIN_INSTANT_MS } from '../core/limits.ts'
import type { RecordSchema, Schema } from './avro/schema.ts'
import { DecodeError } from './decode-error.ts'
import { parseJson } from './json-text.ts'

export interface WriteOptions {
  /** Embed a payload only if a reader gets its bytes back exactly. */
  readonly exactPayloads: boolean
}

/** `first` are members that come before those of the record. */
export function writeJson(
  schema: RecordSchema,
  value: object,
  options: WriteOptions,
  first: JsonObject = {},
): JsonObject {
  const members = value as Readonly<Record<string, unknown>>
  const json: Record<string, Json> = { ...first }
  for (const field of schema.fields) {
    const member = members[field.name]
    if (member === null || member === undefined) continue
    if (field.name === 'payload' && member instanceof Uint8Array) {
      Object.assign(json, writePayload(member, members['contentType'], options))
    } else json[field.name] = writeValue(field.schema, member, options)
  }
  return json
}

function writeValue(schema: Schema, value: unknown, options: WriteOptions): Json {
  switch (schema.kind) {
    case 'nullable':
      return value === null || value === undefined ? null : writeValue(schema.of, value, options)
    case 'boolean':
    case 'int':
    case 'double':
      return value as Json
    case 'long':
      return schema.logical === null ? (value as number) : writeInstant(value as number)
    case 'string':
      return value as Json
    case 'bytes':
      return base64(value as Uint8Array)
    case 'fixed':
      return Buffer.from(value as Uint8Array).toString('hex')
    case 'array':
      return (value as readonly unknown[]).map((item) => writeValue(schema.items, item, options))
    case 'map':
      return Object.fromEntries(
        Object.entries(value as object).map(([key, one]) => [key, writeValue(schema.values, one, options)]),
      )
    case 'record':
      return writeJson(schema, value as object, options)
  }
}

/** RFC 3339; a number that is no instant of the years 1970 to 9999 stays a number. */
function writeInstant(ms: number): Json {
  return ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS ? new Date(ms).toISOString() : ms
}

function writePayload(bytes: Uint8Array, contentType: unknown, options: WriteOptions): JsonObject {
  if (bytes.length === 0) return options.exactPayloads ? { payloadBase64: '' } : {}
  if (typeof contentType !== 'string' || isJson(contentType)) {
    const text = Buffer.from(bytes).toString('utf8')
    const payload = parsed(text)
    const exact = payload !== null && JSON.stringify(payload) === text
    if (payload !== undefined && (exact || !options.exactPayloads)) return { payload }
  }
  return { payloadBase64: base64(bytes) }
}

/** Whether a media type is JSON: `application/json`, `application/problem+json; charset=utf-8`. */
export function isJson(contentType: string): boolean {
  const [type = ''] = contentType.split(';', 1)
  return /^[\w.+-]+\/(?:[\w.+-]+\+)?json$/i.test(type.trim())
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text, 'payload')
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
