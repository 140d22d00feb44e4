/** Reads of a partition whose offsets may have gaps, where the log was compacted. */
import {
  type EventLog,
  LogError,
  type ReadResult,
  type StoredRecord,
  type TopicPartition,
} from '../../ports/event-log.ts'
import { nextTurn } from '../settle.ts'

/** Of one read. */
const READ_BYTES = 4 * 1024 * 1024

/** Reads in a row that bring nothing, though the end is further: the log is not what it says. */
const MAX_EMPTY_READS = 100

/** Calls `each` for the records from `from` up to, but without, `to`. Rejects with `LogError`. */
export async function readRecords(
  log: EventLog,
  of: TopicPartition,
  from: number,
  to: number,
  each: (record: StoredRecord) => void,
): Promise<void> {
  for (let offset = from; offset < to;) {
    const { records, next } = await readOn(log, of, offset)
    for (const record of records) if (record.offset >= offset && record.offset < to) each(record)
    offset = next
    // A read may have been answered from memory.
    if (offset < to) await nextTurn()
  }
}

/** A read at an offset before the end: it gets further. Rejects with `LogError`. */
export async function readOn(log: EventLog, of: TopicPartition, offset: number): Promise<ReadResult> {
  for (let reads = 0; reads < MAX_EMPTY_READS; reads += 1) {
    const read = await log.read(of, offset, READ_BYTES)
    if (read.next > offset) return read
    await nextTurn()
  }
  const message = `${of.topic}[${of.partition}] gives nothing at offset ${offset}`
  throw new LogError('unavailable', message, { retryable: true })
}
