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
        const [batch, ...more] = decodeBatches(encodeBatch(written, timestamp))
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

  test.each(Object.keys(COMPRESSED))('is read when a Java producer compressed it with %s', (name) => {
    const [batch] = decodeBatches(bytesOf(name))
    expect(batch?.records.map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(VALUES)
  })

  test('is left for the next fetch while its end is missing', () => {
    const two = Buffer.concat([WHOLE, WHOLE])
    expect(decodeBatches(two)).toHaveLength(2)
    for (const cut of [1, 61, WHOLE.length - 1, WHOLE.length]) {
      expect(decodeBatches(two.subarray(0, two.length - cut))).toHaveLength(1)
    }
    expect(decodeBatches(Buffer.alloc(0))).toEqual([])
  })

  test.each([
    ['it unpacks to too much', bomb(80 * 1024 * 1024)],
    ['it unpacks to too many records', gzipped(1_000_000)],
    ['its compression is not known', withByte(WHOLE, 22, 7)],
    ['its bytes are damaged', withByte(WHOLE, 61, 0)],
    ['its records end early', withByte(encodeBatch([{ key: 'k', value: null }], 1), 60, 2)],
    ['it is of an older format', withByte(WHOLE, 16, 1)],
  ])('says that it can not be read, and where to read on, when %s', (_why, stored) => {
    const [batch, ...more] = decodeBatches(Buffer.concat([stored, WHOLE]))
    expect(batch).toMatchObject({ first: 0, records: [], bytes: 0, unreadable: expect.any(String) })
    expect(batch?.next).toBeGreaterThan(0)
    // What stands behind it is for the next fetch: unpacking may have taken its time.
    expect(more).toEqual([])
  })

  test('leaves others to the next fetch when much comes out of those before', () => {
    const large = bomb(40 * 1024 * 1024)
    expect(decodeBatches(Buffer.concat([large, large, large])).map(({ unreadable }) => unreadable)).toEqual([
      null,
      null,
    ])
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
