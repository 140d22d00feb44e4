/**
 * Bytes of Kafka's protocol: big-endian numbers, strings and arrays with a length before them, zigzag varints.
 *
 * Boundary: the classic (not the flexible) encodings, which every version from 2.4 on speaks. What is read is bounded by
 * its buffer: a length beyond it is a `RangeError`, and nothing is allocated for it before.
 */
import { isUtf8 } from 'node:buffer'

const FIRST_CAPACITY = 512
const TWO_32 = 0x1_0000_0000

export class WireWriter {
  #bytes: Buffer
  #at = 0

  constructor(capacity: number = FIRST_CAPACITY) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#at
  }

  /** What was written; writing on may move it. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  int8(value: number): this {
    this.#room(1)
    this.#at = this.#bytes.writeInt8(value, this.#at)
    return this
  }
  int16(value: number): this {
    this.#room(2)
    this.#at = this.#bytes.writeInt16BE(value, this.#at)
    return this
  }
  int32(value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
    return this
  }
  uint32(value: number): this {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32BE(value, this.#at)
    return this
  }
  int64(value: number): this {
    return this.int32(Math.floor(value / TWO_32)).uint32(((value % TWO_32) + TWO_32) % TWO_32)
  }
  bool(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const bytes = Buffer.byteLength(value)
    this.int16(bytes)
    this.#room(bytes)
    this.#at += this.#bytes.write(value, this.#at, 'utf8')
    return this
  }

  bytes(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.int32(value.length).raw(value)
  }

  raw(value: Uint8Array): this {
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
    return this
  }

  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length)
    for (const value of values) write(value)
    return this
  }

  /** A zigzag varint of 32 bits. */
  varint(value: number): this {
    this.#room(5)
    let left = ((value << 1) ^ (value >> 31)) >>> 0
    while (left > 0x7f) {
      this.#bytes[this.#at++] = (left & 0x7f) | 0x80
      left >>>= 7
    }
    this.#bytes[this.#at++] = left
    return this
  }

  varintBytes(value: Uint8Array | null): this {
    return value === null ? this.varint(-1) : this.varint(value.length).raw(value)
  }

  varintString(value: string | null): this {
    if (value === null) return this.varint(-1)
    const bytes = Buffer.byteLength(value)
    this.varint(bytes)
    this.#room(bytes)
    this.#at += this.#bytes.write(value, this.#at, 'utf8')
    return this
  }

  /** Writes over four bytes that were written before. */
  patchUint32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at)
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1))
  }
  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2))
  }
  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4))
  }
  /** Offsets, times and ids: all below 2^53. */
  int64(): number {
    return this.int32() * TWO_32 + this.#bytes.readUInt32BE(this.#skip(4))
  }
  bool(): boolean {
    return this.int8() !== 0
  }

  nullableString(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const from = this.#skip(length)
    return this.#bytes.toString('utf8', from, from + length)
  }
  string(): string {
    return this.nullableString() ?? ''
  }

  /** A view of the buffer; empty for null. */
  bytes(): Buffer {
    return this.view(Math.max(0, this.int32()))
  }

  view(length: number): Buffer {
    const from = this.#skip(length)
    return this.#bytes.subarray(from, from + length)
  }

  /** Empty for null. */
  array<T>(read: () => T): T[] {
    const values: T[] = []
    for (let left = this.int32(); left > 0; left--) values.push(read())
    return values
  }

  /** A zigzag varint of up to 64 bits whose value is below 2^53. */
  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.#skip(1)] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      factor *= 0x80
    }
  }

  /** A copy, so that it keeps nothing else of the buffer alive. */
  varintBytes(): Uint8Array | null {
    const length = this.varint()
    return length < 0 ? null : Buffer.from(this.view(length))
  }

  varintString(): string | null {
    const length = this.varint()
    if (length < 0) return null
    const from = this.#skip(length)
    return this.#bytes.toString('utf8', from, from + length)
  }

  /** As text, and where that would not be all of it a copy of its bytes. */
  varintKey(): { readonly key: string | null; readonly rawKey?: Uint8Array } {
    const length = this.varint()
    if (length < 0) return { key: null }
    const bytes = this.view(length)
    const key = bytes.toString('utf8')
    return isUtf8(bytes) ? { key } : { key, rawKey: Buffer.from(bytes) }
  }

  #skip(bytes: number): number {
    const at = this.#at
    if (!(bytes >= 0 && at + bytes <= this.#bytes.length)) throw new RangeError('a length beyond its message')
    this.#at = at + bytes
    return at
  }
}
