import { readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { avscTypes } from '../../src/codec/avro/avsc.ts'
import { compilePrepare } from '../../src/codec/avro/prepare.ts'
import { parseNamed, type RecordSchema } from '../../src/codec/avro/schema.ts'
import { RecordBuffer, recordEncoder } from '../../src/codec/record-buffer.ts'
import { storedSchema } from '../../src/codec/schema-store.ts'
import { MAX_RECORD_BYTES } from '../../src/core/limits.ts'
import { EVENTS } from '../golden/samples.ts'
import { encodeBody } from './encode.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/records.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A record with one member of the type: its schema, and the bytes that the runtime writes for a value. */
function recordWith(type: unknown): { readonly schema: RecordSchema; readonly write: (value: unknown) => Buffer } {
  const json = {
    type: 'record',
    name: 'One',
    namespace: 'test',
    doc: 'One.',
    fields: [{ name: 'one', type, doc: 'One.', ...(Array.isArray(type) ? { default: null } : {}) }],
  }
  const schema = parseNamed(json, () => {
    throw new Error('none')
  }) as RecordSchema
  const prepare = compilePrepare(schema)
  const avsc = avscTypes(new Map([['test.One', json]])).get('test.One')
  const buffer = Buffer.alloc(4096)
  return {
    schema,
    write: (one) => Buffer.from(buffer.subarray(0, avsc?.encode(prepare({ one }), buffer, 0))),
  }
}

function sameBytes(type: unknown, one: unknown): void {
  const { schema, write } = recordWith(type)
  expect(hex(write(one))).toBe(hex(encodeBody(schema, { one })))
}

describe('what avsc would write wrongly', () => {
  test('longs: right to ±2^52, refused beyond, where it loses the last bit', () => {
    const { schema, write } = recordWith('long')
    const around = (n: number): readonly number[] => [n - 1, n, n + 1].filter((one) => Math.abs(one) <= 2 ** 52)
    for (let bits = 0; bits <= 52; bits += 1) {
      for (const one of [...around(2 ** bits), ...around(-(2 ** bits))]) {
        expect(hex(write(one))).toBe(hex(encodeBody(schema, { one })))
      }
    }
    fc.assert(fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (one) => sameBytes('long', one)))
    const beyond = [2 ** 52 + 1, -(2 ** 52) - 1, Number.MAX_SAFE_INTEGER, 2 ** 53, 1.5, Number.NaN, Infinity, '1', 1n]
    for (const one of beyond) expect(() => write(one)).toThrow(/^one: expected an integer within ±2\^52/)
  })

  test('ints: right to 32 bits, refused beyond', () => {
    for (const one of [0, -0, 1, -1, 2 ** 30, -(2 ** 30) - 1, 2 ** 31 - 1, -(2 ** 31)]) sameBytes('int', one)
    const { write } = recordWith('int')
    for (const one of [2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN, true, null]) {
      expect(() => write(one)).toThrow(/^one: expected a 32-bit integer/)
    }
  })

  test('doubles: those that are no finite numbers are refused', () => {
    for (const one of [0, 1.5, -1e300, 5e-324]) sameBytes('double', one)
    const { write } = recordWith('double')
    for (const one of [Number.NaN, Infinity, '1']) expect(() => write(one)).toThrow('one: expected a finite number')
  })

  test('texts: lone surrogates become U+FFFD, at any place and length, in map keys too', () => {
    for (const length of [0, 1, 20, 21, 22, 60, 63, 64, 65, 500]) {
      const rest = 'x'.repeat(length)
      for (const one of [`\ud800${rest}`, `${rest}\udc00`, `${rest}\udc00\ud800${rest}`, `${rest}é😀`]) {
        for (const [type, value] of [
          ['string', one],
          [['null', 'string'], one],
          [{ type: 'map', values: 'string' }, { [one]: 'v' }],
          [{ type: 'map', values: 'string' }, { k: one }],
          [{ type: 'array', items: 'string' }, ['a', one, 'b']],
        ]) {
          const { schema, write } = recordWith(type)
          expect(hex(write(value))).toBe(hex(encodeBody(schema, { one: value })))
        }
      }
    }
    const text = fc.string({ unit: 'binary', maxLength: 90 })
    fc.assert(fc.property(text, (one) => sameBytes('string', one)))
  })

  test('bytes: any Uint8Array, also a part of a buffer, is written and left as it was', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => index)
    for (const one of [bytes, bytes.subarray(10, 20), bytes.subarray(5, 5), Buffer.from('abc')]) {
      const before = hex(one)
      sameBytes('bytes', one)
      sameBytes({ type: 'array', items: ['null', 'bytes'] }, [one, null])
      expect(hex(one)).toBe(before)
    }
    const { write } = recordWith('bytes')
    for (const one of ['abc', [1], null, new ArrayBuffer(2)]) expect(() => write(one)).toThrow('one: expected bytes')
  })

  test('JSON: any value becomes its text, once, and null of a nullable one stays null', () => {
    const json = { type: 'string', logicalType: 'json' }
    for (const one of [null, 0, -0, '', 'a"b', '\ud800', true, [1, [2]], { a: { b: null } }]) sameBytes(json, one)
    for (const one of [null, 'x', { a: 1 }]) sameBytes(['null', json], one)
    expect(() => recordWith(json).write(undefined)).toThrow('one: expected a JSON value')
  })

  test('what is missing is null where null is allowed, and refused elsewhere', () => {
    expect(hex(recordWith(['null', 'int']).write(undefined))).toBe('00')
    expect(hex(recordWith({ type: 'array', items: ['null', 'int'] }).write([1, undefined]))).toBe('0402020000')
    for (const type of ['boolean', 'int', 'long', 'double', 'string', 'bytes', { type: 'array', items: 'int' }]) {
      expect(() => recordWith(type).write(undefined)).toThrow(TypeError)
    }
  })

  test('arrays, maps and records are not taken for each other', () => {
    for (const type of [{ type: 'map', values: 'int' }, ['null', { type: 'map', values: 'int' }]]) {
      const { write } = recordWith(type)
      for (const one of [[1], Uint8Array.of(1), 'a', 1]) expect(() => write(one)).toThrow('one: expected an object')
    }
    for (const one of [{ 0: 1, length: 1 }, 'a', Uint8Array.of(1)]) {
      expect(() => recordWith({ type: 'array', items: 'int' }).write(one)).toThrow('one: expected an array')
    }
    expect(() => compilePrepare(storedSchema('RunLost').schema)([])).toThrow('expected an object')
  })
})

