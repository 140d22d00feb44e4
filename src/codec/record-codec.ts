/**
 * A record of `schemas/` ⇄ a value, in Avro single-object encoding. Compiled at first use.
 *
 * A value has the members of its record. That the record's schema and `T` agree is the one thing that the compiler can't
 * check here; the round-trip tests do.
 */
import { MAX_RECORD_BYTES } from '../core/limits.ts'
import { compileRead, type Read } from './avro/compile-read.ts'
import { Reader } from './avro/reader.ts'
import type { RecordSchema } from './avro/schema.ts'
import { DecodeError } from './decode-error.ts'
import { RecordBuffer, type RecordEncoder, recordEncoder } from './record-buffer.ts'
import { schemaStore, storedSchema } from './schema-store.ts'
import { HEADER_BYTES, isSingleObject } from './single-object.ts'

export interface RecordCodec<T> {
  /** A fresh copy. Throws TypeError when a member doesn't fit the schema, RangeError over the size of a record. */
  encode(value: T): Uint8Array
  /** Throws DecodeError. */
  decode(value: Uint8Array): T
}

const INITIAL_BYTES = 4 * 1024

/** `compileWith`: how the record is read, `compileReadOfViews` where the value outlives what is read of it. */
export function recordCodec<T extends object>(
  name: string,
  compileWith: (schema: RecordSchema) => Read = (schema) => compileRead(schema, null),
): RecordCodec<T> {
  let compiled: { readonly encoder: RecordEncoder; readonly buffer: RecordBuffer; readonly read: Read } | null = null
  const compile = (): NonNullable<typeof compiled> => {
    const stored = storedSchema(name)
    compiled ??= {
      encoder: recordEncoder(stored),
      buffer: new RecordBuffer(INITIAL_BYTES),
      read: compileWith(stored.schema),
    }
    return compiled
  }
  return {
    encode(value: T): Uint8Array {
      const { encoder, buffer } = compile()
      buffer.position = 0
      return buffer.view(0, buffer.append(encoder, value)).slice()
    },
    decode(value: Uint8Array): T {
      const found = recordName(value)
      if (found !== name) throw new DecodeError('', `expected ${name}, got ${found}`, 'unsupported-type')
      const reader = new Reader()
      reader.reset(value, HEADER_BYTES)
      const read = compile().read(reader) as T
      reader.finish('')
      return read
    },
  }
}

/** Name of the record that a value says it is. Throws DecodeError when it is none of ours, or too large. */
export function recordName(value: Uint8Array): string {
  if (value.length > MAX_RECORD_BYTES) {
    throw new DecodeError('', `expected at most ${MAX_RECORD_BYTES} bytes, got ${value.length}`, 'payload-too-large')
  }
  if (!isSingleObject(value)) throw new DecodeError('', 'expected Avro single-object encoding')
  const stored = schemaStore().byFingerprint(value, 2)
  if (stored === undefined) throw new DecodeError('', 'no schema of ours has this fingerprint', 'unsupported-type')
  return stored.name
}
