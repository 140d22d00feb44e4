/**
 * One partition of one topic in memory: whole batches in offset order.
 *
 * Boundary: synchronous; who may append and who hears of it is the cluster's concern.
 * Kept invariant: batches are contiguous; `end` is the offset after the last record.
 */
import type { Appended, LogRecord, ReadResult, StoredRecord } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'

interface Batch {
  readonly records: readonly StoredRecord[]
  readonly baseOffset: number
}

export class MemoryPartition {
  readonly listeners: Set<() => void> = new Set()
  #batches: Batch[] = []
  #first = 0
  #end = 0
  #telling = false

  get end(): number {
    return this.#end
  }

  /** Takes records whose bytes are the log's own. */
  append(records: readonly LogRecord[], timestamp: number): Appended {
    const baseOffset = this.#end
    const stored = records.map((record, index) => ({
      offset: baseOffset + index,
      timestamp,
      key: record.key,
      value: record.value,
      headers: record.headers ?? [],
    }))
    this.#batches.push({ baseOffset, records: stored })
    this.#end += stored.length
    this.#tell()
    return { baseOffset, timestamp }
  }

  read(from: number, maxBytes: number): ReadResult {
    if (!Number.isInteger(from) || from < this.#first || from > this.#end) {
      const message = `offset ${from} is outside of ${this.#first} to ${this.#end}`
      throw new LogError('offset-out-of-range', message, { first: this.#first })
    }
    const records: StoredRecord[] = []
    let bytes = 0
    for (let at = this.#batchHolding(from); at < this.#batches.length; at++) {
      const batch = this.#batches[at]!.records
      const wanted = batch[0]!.offset < from ? batch.filter((record) => record.offset >= from) : batch
      bytes += wanted.reduce((sum, record) => sum + (record.value?.length ?? 0), 0)
      if (records.length > 0 && bytes > maxBytes) break
      records.push(...wanted)
    }
    return { records, next: from + records.length }
  }

  /** Drops the batch that holds `offset` and all after it, as an unclean leader election does. Offsets are given anew. */
  truncate(offset: number): void {
    this.#batches = this.#batches.filter((batch) => batch.baseOffset + batch.records.length <= offset)
    const last = this.#batches.at(-1)
    this.#end = last === undefined ? this.#first : last.baseOffset + last.records.length
  }

  /** Drops the batches that lie wholly below `offset`, as retention does. */
  trim(offset: number): void {
    this.#batches = this.#batches.filter((batch) => batch.baseOffset + batch.records.length > offset)
    this.#first = this.#batches[0]?.baseOffset ?? this.#end
  }

  #batchHolding(offset: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const batch = this.#batches[middle]!
      if (batch.baseOffset + batch.records.length <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #tell(): void {
    if (this.#telling) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      for (const listener of [...this.listeners]) if (this.listeners.has(listener)) listener()
    })
  }
}
