/**
 * Decodes Avro bodies by the schemas of `schema-files.ts`. Records become objects, fixed and bytes become views of the
 * input, longs become numbers.
 *
 * Invariants:
 * 1. Nothing is allocated for a length or a count that the bytes left over could not hold.
 * 2. A body is right only when it ends where its bytes end.
 */
import type { NamedSchema, Primitive, Schema, SchemaFiles } from './schema-files.ts'

export class DecodeError extends Error {}

interface Cursor {
  readonly bytes: Buffer
  at: number
}
type Read = (cursor: Cursor) => unknown

export interface Decoded {
  /** Name of the record, without its namespace. */
  readonly type: string
  readonly value: Record<string, unknown>
}

const HEADER_BYTES = 10

export class SingleObjectDecoder {
  readonly #files: SchemaFiles
  readonly #compiled = new Map<string, Read>()

  constructor(files: SchemaFiles) {
    this.#files = files
  }

  /** Throws `DecodeError` for anything but one whole value of a schema that we have. */
  decode(bytes: Buffer): Decoded {
    if (bytes.length < HEADER_BYTES || bytes[0] !== 0xc3 || bytes[1] !== 0x01) {
      throw new DecodeError('not a single-object encoding: it does not begin with C3 01 and a fingerprint')
    }
    const name = this.#files.byFingerprint.get(bytes.toString('latin1', 2, HEADER_BYTES))
    if (name === undefined) throw new DecodeError(`no schema has the fingerprint ${bytes.toString('hex', 2, 10)}`)
    const cursor = { bytes, at: HEADER_BYTES }
    const value = this.#readerOf(name)(cursor) as Record<string, unknown>
    if (cursor.at !== bytes.length) throw new DecodeError(`${bytes.length - cursor.at} bytes after the value`)
    return { type: name.slice(name.lastIndexOf('.') + 1), value }
  }

  #readerOf(name: string): Read {
    const known = this.#compiled.get(name)
    if (known !== undefined) return known
    const schema = this.#files.named.get(name)
    if (schema === undefined) throw new Error(`no schema defines ${name}`)
    const read = this.#compileNamed(schema)
    this.#compiled.set(name, read)
    return read
  }

  #compileNamed(schema: NamedSchema): Read {
    switch (schema.kind) {
      case 'record': {
        const names = schema.fields.map((field) => field.name)
        const reads = schema.fields.map((field) => this.#compile(field.schema))
        return (cursor) => {
          const value: Record<string, unknown> = {}
          for (let field = 0; field < names.length; field += 1) {
            value[names[field] as string] = (reads[field] as Read)(cursor)
          }
          return value
        }
      }
      case 'enum': {
        const { symbols } = schema
        return (cursor) => {
          const symbol = symbols[readLong(cursor)]
          if (symbol === undefined) throw new DecodeError(`${schema.name}: no such symbol`)
          return symbol
        }
      }
      case 'fixed':
        return (cursor) => take(cursor, schema.size)
    }
  }

  #compile(schema: Schema): Read {
    switch (schema.kind) {
      case 'primitive':
        return PRIMITIVE_READERS[schema.type]
      case 'named': {
        const { name } = schema
        let read: Read | undefined
        return (cursor) => (read ??= this.#readerOf(name))(cursor)
      }
      case 'union': {
        const reads = schema.branches.map((branch) => this.#compile(branch))
        return (cursor) => {
          const read = reads[readLong(cursor)]
          if (read === undefined) throw new DecodeError('no such branch of a union')
          return read(cursor)
        }
      }
      case 'array': {
        const readItem = this.#compile(schema.items)
        return (cursor) => {
          const items: unknown[] = []
          readBlocks(cursor, () => items.push(readItem(cursor)))
          return items
        }
      }
      case 'map': {
        const readValue = this.#compile(schema.values)
        return (cursor) => {
          const entries = new Map<string, unknown>()
          readBlocks(cursor, () => entries.set(readString(cursor), readValue(cursor)))
          return entries
        }
      }
    }
  }
}

/** Every item of our arrays and maps takes at least one byte, so more items than bytes left over is a lie. */
function readBlocks(cursor: Cursor, readItem: () => void): void {
  for (;;) {
    let count = readLong(cursor)
    if (count === 0) return
    if (count < 0) {
      count = -count
      readLong(cursor)
    }
    if (count > cursor.bytes.length - cursor.at) throw new DecodeError(`${count} items in fewer bytes`)
    for (let item = 0; item < count; item += 1) readItem()
  }
}

const PRIMITIVE_READERS: Readonly<Record<Primitive, Read>> = {
  null: () => null,
  boolean: (cursor) => (take(cursor, 1)[0] ?? 0) !== 0,
  int: readLong,
  long: readLong,
  float: (cursor) => take(cursor, 4).readFloatLE(0),
  double: (cursor) => take(cursor, 8).readDoubleLE(0),
  bytes: (cursor) => take(cursor, readLong(cursor)),
  string: readString,
}

function readString(cursor: Cursor): string {
  const length = readLong(cursor)
  const from = cursor.at
  skip(cursor, length)
  return cursor.bytes.toString('utf8', from, cursor.at)
}

function take(cursor: Cursor, length: number): Buffer {
  const from = cursor.at
  skip(cursor, length)
  return cursor.bytes.subarray(from, cursor.at)
}

function skip(cursor: Cursor, length: number): void {
  if (length < 0 || length > cursor.bytes.length - cursor.at) throw new DecodeError(`${length} bytes are not there`)
  cursor.at += length
}

/** A zigzag varint. Numbers beyond 2^52 occur nowhere in the protocol; ten bytes are the most that a long takes. */
function readLong(cursor: Cursor): number {
  const { bytes } = cursor
  let sum = 0
  let factor = 1
  for (let length = 0; length < 10; length += 1) {
    const byte = bytes[cursor.at]
    if (byte === undefined) throw new DecodeError('the bytes end within a number')
    cursor.at += 1
    sum += (byte & 0x7f) * factor
    if (byte < 0x80) {
      // sum is 2n for n ≥ 0 and −2n − 1 for n < 0.
      if (sum > Number.MAX_SAFE_INTEGER) throw new DecodeError('a number over 2^52')
      return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2
    }
    factor *= 128
  }
  throw new DecodeError('a number of more than ten bytes')
}
