/**
 * The Confluent encoding (protocol §2): `00`, the number of a registered schema, the body. A body is read by our own schema of
 * the same canonical form, so it becomes a value in single-object encoding, and everything behind is as for those.
 */
import type { SchemaRegistry } from '../ports/schema-registry.ts'
import { canonicalForm } from './avro/canonical-form.ts'
import { DecodeError } from './decode-error.ts'
import { parseJson } from './json-text.ts'
import { type StoredSchema, schemaStore } from './schema-store.ts'
import { headerOf } from './single-object.ts'

const MARKER = 0x00
const HEADER_BYTES = 5
/** Schemas remembered: more than this project has, with room for those of others. */
const MAX_KNOWN = 1_000

export function isConfluent(value: Uint8Array | null): value is Uint8Array {
  return value?.[0] === MARKER
}

export class ConfluentSchemas {
  readonly #registry: SchemaRegistry
  /** By number; null: none of ours. */
  readonly #known = new Map<number, StoredSchema | null>()

  constructor(registry: SchemaRegistry) {
    this.#registry = registry
  }

  /** The value in single-object encoding, or why it can't be. Rejects only as the registry does. */
  async singleObject(value: Uint8Array): Promise<Uint8Array | DecodeError> {
    if (value.length < HEADER_BYTES) return new DecodeError('', 'expected 00 and the number of a schema in 4 bytes')
    const id = new DataView(value.buffer, value.byteOffset, HEADER_BYTES).getInt32(1)
    const known = this.#known.get(id)
    const stored = known === undefined ? await this.#ask(id) : known
    if (stored === undefined) return new DecodeError('', `the registry has no Avro schema ${id}`, 'unsupported-type')
    if (stored === null) return new DecodeError('', `schema ${id} of the registry is none of ours`, 'unsupported-type')
    return Buffer.concat([headerOf(stored), value.subarray(HEADER_BYTES)])
  }

  /** What is not there may be registered later, so only what is there is remembered. */
  async #ask(id: number): Promise<StoredSchema | null | undefined> {
    const text = await this.#registry.schema(id)
    if (text === null) return undefined
    const stored = storedLike(text)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_KNOWN) break
      this.#known.delete(oldest)
    }
    this.#known.set(id, stored)
    return stored
  }
}

/** Ours of that canonical form; null: none. */
function storedLike(text: string): StoredSchema | null {
  try {
    const canonical = canonicalForm(parseJson(text, ''))
    return [...schemaStore().byName.values()].find((stored) => stored.canonical === canonical) ?? null
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}
