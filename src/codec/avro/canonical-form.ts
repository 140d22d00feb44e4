/**
 * The Parsing Canonical Form of a schema from outside, by the Avro specification: what is left of it that says how a body
 * is read. Only compared with the forms of ours; nothing is decoded by such a schema.
 */
import type { Json, JsonObject } from '../../core/json.ts'
import { DecodeError } from '../decode-error.ts'

const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

/** The JSON comes from `parseJson`, so it is bounded. Throws DecodeError for what is no schema. */
export function canonicalForm(schema: Json, namespace = ''): string {
  if (typeof schema === 'string') return JSON.stringify(PRIMITIVES.has(schema) ? schema : fullName(schema, namespace))
  if (Array.isArray(schema)) {
    return `[${(schema as readonly Json[]).map((one) => canonicalForm(one, namespace)).join(',')}]`
  }
  if (typeof schema !== 'object' || schema === null) throw new DecodeError('', 'expected an Avro schema')
  return canonicalObject(schema as JsonObject, namespace)
}

function canonicalObject(schema: JsonObject, namespace: string): string {
  const { type } = schema
  switch (type) {
    case 'array':
      return `{"type":"array","items":${canonicalForm(schema['items'] ?? null, namespace)}}`
    case 'map':
      return `{"type":"map","values":${canonicalForm(schema['values'] ?? null, namespace)}}`
    case 'fixed':
      return `{"name":${nameOf(schema, namespace)},"type":"fixed","size":${Number(schema['size'])}}`
    case 'enum':
      return `{"name":${nameOf(schema, namespace)},"type":"enum","symbols":${JSON.stringify(schema['symbols'])}}`
    case 'record': {
      const name = nameOf(schema, namespace)
      const within = JSON.parse(name) as string
      const inner = within.slice(0, Math.max(within.lastIndexOf('.'), 0))
      const fields = Array.isArray(schema['fields']) ? (schema['fields'] as readonly Json[]) : []
      const written = fields.map((field) => canonicalField(field, inner))
      return `{"name":${name},"type":"record","fields":[${written.join(',')}]}`
    }
    default:
      return canonicalForm(type ?? null, namespace)
  }
}

function canonicalField(field: Json, namespace: string): string {
  const { name, type } = Object(field) as JsonObject
  return `{"name":${JSON.stringify(name ?? null)},"type":${canonicalForm(type ?? null, namespace)}}`
}

function nameOf({ name, namespace }: JsonObject, enclosing: string): string {
  const around = typeof namespace === 'string' ? namespace : enclosing
  if (typeof name !== 'string') throw new DecodeError('', 'expected the name of a type')
  return JSON.stringify(fullName(name, around))
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}
