/** The events topic as this project reads it, beside what a program in another language makes of it. */
import { openKafkaLog } from '../../../src/adapters/kafka/kafka-log.ts'
import { createEventCodec } from '../../../src/codec/event-codec.ts'
import { type AcceptedEvent, Reader } from '../../../src/materializer/reader.ts'
import type { StoredRecord } from '../../../src/ports/event-log.ts'
import type { ForeignOwner } from './owner.ts'

const READ_BYTES = 1024 * 1024

export interface EventsOfPartition {
  readonly records: readonly StoredRecord[]
  readonly accepted: readonly AcceptedEvent[]
  readonly cursor: Reader['cursor']
}

/** All that is there now. */
export async function readEvents(owner: ForeignOwner, partition: number): Promise<EventsOfPartition> {
  const log = await openKafkaLog({ brokers: [owner.bootstrap], namespace: owner.namespace, now: () => Date.now() })
  try {
    const place = { topic: 'events', partition }
    const reader = new Reader(createEventCodec())
    const records: StoredRecord[] = []
    const accepted: AcceptedEvent[] = []
    const end = await log.end(place)
    for (let at = 0; at < end;) {
      const read = await log.read(place, at, READ_BYTES)
      for (const record of read.records.slice(Math.max(0, records.length - at))) {
        records.push(record)
        const verdict = reader.take(record)
        if (verdict.kind === 'announced') accepted.push(verdict)
        if (verdict.kind === 'accepted') accepted.push(...verdict.events)
      }
      at = read.next
    }
    return { records, accepted, cursor: reader.cursor }
  } finally {
    await log.close()
  }
}
