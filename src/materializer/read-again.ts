/** Records that were read before, by their places: bytes of inputs, and batches whose effects have to be repeated. */
import type { Event } from '../core/events.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type EventLog, LogError, type TopicPartition } from '../ports/event-log.ts'
import type { InputRecord } from '../ports/input-codec.ts'
import type { UnsentBatch } from './unsent.ts'

const READ_BYTES = 1024 * 1024

/** null: it is there no more. Rejects with `LogError`, as the log does, also when the log shows nothing for now. */
export async function readRecord(log: EventLog, from: TopicPartition, offset: number): Promise<InputRecord | null> {
  try {
    const { records, next } = await log.read(from, offset, 1)
    const found = records.find((record) => record.offset === offset)
    if (found !== undefined) return { ...found, ...from }
    if (next > offset || (await log.end(from)) <= offset) return null
  } catch (error) {
    if (error instanceof LogError && error.code === 'offset-out-of-range') return null
    throw error
  }
  throw unread(from, offset)
}

/**
 * The events of an accepted batch, without its trailer. What others wrote in between is left out. Rejects with
 * `LogError`, as the log does, also when the log doesn't show all of it for now.
 */
export async function readBatch(
  log: EventLog,
  codec: EventCodec,
  partition: number,
  batch: UnsentBatch,
): Promise<readonly Event[]> {
  const place = { topic: 'events', partition }
  const events = new Map<number, Event>()
  let at = batch.offset
  while (at < batch.end) {
    const { records, next } = await log.read(place, at, READ_BYTES)
    for (const { offset, value } of records) {
      if (offset >= batch.end || value === null) continue
      const decoded = codec.decode(value)
      if (decoded.kind !== 'event') continue
      const { event } = decoded
      if (event.epoch === batch.epoch && event.seq === batch.seq) events.set(event.index, event)
    }
    if (next === at) throw unread(place, at)
    at = next
  }
  return [...events.values()].filter(({ type }) => type !== 'BatchCommitted').toSorted((a, b) => a.index - b.index)
}

/** An empty read proves nothing. */
function unread({ topic, partition }: TopicPartition, offset: number): LogError {
  return new LogError('unavailable', `${topic}/${partition}/${offset} could not be read`, { retryable: true })
}