describe('a value that is prepared', () => {
  test('is the same object when all of it is right already', () => {
    const prepare = compilePrepare(storedSchema('RunLost').schema)
    expect(prepare(EVENTS.RunLost)).toBe(EVENTS.RunLost)
  })

  test('is never changed itself, and bytes in it are not copied', () => {
    const before = structuredClone(EVENTS.JobAdded)
    const prepared = compilePrepare(storedSchema('JobAdded').schema)(EVENTS.JobAdded) as typeof EVENTS.JobAdded
    expect(EVENTS.JobAdded).toStrictEqual(before)
    expect(prepared).not.toBe(EVENTS.JobAdded)
    expect(prepared.definition.payload.buffer).toBe(EVENTS.JobAdded.definition.payload.buffer)
  })

  test('may inherit members, also when it is copied', () => {
    const event = { ...EVENTS.RunLost, reason: '\ud800' }
    const inherited = Object.create(event) as object
    const encoder = recordEncoder(storedSchema('RunLost'))
    const bytes = [event, inherited].map((one) => {
      const buffer = new RecordBuffer(0)
      return hex(buffer.view(0, buffer.append(encoder, one)))
    })
    expect(bytes[1]).toBe(bytes[0])
  })
})

describe('the buffer', () => {
  test('gives the golden bytes whatever its size was at first', () => {
    for (const event of Object.values(EVENTS)) {
      const encoder = recordEncoder(storedSchema(event.type))
      const wanted = golden[event.type] ?? ''
      for (let room = 0; room <= wanted.length / 2 + 1; room += 1) {
        const buffer = new RecordBuffer(room)
        const size = buffer.append(encoder, event)
        expect(hex(buffer.view(0, size))).toBe(wanted)
      }
    }
  })

  test('keeps what it holds when it grows, and when a value is refused', () => {
    const encoder = recordEncoder(storedSchema('RunLost'))
    const buffer = new RecordBuffer(1)
    const first = buffer.append(encoder, EVENTS.RunLost)
    expect(() => buffer.append(encoder, { ...EVENTS.RunLost, reason: 1 })).toThrow('reason: expected a text')
    expect(() => buffer.append(encoder, { ...EVENTS.RunLost, reason: 'x'.repeat(MAX_RECORD_BYTES) })).toThrow(
      RangeError,
    )
    expect(buffer.position).toBe(first)
    buffer.append(encoder, { ...EVENTS.RunLost, reason: 'é'.repeat(30) })
    expect(hex(buffer.view(0, first))).toBe(golden['RunLost'])
  })

  test('takes a record of exactly the largest size, and refuses one of a byte more', () => {
    const encoder = recordEncoder(storedSchema('RunLost'))
    // With too little room at first, and with more than enough.
    for (const room of [64, 2 * MAX_RECORD_BYTES]) {
      const sizeWith = (chars: number): number =>
        new RecordBuffer(room).append(encoder, { ...EVENTS.RunLost, reason: 'x'.repeat(chars) })
      const other = sizeWith(800_000) - 800_000
      expect(sizeWith(MAX_RECORD_BYTES - other)).toBe(MAX_RECORD_BYTES)
      expect(() => sizeWith(MAX_RECORD_BYTES - other + 1)).toThrow(RangeError)
    }
  })
})
