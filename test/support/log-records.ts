/** Batches as they lie on the log, made by hand: right ones, and wrong in one respect each. */
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { BatchCommitted, Decided, Event, OwnerAnnounced } from '../../src/core/events.ts'
import { CHAIN_BYTES } from '../../src/materializer/cursor.ts'
import type { StoredRecord } from '../../src/ports/event-log.ts'
import { T0 } from './moments.ts'

const codec = createEventCodec()

/** The id of an owner, by a number. */
export function ownerId(of: number): Uint8Array {
  return new Uint8Array(16).fill(of)
}

const LOG_ID = new Uint8Array(16).fill(0xee)
export const EMPTY_CHAIN: Uint8Array = new Uint8Array(CHAIN_BYTES)

export function encoded(event: Event): Uint8Array {
  return Uint8Array.from(codec.encode([event]).values[0] ?? [])
}

export function announced(epoch: number, over: Partial<OwnerAnnounced> = {}): OwnerAnnounced {
  const place = { epoch, seq: 0, index: 0, time: T0 }
  const about = { node: `node ${epoch}`, generation: epoch, partitions: 1, hash: 'murmur2', format: 1, logId: LOG_ID }
  return { type: 'OwnerAnnounced', ...place, owner: ownerId(epoch), ...about, ...over }
}

/** The chain after one more accepted batch. */
export function chainAfter(chain: Uint8Array, batch: readonly Uint8Array[]): Uint8Array {
  return codec.chain(chain, batch)
}

/** A whole batch: the events at their places, and the trailer, with `over` in it. */
export function batch(
  place: { readonly epoch: number; readonly seq: number },
  prev: Uint8Array,
  events: readonly Decided[],
  over: Partial<BatchCommitted> = {},
): Uint8Array[] {
  const stamped = events.map((event, index) => ({ ...event, ...place, index, time: T0 }))
  const trailer: BatchCommitted = {
    type: 'BatchCommitted',
    ...place,
    index: events.length,
    time: T0,
    owner: ownerId(place.epoch),
    count: events.length,
    prev,
    commandsThrough: -1,
    reportsThrough: -1,
    dispatchedThrough: { epoch: 0, seq: 0 },
    ...over,
  }
  return [...stamped, trailer].map(encoded)
}

/** An event of a type that this version doesn't know, at a place. */
export function unknownType(place: {
  readonly epoch: number
  readonly seq: number
  readonly index: number
}): Uint8Array {
  const value = encoded({ type: 'ClockStepped', ...place, time: T0, stepMs: 1 })
  // Another schema: its fingerprint is in bytes 2 to 9.
  value.fill(0x5a, 2, 10)
  return value
}

/** Records as a log gives them back, from offset 0. */
export function stored(values: readonly Uint8Array[]): StoredRecord[] {
  return values.map((value, offset) => ({ offset, timestamp: T0, key: null, value, headers: [] }))
}
