/** Finds a place in a topic by time. */
import type { EventLog, StoredRecord, TopicPartition } from '../ports/event-log.ts'

/** Offsets from `first`, up to and without `end`. */
export interface OffsetRange {
  readonly first: number
  readonly end: number
}

/**
 * An offset in the range such that no record below it, in the range, is later than `time` (epoch ms), and each from it on
 * is; `end` when none is. Expects log-append times, which rise. Takes a read for each halving of the range. Rejects with
 * `LogError`, as the log does.
 */
export async function firstLater(
  log: EventLog,
  place: TopicPartition,
  time: number,
  { first, end }: OffsetRange,
): Promise<number> {
  let [low, high] = [first, end]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const record = await recordFrom(log, place, middle)
    if (record !== null && record.timestamp <= time) low = record.offset + 1
    else high = middle
  }
  return low
}

/** The first one that can be read at this offset or behind it; null: there is none. */
async function recordFrom(log: EventLog, place: TopicPartition, offset: number): Promise<StoredRecord | null> {
  for (let at = offset; ;) {
    const { records, next } = await log.read(place, at, 1)
    const found = records.find((record) => record.offset >= offset)
    if (found !== undefined) return found
    if (next === at) return null
    at = next
  }
}
