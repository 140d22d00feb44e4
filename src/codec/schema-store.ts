/**
 * The schemas of `schemas/*.avsc`, read at first use, and the fingerprints by which records name them. Only these are
 * ever decoded: no schema comes from outside.
 */
import { readdirSync, readFileSync } from 'node:fs'

import { type AvscType, avscTypes } from './avro/avsc.ts'
import { fingerprint } from './avro/fingerprint.ts'
import { type NamedSchema, parseNamed, type RecordSchema } from './avro/schema.ts'

/** Source and build lie equally deep below the package root. */
const FOLDER = new URL('../../schemas/', import.meta.url)
export const NAMESPACE = 'io.horolog.v1'

export interface StoredSchema {
  /** Without the namespace. */
  readonly name: string
  readonly schema: RecordSchema
  /** The same schema as avsc has it. */
  readonly type: AvscType
  /** The Parsing Canonical Form. */
  readonly canonical: string
  /** The 8 bytes as they stand in a header. */
  readonly fingerprint: Uint8Array
}

export interface SchemaStore {
  /** By the name without the namespace. */
  readonly byName: ReadonlyMap<string, StoredSchema>
  /** The record whose fingerprint stands at `offset` of the bytes. */
  byFingerprint(bytes: Uint8Array, offset: number): StoredSchema | undefined
}

let loaded: SchemaStore | null = null

export function schemaStore(): SchemaStore {
  loaded ??= storeOf(readSources(FOLDER))
  return loaded
}

export function storedSchema(name: string): StoredSchema {
  const found = schemaStore().byName.get(name)
  if (found === undefined) throw new Error(`no schema named ${name}`)
  return found
}

/** The schema of a record as JSON text, with what it refers to written out where it first occurs. */
export function schemaText(name: string): string {
  const sources = readSources(FOLDER)
  const written = new Set<string>()
  const inlined = (node: unknown): unknown => {
    if (typeof node === 'string' && sources.has(node) && !written.has(node)) {
      written.add(node)
      return inlined(sources.get(node))
    }
    if (Array.isArray(node)) return node.map(inlined)
    if (typeof node !== 'object' || node === null) return node
    const { type, items, values, fields, ...rest } = node as Readonly<Record<string, unknown>>
    const inner = Object.entries({ type, items, values, fields }).filter(([, one]) => one !== undefined)
    return { ...rest, ...Object.fromEntries(inner.map(([member, one]) => [member, inlined(one)])) }
  }
  return JSON.stringify(inlined(`${NAMESPACE}.${name}`))
}

/** All types of a folder, by full name; files may refer to each other. */
export function loadSchemas(folder: URL): ReadonlyMap<string, NamedSchema> {
  return parseSources(readSources(folder))
}

function readSources(folder: URL): ReadonlyMap<string, unknown> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.avsc'))
  return new Map(
    files
      .toSorted()
      .map((file) => [
        `${NAMESPACE}.${file.slice(0, -'.avsc'.length)}`,
        JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown,
      ]),
  )
}

/** A type stands behind those that it refers to. */
function parseSources(sources: ReadonlyMap<string, unknown>): ReadonlyMap<string, NamedSchema> {
  const types = new Map<string, NamedSchema>()
  const open = new Set<string>()
  const resolve = (name: string): NamedSchema => {
    const known = types.get(name)
    if (known !== undefined) return known
    const source = sources.get(name)
    if (source === undefined) throw new Error(`no schema file for ${name}`)
    if (open.has(name)) throw new Error(`${name} contains itself`)
    open.add(name)
    const parsed = parseNamed(source, resolve)
    if (parsed.name !== name) throw new Error(`the file of ${name} holds ${parsed.name}`)
    types.set(name, parsed)
    return parsed
  }
  for (const name of sources.keys()) resolve(name)
  return types
}

function storeOf(sources: ReadonlyMap<string, unknown>): SchemaStore {
  const schemas = parseSources(sources)
  const types = avscTypes(new Map([...schemas.keys()].map((name) => [name, sources.get(name)])))
  const byName = new Map<string, StoredSchema>()
  // 32 of the 64 bits tell ours apart; the rest is compared.
  const byLow = new Map<number, StoredSchema>()
  for (const [fullName, schema] of schemas) {
    if (schema.kind !== 'record') continue
    const type = types.get(fullName) as AvscType
    const canonical = JSON.stringify(type.schema())
    const stored = {
      name: fullName.slice(NAMESPACE.length + 1),
      schema,
      type,
      canonical,
      fingerprint: fingerprint(canonical),
    }
    const low = word(stored.fingerprint, 0)
    if (byLow.has(low)) throw new Error(`the fingerprints of ${schema.name} and ${byLow.get(low)?.name} begin alike`)
    byLow.set(low, stored)
    byName.set(stored.name, stored)
  }
  const byFingerprint = (bytes: Uint8Array, offset: number): StoredSchema | undefined => {
    const found = byLow.get(word(bytes, offset))
    return found !== undefined && word(found.fingerprint, 4) === word(bytes, offset + 4) ? found : undefined
  }
  return { byName, byFingerprint }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}
