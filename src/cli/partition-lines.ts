/**
 * The events of one partition as they are accepted by the reader's rule, and, for who asks, the records that it refuses.
 *
 * Boundary: reads in pieces of bounded size and keeps one batch; what is shown of it is its caller's business.
 */
import type { Event } from '../core/events.ts'
import { Reader, type Verdict } from '../materializer/reader.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import type { EventLog, StoredRecord } from '../ports/event-log.ts'

export interface LogLine {
  readonly partition: number
  readonly offset: number
  /** null: the record is not an event that this version knows. */
  readonly event: Event | null
  /** Why the reader's rule does not accept it; null: it does. */
  readonly refused: string | null
}

const READ_BYTES = 1024 * 1024

export class PartitionLines {
  readonly #log: EventLog
  readonly #codec: EventCodec
  readonly #partition: number
  readonly #reader: Reader
  /** Records of the batch whose trailer has not come. */
  #waiting: StoredRecord[] = []
  refused = 0

  constructor(log: EventLog, codec: EventCodec, partition: number) {
    this.#log = log
    this.#codec = codec
    this.#partition = partition
    this.#reader = new Reader(codec)
  }

  /** The lines up to where the log ends at the moment; called again, those that came since. */
  async *toEnd(): AsyncGenerator<LogLine> {
    const place = { topic: 'events', partition: this.#partition }
    const end = await this.#log.end(place)
    while (this.#reader.cursor.offset < end) {
      const { records, next } = await this.#log.read(place, this.#reader.cursor.offset, READ_BYTES)
      for (const record of records) {
        if (record.offset >= this.#reader.cursor.offset) yield* this.#take(record)
      }
      // What no reader sees, such as the marker of a foreign transaction, has an offset as well.
      if (next > this.#reader.cursor.offset) this.#reader.skipTo(next)
      else if (records.length === 0) return
    }
  }

  #take(record: StoredRecord): LogLine[] {
    const verdict = this.#reader.take(record)
    switch (verdict.kind) {
      case 'kept':
        this.#waiting.push(record)
        return []
      case 'ignored':
        return [this.#refuse(record, verdict.why)]
      case 'dropped':
        return [...this.#refuseWaiting(verdict.why), this.#refuse(record, verdict.why)]
      case 'announced':
        return [...this.#refuseWaiting('incomplete'), this.#accept(verdict)]
      case 'accepted': {
        const accepted = new Set(verdict.events.map(({ offset }) => offset))
        this.#waiting = this.#waiting.filter(({ offset }) => !accepted.has(offset))
        return [...this.#refuseWaiting('copy'), ...verdict.events.map((one) => this.#accept(one))]
      }
    }
  }

  #accept({ event, offset }: { readonly event: Event; readonly offset: number }): LogLine {
    return { partition: this.#partition, offset, event, refused: null }
  }

  #refuse(record: StoredRecord, why: Extract<Verdict, { why: string }>['why'] | 'copy'): LogLine {
    this.refused += 1
    const decoded = record.value === null ? null : this.#codec.decode(record.value)
    const event = decoded?.kind === 'event' ? decoded.event : null
    return { partition: this.#partition, offset: record.offset, event, refused: why }
  }

  #refuseWaiting(why: 'incomplete' | 'other-owner' | 'other-history' | 'copy'): LogLine[] {
    const lines = this.#waiting.map((record) => this.#refuse(record, why))
    this.#waiting = []
    return lines
  }
}

/** The lines of several partitions as one, by the time of their events; within a partition in log order. */
export async function* byTime(partitions: readonly AsyncGenerator<LogLine>[]): AsyncGenerator<LogLine> {
  const heads: { readonly lines: AsyncGenerator<LogLine>; line: LogLine; time: number }[] = []
  for (const lines of partitions) {
    const first = await lines.next()
    if (first.done !== true) heads.push({ lines, line: first.value, time: first.value.event?.time ?? 0 })
  }
  while (heads.length > 0) {
    const head = heads.reduce((earliest, other) => (other.time < earliest.time ? other : earliest))
    yield head.line
    const following = await head.lines.next()
    if (following.done === true) heads.splice(heads.indexOf(head), 1)
    else {
      head.line = following.value
      head.time = following.value.event?.time ?? head.time
    }
  }
}
