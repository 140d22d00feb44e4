/**
 * Batches of one partition that came with a poll, until they are read: one run of offsets without a gap.
 *
 * Boundary: takes what it is given for what a read would bring; whether a transaction counts is said by whoever polled.
 */
import type { RecordBatch } from './record-batch.ts'

/** Of values. A reader that is further behind reads from the broker, in larger portions. */
const MAX_BYTES = 1024 * 1024

export class ReadAhead {
  #batches: RecordBatch[] = []
  #bytes = 0

  /** Nothing more should be added before what is here was read. */
  get isFull(): boolean {
    return this.#bytes >= MAX_BYTES
  }

  add(batches: readonly RecordBatch[]): void {
    for (const batch of batches) {
      const last = this.#batches.at(-1)
      if (last !== undefined && last.next !== batch.first) this.clear()
      this.#batches.push(batch)
      this.#bytes += batch.bytes
    }
  }

  /** The batches from the one with this offset on; null when it is not here. Lets go of those below. */
  from(offset: number): readonly RecordBatch[] | null {
    const [first] = this.#batches
    if (first === undefined || first.first > offset) return null
    while (this.#batches[0] !== undefined && this.#batches[0].next <= offset) {
      this.#bytes -= this.#batches.shift()?.bytes ?? 0
    }
    return this.#batches.length === 0 ? null : this.#batches
  }

  clear(): void {
    this.#batches = []
    this.#bytes = 0
  }
}
