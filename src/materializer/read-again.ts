/** Records that were read before, by their places: bytes of inputs, and batches whose effects have to be repeated. */
import type { Event, Mark } from '../core/events.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type EventLog, LogError, type ReadResult, type TopicPartition } from '../ports/event-log.ts'
import type { InputRecord } from '../ports/input-codec.ts'
import { isAbove, type UnsentRange } from './unsent.ts'

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
 * The events of accepted batches above the mark, without trailers, in their order. What others wrote in between is left out.
 * Rejects with `LogError`, as the log does, also when the log doesn't show all of it for now.
 */
export async function readRange(
  pages: Pages,
  codec: EventCodec,
  range: UnsentRange,
  mark: Mark,
): Promise<readonly Event[]> {
  const events = new Map<string, Event>()
  let at = range.offset
  while (at < range.end) {
    const { records, next } = await pages.at(at)
    for (const { offset, value } of records) {
      if (offset < range.offset || offset >= range.end || value === null) continue
      const decoded = codec.decode(value)
      if (decoded.kind !== 'event') continue
      const { event } = decoded
      const isOfRange = event.epoch === range.epoch && event.seq >= range.first && event.seq <= range.seq
      if (isOfRange && isAbove(event, mark)) events.set(`${event.seq}/${event.index}`, event)
    }
    at = next
  }
  const decided = [...events.values()].filter(({ type }) => type !== 'BatchCommitted')
  return decided.toSorted((a, b) => a.seq - b.seq || a.index - b.index)
}

/** Reads a partition a page after another. Who asks for what stands in the page that was read last gets that. */
export class Pages {
  readonly #log: EventLog
  readonly #place: TopicPartition
  #from = 0
  #page: ReadResult = { records: [], next: 0 }

  constructor(log: EventLog, place: TopicPartition) {
    this.#log = log
    this.#place = place
  }

  /** Its `next` is above the offset. Rejects with `LogError`. */
  async at(offset: number): Promise<ReadResult> {
    if (offset >= this.#from && offset < this.#page.next) return this.#page
    const page = await this.#log.read(this.#place, offset, READ_BYTES)
    if (page.next === offset) throw unread(this.#place, offset)
    this.#from = offset
    this.#page = page
    return page
  }
}

/** An empty read proves nothing. */
function unread({ topic, partition }: TopicPartition, offset: number): LogError {
  return new LogError('unavailable', `${topic}/${partition}/${offset} could not be read`, { retryable: true })
}
