/** Kafka's record batches: what is written can be read, what others wrote too, and what is damaged ends in an error. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decompress } from '../../../src/adapters/kafka/compression.ts'
import { crc32c } from '../../../src/adapters/kafka/crc32c.ts'
import { decodeBatches, encodeBatch, recordBytes, withoutAborted } from '../../../src/adapters/kafka/record-batch.ts'
import type { RecordBatch } from '../../../src/adapters/kafka/record-batch.ts'
import { COMPRESSED, VALUES } from './compressed-batches.ts'

const bytes = fc.uint8Array({ maxLength: 300 })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const records = fc.array(
  fc.record({
    key: fc.option(text),
    value: fc.option(bytes),
    headers: fc.array(fc.tuple(text, bytes), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 150 },
)
const WHOLE = bytesOf('gzip')

describe('a record batch', () => {
  test('comes back as it was written: keys, tombstones, headers in order', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 2 ** 41 }), (written, timestamp) => {
        const [batch, ...more] = decodeBatches(encodeBatch(written, timestamp)).batches
        expect(more).toEqual([])
        expect(batch).toMatchObject({ first: 0, next: written.length, control: null, transactional: false })
        expect(batch?.records.map(({ key, value, headers }) => comparable(key, value, headers))).toEqual(
          written.map(({ key, value, headers }) => comparable(key, value, headers)),
        )
        expect(batch?.records.map((one) => [one.offset, one.timestamp])).toEqual(
          written.map((_, index) => [index, timestamp]),
        )
      }),
    )
  })

  test('keeps the bytes of keys that are no text, and of the others only the text', () => {
    const key = Buffer.from('00000007deadbeef', 'hex')
    const { batches } = decodeBatches(
      encodeBatch(
        [key, 'Zoë', null].map((one) => ({ key: one, value: null })),
        1,
      ),
    )
    expect(batches[0]?.records.map(({ key: text, rawKey }) => ({ text, rawKey }))).toEqual([
      { text: key.toString(), rawKey: key },
      { text: 'Zoë', rawKey: undefined },
      { text: null, rawKey: undefined },
    ])
  })

  test('is never larger than its records were counted', () => {
    fc.assert(
      fc.property(records, (written) => {
        const counted = written.reduce((sum, record) => sum + recordBytes(record), 61)
        expect(encodeBatch(written, 1).length).toBeLessThanOrEqual(counted)
      }),
    )
  })

  test('has the check sum of Castagnoli', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    const stored = bytesOf('lz4')
    expect(crc32c(stored.subarray(21))).toBe(stored.readUInt32BE(17))
  })

  test('has a check sum that does not depend on how long it is, or where it begins', () => {
    const byBits = (values: Uint8Array): number => {
      let crc = -1
      for (const value of values) {
        crc ^= value
        for (let left = 8; left > 0; left--) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
      }
      return ~crc >>> 0
    }
    fc.assert(
      fc.property(bytes, fc.nat({ max: 9 }), (given, from) => {
        expect(crc32c(given.subarray(from))).toBe(byBits(given.subarray(from)))
      }),
    )
  })

  test.each(Object.keys(COMPRESSED))('is read when a Java producer compressed it with %s', (name) => {
    const [batch] = decodeBatches(bytesOf(name)).batches
    expect(batch?.records.map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(VALUES)
  })

  test('is left for the next fetch while its end is missing', () => {
    const two = Buffer.concat([WHOLE, WHOLE])
    expect(decodeBatches(two).batches).toHaveLength(2)
    for (const cut of [1, 61, WHOLE.length - 1, WHOLE.length]) {
      expect(decodeBatches(two.subarray(0, two.length - cut)).batches).toHaveLength(1)
    }
    expect(decodeBatches(Buffer.alloc(0))).toEqual({ batches: [], damaged: null })
  })

  test.each([
    ['it unpacks to too much', bomb(80 * 1024 * 1024)],
    ['it unpacks to too many records', gzipped(1_000_000)],
    ['its compression is not known', withByte(WHOLE, 22, 7)],
    ['its bytes were never right', withByte(WHOLE, 61, 0)],
    ['its records end early', withByte(encodeBatch([{ key: 'k', value: null }], 1), 60, 2)],
    ['it is of an older format', withByte(WHOLE, 16, 1)],
  ])('says that it can not be read, and where to read on, when %s', (_why, stored) => {
    const [batch, ...more] = decodeBatches(Buffer.concat([sealed(stored), WHOLE])).batches
    expect(batch).toMatchObject({ first: 0, records: [], bytes: 0, unreadable: expect.any(String) })
    expect(batch?.next).toBeGreaterThan(0)
    // What stands behind it is for the next fetch: unpacking may have taken its time.
    expect(more).toEqual([])
  })

  test.each([
    [0, 26],
    [1, 34],
    [1, 60],
    [0, 300],
  ])('of format %i says that it can not be read however small it is: %i bytes', (format, bytes) => {
    const old = Buffer.alloc(bytes)
    old.writeInt32BE(7, 4)
    old.writeInt32BE(bytes - 12, 8)
    old.writeInt8(format, 16)
    const [batch, ...more] = decodeBatches(old).batches
    expect(batch).toMatchObject({ first: 7, next: 8, unreadable: `format ${format} instead of 2` })
    expect(more).toEqual([])
    expect(decodeBatches(old.subarray(0, -1))).toEqual({ batches: [], damaged: null })
  })

  test.each([
    ['of this format', 2, 48],
    ['of an older one', 1, 13],
    ['with a length below zero', 2, -1],
  ])('that says to be shorter than one can be is damaged: %s', (_what, format, length) => {
    const short = withByte(WHOLE, 16, format)
    short.writeInt32BE(length, 8)
    const { batches, damaged } = decodeBatches(Buffer.concat([WHOLE, short]))
    expect({ whole: batches.length, damaged }).toMatchObject({ whole: 1, damaged: { first: 0 } })
  })

  test('is not read, nor what stands behind it, when any bit that its check sum guards is another', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.nat({ max: 7 }), (written, place, bit) => {
        const stored = encodeBatch(written, 1)
        stored.writeInt32BE(7, 4)
        const at = 21 + (place % (stored.length - 21))
        const damaged = withByte(stored, at, stored[at]! ^ (1 << bit))
        const { batches, damaged: found } = decodeBatches(Buffer.concat([WHOLE, damaged, WHOLE]))
        expect(batches).toEqual(decodeBatches(WHOLE).batches)
        expect(found).toEqual({ first: 7, expected: stored.readUInt32BE(17), came: crc32c(damaged.subarray(21)) })
      }),
    )
  })

  test('leaves others to the next fetch when much comes out of those before', () => {
    const large = sealed(bomb(40 * 1024 * 1024))
    const { batches } = decodeBatches(Buffer.concat([large, large, large]))
    expect(batches.map(({ unreadable }) => unreadable)).toEqual([null, null])
  })
})

describe('compressed bytes that are damaged', () => {
  test.each(Object.keys(COMPRESSED))('end in an error or in bytes, never in a hang or too much memory: %s', (name) => {
    const whole = bytesOf(name)
    const codec = whole.readInt16BE(21) & 7
    const body = whole.subarray(61)
    fc.assert(
      fc.property(fc.nat({ max: body.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 20 }), (at, byte, cut) => {
        const damaged = Buffer.from(body.subarray(0, body.length - cut))
        if (at < damaged.length) damaged[at] = byte
        expect(lengthOrError(codec, damaged)).toBeLessThanOrEqual(64 * 1024 * 1024)
      }),
    )
  })

  test('are refused when far too much would come out of them', () => {
    // Snappy: one literal byte, then copies of 64 bytes for ever.
    const bomb = Buffer.concat([Buffer.from([1, 0, 65]), Buffer.alloc(3_600_000, Buffer.from([(63 << 2) | 2, 1, 0]))])
    expect(() => decompress(2, bomb)).toThrow('bytes come out')
  })
})

describe('records of aborted transactions', () => {
  const batch = (first: number, producerId: number, kind: 'plain' | 'open' | 'commit' | 'abort'): RecordBatch => ({
    first,
    next: first + 1,
    bytes: 1,
    producerId,
    transactional: kind !== 'plain',
    control: kind === 'commit' || kind === 'abort' ? kind : null,
    unreadable: null,
    records: [{ offset: first, timestamp: 0, key: null, value: new Uint8Array(1), headers: [] }],
  })
  test('are left out, also when they can not be read', () => {
    const aborted = { ...batch(0, 1, 'open'), unreadable: 'too large' }
    const [kept] = withoutAborted([aborted, batch(1, 1, 'abort')], [{ producerId: 1, first: 0 }])
    expect(kept?.unreadable).toBeNull()
  })

  const left = (batches: readonly RecordBatch[], aborted: readonly { producerId: number; first: number }[]) =>
    withoutAborted(batches, aborted)
      .filter((one) => one.control === null && one.records.length > 0)
      .map(({ first }) => first)

  test('are left out, while those of other transactions between them stay', () => {
    const batches = [
      batch(0, 1, 'open'),
      batch(1, 2, 'open'),
      batch(2, 9, 'plain'),
      batch(3, 1, 'open'),
      batch(4, 2, 'commit'),
      batch(5, 1, 'abort'),
      batch(6, 1, 'open'),
      batch(7, 1, 'commit'),
    ]
    expect(left(batches, [{ producerId: 1, first: 0 }])).toEqual([1, 2, 6])
  })

  test('are left out when two are aborted in the other order than they began', () => {
    const batches = [
      batch(0, 1, 'open'),
      batch(1, 2, 'open'),
      batch(2, 2, 'abort'),
      batch(3, 1, 'open'),
      batch(4, 1, 'abort'),
    ]
    const aborted = [
      { producerId: 2, first: 1 },
      { producerId: 1, first: 0 },
    ]
    expect(left(batches, aborted)).toEqual([])
  })
})

/** A batch of one record, whose value is so many zeros. */
function bomb(bytes: number): Buffer {
  return packed(encodeBatch([{ key: null, value: Buffer.alloc(bytes) }], 1))
}

