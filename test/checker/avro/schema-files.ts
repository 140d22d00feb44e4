/**
 * The Avro schemas of a folder: resolved, in Parsing Canonical Form, and with the CRC-64-AVRO fingerprint by which a
 * single-object encoded value names its schema.
 *
 * Boundary: Avro's specification 1.11 ("Parsing Canonical Form", "Schema Fingerprints") and nothing of this project.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Primitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/** A schema with its named references still by name, so that a recursive one stays finite. */
export type Schema =
  | { readonly kind: 'primitive'; readonly type: Primitive }
  | { readonly kind: 'union'; readonly branches: readonly Schema[] }
  | { readonly kind: 'array'; readonly items: Schema }
  | { readonly kind: 'map'; readonly values: Schema }
  | { readonly kind: 'named'; readonly name: string }

export type NamedSchema =
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly { name: string; schema: Schema }[] }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number }

export interface SchemaFiles {
  /** By full name. */
  readonly named: ReadonlyMap<string, NamedSchema>
  /** Full name of a record by its fingerprint: the 8 bytes of the encoding, little endian, as a latin-1 string. */
  readonly byFingerprint: ReadonlyMap<string, string>
}

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

export function readSchemaFiles(folder: string): SchemaFiles {
  const named = new Map<string, NamedSchema>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.avsc'))) {
    parseSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')), '', named)
  }
  const byFingerprint = new Map<string, string>()
  for (const schema of named.values()) {
    if (schema.kind !== 'record') continue
    byFingerprint.set(fingerprintKey(canonicalForm(schema.name, named)), schema.name)
  }
  return { named, byFingerprint }
}

function parseSchema(json: unknown, namespace: string, named: Map<string, NamedSchema>): Schema {
  if (Array.isArray(json)) {
    return { kind: 'union', branches: json.map((branch) => parseSchema(branch, namespace, named)) }
  }
  if (typeof json === 'string') {
    return PRIMITIVES.has(json)
      ? { kind: 'primitive', type: json as Primitive }
      : { kind: 'named', name: fullName(json, namespace) }
  }
  const object = json as Record<string, unknown>
  const type = object['type']
  switch (type) {
    case 'array':
      return { kind: 'array', items: parseSchema(object['items'], namespace, named) }
    case 'map':
      return { kind: 'map', values: parseSchema(object['values'], namespace, named) }
    case 'record':
    case 'enum':
    case 'fixed':
      return defineNamed(type, object, namespace, named)
    default:
      return parseSchema(type, namespace, named)
  }
}

function defineNamed(
  type: 'record' | 'enum' | 'fixed',
  object: Record<string, unknown>,
  outer: string,
  named: Map<string, NamedSchema>,
): Schema {
  const { name: given, namespace: own = outer } = object as { name: string; namespace?: string }
  const namespace = given.includes('.') ? given.slice(0, given.lastIndexOf('.')) : own
  const name = fullName(given, namespace)
  if (named.has(name)) throw new Error(`the schema ${name} is defined twice`)
  switch (type) {
    case 'record': {
      const fields = object['fields'] as { name: string; type: unknown }[]
      named.set(name, {
        kind: 'record',
        name,
        fields: fields.map((field) => ({ name: field.name, schema: parseSchema(field.type, namespace, named) })),
      })
      break
    }
    case 'enum':
      named.set(name, { kind: 'enum', name, symbols: object['symbols'] as string[] })
      break
    case 'fixed':
      named.set(name, { kind: 'fixed', name, size: Number(object['size']) })
      break
  }
  return { kind: 'named', name }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

/** A named type is written out where it is first met and named afterwards. */
export function canonicalForm(name: string, named: ReadonlyMap<string, NamedSchema>): string {
  const written = new Set<string>()
  const ofSchema = (schema: Schema): string => {
    switch (schema.kind) {
      case 'primitive':
        return JSON.stringify(schema.type)
      case 'union':
        return `[${schema.branches.map(ofSchema).join(',')}]`
      case 'array':
        return `{"type":"array","items":${ofSchema(schema.items)}}`
      case 'map':
        return `{"type":"map","values":${ofSchema(schema.values)}}`
      case 'named':
        return ofNamed(schema.name)
    }
  }
  const ofNamed = (wanted: string): string => {
    const text = JSON.stringify(wanted)
    if (written.has(wanted)) return text
    const schema = named.get(wanted)
    if (schema === undefined) throw new Error(`no schema defines ${wanted}`)
    written.add(wanted)
    switch (schema.kind) {
      case 'record': {
        const fields = schema.fields.map((field) => `{"name":"${field.name}","type":${ofSchema(field.schema)}}`)
        return `{"name":${text},"type":"record","fields":[${fields.join(',')}]}`
      }
      case 'enum':
        return `{"name":${text},"type":"enum","symbols":[${schema.symbols.map((s) => JSON.stringify(s)).join(',')}]}`
      case 'fixed':
        return `{"name":${text},"type":"fixed","size":${schema.size}}`
    }
  }
  return ofNamed(name)
}

/** CRC-64-AVRO. */
export function fingerprintOf(canonical: string): bigint {
  let fingerprint = EMPTY
  for (const byte of Buffer.from(canonical, 'utf8')) {
    const row = FINGERPRINT_TABLE[Number((fingerprint ^ BigInt(byte)) & 0xffn)] ?? 0n
    fingerprint = (fingerprint >> 8n) ^ row
  }
  return fingerprint
}

const EMPTY = 0xc15d213aa4d7a795n

const FINGERPRINT_TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index)
  for (let bit = 0; bit < 8; bit += 1) value = (value >> 1n) ^ (value & 1n ? EMPTY : 0n)
  return value
})

function fingerprintKey(canonical: string): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(fingerprintOf(canonical))
  return bytes.toString('latin1')
}
