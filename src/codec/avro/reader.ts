/**
 * A cursor over untrusted bytes. Every length and count is checked against the bytes that are left before anything is
 * allocated for it, so no message costs more memory or time than its own size. Throws nothing but DecodeError.
 *
 * avsc writes our records but must not read them: it allocates an array for the count that a message claims, goes on
 * reading behind the end of the bytes and looks only afterwards whether they sufficed, so six bytes end the process. It
 * also takes what we refuse: bytes that are no UTF-8, any byte as a boolean, keys that come twice or are __proto__.
 *
 * `path` is where the value belongs, for the error; it is fixed text, made when the schema is compiled.
 */
import { isUtf8 } from 'node:buffer'

import { DecodeError } from '../decode-error.ts'
import { MAX_ITEMS, MAX_LONG, MAX_VARINT_BYTES } from '../limits.ts'
import { CACHED_BYTES, TextCache } from './text-cache.ts'

/** Up to here a loop that looks for a byte above 0x7f is faster than a call into native code. */
const SHORT_TEXT_BYTES = 64

export class Reader {
  #bytes: Buffer = Buffer.alloc(0)
  #position = 0
  #end = 0
  #items = 0

  /** Begins at `position` of other bytes. */
  reset(bytes: Uint8Array, position: number): void {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = position
    this.#end = bytes.length
    this.#items = 0
  }

  get position(): number {
    return this.#position
  }
  /** Goes to where it was before, or behind what `sameAhead` found. */
  set position(position: number) {
    this.#position = position
  }

  /** How many of the next bytes are those of `bytes` from `start` on. */
  sameAhead(bytes: Uint8Array, start: number): number {
    const own = this.#bytes
    const shift = this.#position - start
    const end = Math.min(bytes.length, this.#end - shift)
    let at = start
    while (at < end && own[at + shift] === bytes[at]) at += 1
    return at - start
  }

  /** A copy of what was read since `start`. */
  copyFrom(start: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, start, this.#position)
  }

  /** Lets go of the bytes, and refuses those that nobody read. */
  finish(path: string): void {
    const left = this.#end - this.#position
    this.#bytes = EMPTY
    if (left !== 0) throw new DecodeError(path, `${left} bytes left over`)
  }

  boolean(path: string): boolean {
    const byte = this.#position < this.#end ? this.#bytes[this.#position++] : undefined
    if (byte === 0) return false
    if (byte === 1) return true
    throw byte === undefined ? truncated(path) : new DecodeError(path, `expected a boolean, got the byte ${byte}`)
  }

  int(path: string): number {
    const value = this.long(path)
    if ((value | 0) !== value) throw new DecodeError(path, `${value} is not a 32-bit integer`)
    return value
  }

  /** A zigzag varint; only integers within ±2^52. */
  long(path: string): number {
    const bytes = this.#bytes
    let position = this.#position
    if (position >= this.#end) throw truncated(path)
    let byte = bytes[position++] as number
    const negative = (byte & 1) === 1
    let magnitude = (byte & 0x7f) >>> 1
    if (byte >= 0x80) {
      const last = Math.min(this.#end, this.#position + MAX_VARINT_BYTES)
      let weight = 64
      do {
        if (position >= last) {
          throw position >= this.#end ? truncated(path) : new DecodeError(path, 'a number of more than 10 bytes')
        }
        byte = bytes[position++] as number
        magnitude += (byte & 0x7f) * weight
        weight *= 128
      } while (byte >= 0x80)
      if (magnitude >= MAX_LONG && (magnitude > MAX_LONG || negative)) {
        throw new DecodeError(path, 'a number beyond 2^52')
      }
    }
    this.#position = position
    return negative ? -magnitude - 1 : magnitude
  }

  double(path: string): number {
    const position = this.#position
    if (position + 8 > this.#end) throw truncated(path)
    this.#position = position + 8
    const value = this.#bytes.readDoubleLE(position)
    if (!Number.isFinite(value)) throw new DecodeError(path, `expected a finite number, got ${value}`)
    return value
  }

  string(path: string): string {
    return this.#text(path, CACHED_BYTES)
  }

  /** A text that is not likely to come again. */
  id(path: string): string {
    return this.#text(path, 0)
  }

  /** A copy. */
  bytes(path: string): Uint8Array {
    return this.#copy(this.#length(path))
  }

  /** The bytes where they lie: they change, or stay in memory, with those that are read from. */
  view(path: string): Uint8Array {
    const length = this.#length(path)
    const start = this.#position
    this.#position = start + length
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length)
  }

  /** A copy. */
  fixed(size: number, path: string): Uint8Array {
    if (size > this.#end - this.#position) throw truncated(path)
    return this.#copy(size)
  }

  /** Index of a branch of `["null", T]`. */
  isNull(path: string): boolean {
    const byte = this.#position < this.#end ? this.#bytes[this.#position++] : undefined
    if (byte === 0) return true
    if (byte === 2) return false
    throw byte === undefined ? truncated(path) : new DecodeError(path, 'no such branch of the union')
  }

  /** Size of the next block of an array or map whose items take at least `width` bytes; 0: it was the last. */
  block(width: number, path: string): number {
    const count = this.long(path)
    if (count < 0) throw new DecodeError(path, 'a block with a negative count')
    if (count * width > this.#end - this.#position)
      throw new DecodeError(path, `${count} items announced, the bytes end before`)
    this.#items += count
    if (this.#items > MAX_ITEMS) throw new DecodeError(path, `more than ${MAX_ITEMS} items`)
    return count
  }

  #text(path: string, cachedBytes: number): string {
    const length = this.#length(path)
    const start = this.#position
    const end = start + length
    this.#position = end
    const bytes = this.#bytes
    if (length <= SHORT_TEXT_BYTES) {
      let at = start
      while (at < end && (bytes[at] as number) < 0x80) at += 1
      if (at === end) {
        return length <= cachedBytes ? texts.text(bytes, start, end) : bytes.toString('latin1', start, end)
      }
    }
    if (!isUtf8(bytes.subarray(start, end))) throw new DecodeError(path, 'not valid UTF-8')
    return bytes.toString('utf8', start, end)
  }

  #length(path: string): number {
    const length = this.long(path)
    if (length < 0) throw new DecodeError(path, 'a negative length')
    if (length > this.#end - this.#position) throw truncated(path)
    return length
  }

  #copy(size: number): Uint8Array {
    const start = this.#position
    this.#position = start + size
    const copy = allot(size)
    this.#bytes.copy(copy, 0, start, start + size)
    return copy
  }
}

const EMPTY = Buffer.alloc(0)

const texts = new TextCache()

/** A buffer of its own costs ten times what it costs to copy some bytes: short copies lie together in one. */
const SLAB_BYTES = 8 * 1024
const MAX_SLAB_COPY_BYTES = 1_024
let slab = new ArrayBuffer(SLAB_BYTES)
let slabUsed = 0

function allot(size: number): Uint8Array {
  if (size > MAX_SLAB_COPY_BYTES) return new Uint8Array(size)
  if (slabUsed + size > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES)
    slabUsed = 0
  }
  slabUsed += size
  return new Uint8Array(slab, slabUsed - size, size)
}

function truncated(path: string): DecodeError {
  return new DecodeError(path, 'the bytes end before the value does')
}