/** A batch of so many of the smallest records. */
function gzipped(count: number): Buffer {
  const one = encodeBatch([{ key: null, value: null }], 1)
  const stored = Buffer.concat([one.subarray(0, 61), Buffer.alloc(count * (one.length - 61), one.subarray(61))])
  stored.writeInt32BE(count, 57)
  return packed(stored)
}

function packed(batch: Buffer): Buffer {
  const stored = Buffer.concat([batch.subarray(0, 61), gzipSync(batch.subarray(61))])
  stored.writeInt16BE(1, 21)
  stored.writeInt32BE(stored.length - 12, 8)
  return stored
}

/** With the check sum of what it has become. */
function sealed(batch: Buffer): Buffer {
  const stored = Buffer.from(batch)
  stored.writeUInt32BE(crc32c(stored.subarray(21)), 17)
  return stored
}

function withByte(batch: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(batch)
  changed[at] = byte
  return changed
}

/** -1: it is refused. */
function lengthOrError(codec: number, body: Buffer): number {
  try {
    return decompress(codec, body).length
  } catch (err) {
    if (err instanceof Error) return -1
    throw err
  }
}

function bytesOf(name: string): Buffer {
  return Buffer.from((COMPRESSED[name] ?? []).join(''), 'base64')
}

function comparable(key: string | null, value: Uint8Array | null, headers: readonly (readonly [string, Uint8Array])[]) {
  return [key, value && [...value], headers.map(([name, content]) => [name, [...content]])]
}
