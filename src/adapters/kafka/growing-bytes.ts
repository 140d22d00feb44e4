/** The output of a decompressor that may refer back to what it has written. */
const FIRST_CAPACITY = 64 * 1024

export class GrowingBytes {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY)
  #length = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  append(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Appends `length` bytes that begin `distance` before the end; they may reach into themselves. `from`: the first that counts. */
  repeat(distance: number, length: number, from: number): void {
    const start = this.#length - distance
    if (distance < 1 || start < from) throw new RangeError('a copy from before the beginning')
    this.#room(length)
    if (distance >= length) this.#bytes.copyWithin(this.#length, start, start + length)
    else for (let at = 0; at < length; at++) this.#bytes[this.#length + at] = this.#bytes[start + at] ?? 0
    this.#length += length
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes
    if (needed > this.#limit) throw new RangeError(`more than ${this.#limit} bytes come out`)
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(needed, this.#bytes.length * 2)))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
