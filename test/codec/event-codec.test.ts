import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createEventCodec } from '../../src/codec/event-codec.ts'
import { schemaStore } from '../../src/codec/schema-store.ts'
import { type Event, EVENT_TYPES, type EventType } from '../../src/core/events.ts'
import { MAX_RECORD_BYTES } from '../../src/core/limits.ts'
import { EVENTS } from '../golden/samples.ts'
import { encodeBody } from './encode.ts'
import { recordOf } from './values.ts'

const samples: readonly Event[] = Object.values(EVENTS)

function schemaOf(type: EventType) {
  const stored = schemaStore().byName.get(type)
  if (stored === undefined) throw new Error(type)
  return stored.schema
}

function eventOf(type: EventType): fc.Arbitrary<Event> {
  return recordOf(schemaOf(type)).map((members) => ({ type, ...members }) as unknown as Event)
}

/** The bytes of one event, apart from the codec's buffer. */
function bytesOf(event: Event): Uint8Array<ArrayBuffer> {
  const [value] = createEventCodec().encode([event]).values
  return new Uint8Array(value ?? [])
}

describe('events', () => {
  test('come back as they were, of every type', () => {
    const codec = createEventCodec()
    for (const type of EVENT_TYPES) {
      fc.assert(
        fc.property(fc.array(eventOf(type), { minLength: 1, maxLength: 4 }), (events) => {
          const { values, bytes } = codec.encode(events)
          expect(values.map((value) => codec.decode(value))).toStrictEqual(
            events.map((event) => ({ kind: 'event', event })),
          )
          expect(bytes).toBe(values.reduce((sum, value) => sum + value.length, 0))
          expect(events.map((event) => codec.sizeOf(event))).toEqual(values.map((value) => value.length))
        }),
        { numRuns: 25 },
      )
    }
  })

  test('are byte for byte what the specification says, and read back from such bytes', () => {
    const codec = createEventCodec()
    for (const type of EVENT_TYPES) {
      const header = Buffer.of(0xc3, 0x01, ...(schemaStore().byName.get(type)?.fingerprint ?? []))
      fc.assert(
        fc.property(fc.array(eventOf(type), { minLength: 1, maxLength: 3 }), (events) => {
          const wanted = events.map((event) => Buffer.concat([header, encodeBody(schemaOf(type), event)]))
          expect(codec.encode(events).values.map((value) => Buffer.from(value))).toEqual(wanted)
          expect(wanted.map((bytes) => codec.decode(bytes))).toStrictEqual(
            events.map((event) => ({ kind: 'event', event })),
          )
        }),
        { numRuns: 15 },
      )
    }
  })

  test('have the type first, the members of the schema and no others', () => {
    for (const event of samples) {
      const decoded = createEventCodec().decode(bytesOf(event))
      expect(decoded.kind === 'event' && Object.keys(decoded.event)).toEqual([
        'type',
        ...schemaOf(event.type).fields.map((one) => one.name),
      ])
    }
  })

  test('do not keep the bytes that they were read from', () => {
    const bytes = bytesOf(EVENTS.JobAdded)
    const decoded = createEventCodec().decode(bytes)
    bytes.fill(0)
    expect(decoded).toStrictEqual({ kind: 'event', event: EVENTS.JobAdded })
  })

  test('have JSON that nobody can change', () => {
    const decoded = createEventCodec().decode(bytesOf(EVENTS.RunSucceeded))
    if (decoded.kind !== 'event' || decoded.event.type !== 'RunSucceeded') throw new Error('not read')
    expect(Object.isFrozen(decoded.event.result)).toBe(true)
    expect(Object.isFrozen(Object(decoded.event.result).to)).toBe(true)
  })

  test('may hold a lone surrogate, which becomes the replacement character, short or long', () => {
    const codec = createEventCodec()
    for (const rest of ['', 'x'.repeat(100)]) {
      const event = { ...EVENTS.RunLost, reason: `\ud800${rest}` }
      expect(codec.decode(codec.encode([event]).values[0] ?? bytesOf(event))).toStrictEqual({
        kind: 'event',
        event: { ...event, reason: `\ufffd${rest}` },
      })
    }
  })

  test('of a batch larger than the buffer come back too', () => {
    const codec = createEventCodec()
    const event = { ...EVENTS.RunLost, reason: 'é'.repeat(20_000) }
    const { values } = codec.encode(Array.from({ length: 20 }, (_, index) => ({ ...event, index })))
    expect(values.map((value) => codec.decode(value))).toStrictEqual(
      Array.from({ length: 20 }, (_, index) => ({ kind: 'event', event: { ...event, index } })),
    )
  })

  test('that do not fit their schema are a bug of ours, and the message names the member', () => {
    const codec = createEventCodec()
    const wrong = (change: object): Event => ({ ...EVENTS.JobAdded, ...change })
    expect(() => codec.encode([wrong({ version: 1.5 })])).toThrow(
      new TypeError('version: expected a 32-bit integer, got 1.5'),
    )
    expect(() => codec.encode([wrong({ jobId: null })])).toThrow('jobId: expected a text, got null')
    expect(() => codec.encode([wrong({ anchor: 2 ** 53 })])).toThrow('anchor: expected an integer within ±2^52')
    const retry = { ...EVENTS.JobAdded.definition.retry, jitter: Number.NaN }
    expect(() => codec.encode([wrong({ definition: { ...EVENTS.JobAdded.definition, retry } })])).toThrow(
      'definition.retry.jitter',
    )
    for (const size of [15, 17]) {
      const event = { ...EVENTS.OwnerAnnounced, owner: new Uint8Array(size) }
      expect(() => codec.encode([event])).toThrow('owner: expected 16 bytes')
    }
    expect(() => codec.encode([{ ...EVENTS.JobFinished, type: 'Nothing' } as never])).toThrow('no such event')
    expect(() => codec.encode([{ ...EVENTS.RunLost, reason: 'x'.repeat(MAX_RECORD_BYTES) }])).toThrow(RangeError)
  })
})

