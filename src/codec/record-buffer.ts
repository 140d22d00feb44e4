/** A growing buffer that records are written into, one after another, in Avro single-object encoding. */
import { MAX_RECORD_BYTES } from '../core/limits.ts'
import type { AvscType } from './avro/avsc.ts'
import { compilePrepare, type Prepare } from './avro/prepare.ts'
import type { StoredSchema } from './schema-store.ts'
import { HEADER_BYTES, headerOf } from './single-object.ts'

export interface RecordEncoder {
  readonly name: string
  readonly header: Uint8Array
  readonly prepare: Prepare
  readonly type: AvscType
}

export function recordEncoder(stored: StoredSchema): RecordEncoder {
  return {
    name: stored.name,
    header: headerOf(stored),
    prepare: compilePrepare(stored.schema),
    type: stored.type,
  }
}

export class RecordBuffer {
  #buffer: Buffer
  position = 0

  constructor(initialBytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** A view of what was written, no Buffer: so its `slice` copies. After `position` was moved back it may change. */
  view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + start, end - start)
  }

  /** Leaves room that the caller fills in later with `uint32`. */
  skip(bytes: number): void {
    this.#reserve(this.position + bytes)
    this.position += bytes
  }

  uint32(value: number, at: number): void {
    this.#buffer.writeUInt32BE(value, at)
  }

  /**
   * Returns the size. Throws TypeError when a member doesn't fit the schema, RangeError over the size of a record; then
   * the position stays where it was.
   */
  append(encoder: RecordEncoder, value: unknown): number {
    const prepared = encoder.prepare(value)
    const start = this.position
    const body = start + HEADER_BYTES
    this.#reserve(body)
    this.#buffer.set(encoder.header, start)
    let end = encoder.type.encode(prepared, this.#buffer, body)
    if (end < 0) {
      const needed = this.#buffer.length - end
      checkSize(encoder, needed - start)
      this.#reserve(needed)
      end = encoder.type.encode(prepared, this.#buffer, body)
    }
    checkSize(encoder, end - start)
    this.position = end
    return end - start
  }

  #reserve(needed: number): void {
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown)
    this.#buffer = grown
  }
}

function checkSize({ name }: RecordEncoder, size: number): void {
  if (size > MAX_RECORD_BYTES) throw new RangeError(`${name}: ${size} bytes, a record has at most ${MAX_RECORD_BYTES}`)
}
