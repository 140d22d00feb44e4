/**
 * Events ⇄ record values, in Avro single-object encoding: `C3 01`, the fingerprint of the schema, the body.
 *
 * Invariants: 1. what `encode` makes, `decode` accepts and returns as an equal event; 2. `decode` never throws: bytes that
 * are not one of our events are said to be so.
 */
import { EVENT_TYPES, type Event, type EventType, type Stamp } from '../core/events.ts'
import { MAX_RECORD_BYTES } from '../core/limits.ts'
import type { DecodedEvent, EncodedBatch, EventCodec } from '../ports/event-codec.ts'
import { compileRead, type Read } from './avro/compile-read.ts'
import { Reader } from './avro/reader.ts'
import { chainOf } from './chain.ts'
import { DecodeError } from './decode-error.ts'
import { RecordBuffer, type RecordEncoder, recordEncoder } from './record-buffer.ts'
import { schemaStore, storedSchema } from './schema-store.ts'
import { HEADER_BYTES, isSingleObject } from './single-object.ts'

/** Holds a common batch; it grows with larger ones and stays. */
const INITIAL_BYTES = 64 * 1024
/** Before each value, so that the chain runs over the buffer as it is. */
const LENGTH_BYTES = 4

export function createEventCodec(): EventCodec {
  const encoders = new Map<EventType, RecordEncoder>()
  const decoders = new Map<string, Read>()
  for (const type of EVENT_TYPES) {
    const stored = storedSchema(type)
    encoders.set(type, recordEncoder(stored))
    decoders.set(type, compileRead(stored.schema, type))
  }
  const batch = new RecordBuffer(INITIAL_BYTES)
  const scratch = new RecordBuffer(INITIAL_BYTES)
  const reader = new Reader()

  function encoderOf(event: Event): RecordEncoder {
    const encoder = encoders.get(event.type)
    if (encoder === undefined) throw new TypeError(`no such event: ${event.type}`)
    return encoder
  }

  return {
    encode(events: readonly Event[]): EncodedBatch {
      batch.position = 0
      const ends: number[] = []
      let bytes = 0
      for (const event of events) {
        const at = batch.position
        batch.skip(LENGTH_BYTES)
        const size = batch.append(encoderOf(event), event)
        batch.uint32(size, at)
        ends.push(batch.position)
        bytes += size
      }
      const values = ends.map((end, index) => batch.view((ends[index - 1] ?? 0) + LENGTH_BYTES, end))
      return { values, bytes }
    },
    decode(value: Uint8Array): DecodedEvent {
      if (!isSingleObject(value)) return { kind: 'foreign', why: 'not in Avro single-object encoding' }
      if (value.length > MAX_RECORD_BYTES) return { kind: 'foreign', why: `${value.length} bytes` }
      const stored = schemaStore().byFingerprint(value, 2)
      try {
        reader.reset(value, HEADER_BYTES)
        if (stored === undefined) return { kind: 'unknown-type', stamp: readStamp(reader) }
        const read = decoders.get(stored.name)
        if (read === undefined) return { kind: 'foreign', why: `${stored.name} is not an event` }
        // The schema gives the shape; a trigger is JSON of any shape here, for the core parsed it before it was written.
        const event = read(reader) as Event
        reader.finish('')
        return { kind: 'event', event }
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
        return { kind: 'foreign', why: stored === undefined ? error.message : `${stored.name}: ${error.message}` }
      }
    },
    sizeOf(event: Event): number {
      scratch.position = 0
      return scratch.append(encoderOf(event), event)
    },
    chain: chainOf,
  }
}

/** Every event schema begins alike, so the place of an event of a later version can be read (protocol §2). */
function readStamp(reader: Reader): Stamp {
  return { epoch: reader.long('epoch'), seq: reader.long('seq'), index: reader.int('index'), time: reader.long('time') }
}
