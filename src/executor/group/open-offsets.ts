/**
 * Which records of a partition are under way, and up to where all is done.
 *
 * Invariant: `watermark` never falls, and every record below it is done.
 */
export class OpenOffsets {
  /** In the order of coming, which is that of the offsets. */
  readonly #open = new Set<number>()
  #next: number

  /** `from`: the first offset that is read. */
  constructor(from: number) {
    this.#next = from
  }

  /** Records that are not done. */
  get count(): number {
    return this.#open.size
  }

  /** The first offset that is not done. */
  get watermark(): number {
    for (const first of this.#open) return first
    return this.#next
  }

  /** Offsets from the watermark to the last record that came. */
  get span(): number {
    return this.#next - this.watermark
  }

  add(offset: number): void {
    this.#open.add(offset)
    this.#next = offset + 1
  }

  done(offset: number): void {
    this.#open.delete(offset)
  }
}