describe('values that are no events', () => {
  const codec = createEventCodec()

  test('of a type that this version does not know keep their place', () => {
    const bytes = bytesOf(EVENTS.RunQueued)
    bytes[3] = (bytes[3] ?? 0) ^ 0xff
    const { epoch, seq, index, time } = EVENTS.RunQueued
    expect(codec.decode(bytes)).toEqual({ kind: 'unknown-type', stamp: { epoch, seq, index, time } })
  })

  test('are foreign: other bytes, other records, an event with a byte too few or too many', () => {
    const good = bytesOf(EVENTS.RunQueued)
    const command = schemaStore().byName.get('RemoveJob')?.fingerprint ?? []
    const foreign = [
      new Uint8Array(0),
      new TextEncoder().encode('{"type":"RunQueued"}'),
      Uint8Array.of(0xc3, 0x01),
      Uint8Array.of(0xc3, 0x01, ...command, 0, 0, 0),
      good.subarray(0, -1),
      Uint8Array.of(...good, 0),
      new Uint8Array(MAX_RECORD_BYTES + 1).fill(1).fill(0xc3, 0, 1),
    ]
    for (const value of foreign) expect(codec.decode(value).kind).toBe('foreign')
  })
})

describe('the chain', () => {
  const codec = createEventCodec()
  const defined = (chain: Uint8Array, values: readonly Uint8Array[]): string => {
    const hash = createHash('sha256').update(chain)
    for (const value of values) {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(value.length)
      hash.update(length).update(value)
    }
    return hash.digest('hex')
  }
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

  test('is SHA-256 over the last one and each value behind its length, wherever the values lie', () => {
    const zero = new Uint8Array(32)
    const encoded = codec.encode(samples).values
    expect(hex(codec.chain(zero, encoded))).toBe(defined(zero, encoded))
    expect(hex(codec.chain(zero, encoded.slice(3)))).toBe(defined(zero, encoded.slice(3)))
    expect(hex(codec.chain(zero, encoded.toReversed()))).toBe(defined(zero, encoded.toReversed()))
    expect(hex(codec.chain(zero, []))).toBe(defined(zero, []))
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.uint8Array({ maxLength: 100 })),
        (chain, values) => {
          expect(hex(codec.chain(chain, values))).toBe(defined(chain, values))
        },
      ),
    )
  })

  test('is not misled by what lies between values', () => {
    const buffer = new Uint8Array(64).fill(5)
    const values = [buffer.subarray(4, 10), buffer.subarray(14, 20)]
    expect(hex(codec.chain(new Uint8Array(32), values))).toBe(defined(new Uint8Array(32), values))
  })

  test('runs over values larger than the pieces that it hashes at a time', () => {
    const values = [10, 65_530, 65_536, 0, 65_532, 300_000, 7].map((size) => new Uint8Array(size).fill(size))
    expect(hex(codec.chain(new Uint8Array(32), values))).toBe(defined(new Uint8Array(32), values))
  })
})
