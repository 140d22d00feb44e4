import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { Reader } from '../../src/codec/avro/reader.ts'
import { decodeCommand } from '../../src/codec/command-avro.ts'
import { isCommandType } from '../../src/codec/command-members.ts'
import { DecodeError } from '../../src/codec/decode-error.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { MAX_ITEMS } from '../../src/codec/limits.ts'
import { type RecordCodec, recordCodec } from '../../src/codec/record-codec.ts'
import { MAX_RECORD_BYTES } from '../../src/core/limits.ts'
import { EVENTS } from '../golden/samples.ts'
import { SOURCE } from './sources.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/records.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, string>
>
const all = Object.entries(golden).map(([name, hex]) => [name, new Uint8Array(Buffer.from(hex, 'hex'))] as const)
const HEADER_BYTES = 10
/** Far above what any of these takes, and far below what a bomb would; machines stall now and then. */
const SLOW_MS = 200

const events = createEventCodec()
const codecs = new Map<string, RecordCodec<object>>()

/** Decodes by the name of the record; null when the bytes were refused, as they must be: by DecodeError or as foreign. */
function attempt(name: string, value: Uint8Array): object | null {
  if (Object.hasOwn(EVENTS, name)) {
    const decoded = events.decode(value)
    return decoded.kind === 'event' ? decoded.event : null
  }
  try {
    if (isCommandType(name)) return decodeCommand(value, SOURCE)
    const codec = codecs.get(name) ?? recordCodec<object>(name)
    codecs.set(name, codec)
    return codec.decode(value)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

function slowest(run: () => void): number {
  const before = performance.now()
  run()
  return performance.now() - before
}

describe('bytes from outside', () => {
  test('that end too early, at any byte, are refused', () => {
    for (const [name, bytes] of all) {
      const read = Array.from(bytes, (_, end) => end).filter((end) => attempt(name, bytes.slice(0, end)) !== null)
      expect({ name, whole: attempt(name, bytes) !== null, read }).toEqual({ name, whole: true, read: [] })
    }
  })

  test('that claim a huge length or count anywhere are refused at once', () => {
    const claims = [
      // 200 M, 2^31, 2^53, 2^63 − 1; the first two as negative counts.
      [0x80, 0x88, 0xde, 0xbe, 0x01],
      [0x80, 0x80, 0x80, 0x80, 0x10],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
      [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      [0xff, 0x87, 0xde, 0xbe, 0x01],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
    ]
    for (const [name, bytes] of all) {
      for (let at = HEADER_BYTES; at < bytes.length; at += 1) {
        for (const claim of claims) {
          const bomb = Uint8Array.of(...bytes.subarray(0, at), ...claim)
          expect(slowest(() => attempt(name, bomb))).toBeLessThan(SLOW_MS)
        }
      }
    }
  })

  test('that are changed at random give a value or a refusal, never anything else, and fast', () => {
    let seed = 42
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    let refused = 0
    let slow = 0
    for (let round = 0; round < 20_000; round += 1) {
      const [name, bytes] = all[round % all.length] ?? ['', new Uint8Array(0)]
      const changed = bytes.slice()
      for (let change = random(4); change >= 0; change -= 1) {
        changed[HEADER_BYTES + random(changed.length - HEADER_BYTES)] = random(256)
      }
      slow = Math.max(
        slow,
        slowest(() => {
          if (attempt(name, changed) === null) refused += 1
        }),
      )
    }
    expect(slow).toBeLessThan(SLOW_MS)
    // Both must happen, or the test says nothing.
    expect(refused).toBeGreaterThan(2_000)
    expect(refused).toBeLessThan(18_000)
  })

  test('of any header are refused', () => {
    for (const [name, bytes] of all) {
      for (let at = 0; at < HEADER_BYTES; at += 1) {
        const changed = bytes.slice()
        changed[at] = (changed[at] ?? 0) ^ 0x40
        expect({ name, at, read: attempt(name, changed) }).toEqual({ name, at, read: null })
      }
    }
  })

  test('larger than a record may be are refused before they are read', () => {
    for (const [name, bytes] of all) {
      const large = new Uint8Array(MAX_RECORD_BYTES + 1)
      large.set(bytes)
      expect({ name, read: attempt(name, large) }).toEqual({ name, read: null })
    }
  })

  test('with a map key __proto__ are refused, and no prototype is touched', () => {
    const bytes =
      events.encode([{ ...EVENTS.JobsPaused, labels: { _xproto__: 'polluted' } }]).values[0] ?? new Uint8Array(0)
    const text = Buffer.from(bytes).toString('latin1').replace('_xproto__', '__proto__')
    const decoded = events.decode(new Uint8Array(Buffer.from(text, 'latin1')))
    expect(decoded).toEqual({ kind: 'foreign', why: 'JobsPaused: labels: a key named __proto__' })
    const labels = Object.fromEntries([['__proto__', 'x']])
    expect(() => events.encode([{ ...EVENTS.JobsPaused, labels }])).toThrow('__proto__')
  })

  test('with JSON text that has a key __proto__, is too deep, or is no JSON are refused', () => {
    const read = (result: string): string => {
      const marked = { ...EVENTS.RunSucceeded, result: 'x'.repeat(result.length - 2) }
      const bytes = events.encode([marked]).values[0] ?? new Uint8Array(0)
      const text = Buffer.from(bytes).toString('latin1').replace(`"${marked.result}"`, result)
      const decoded = events.decode(new Uint8Array(Buffer.from(text, 'latin1')))
      return decoded.kind === 'foreign' ? decoded.why : decoded.kind
    }
    expect(read('{"__proto__":{"polluted":1}}')).toBe('RunSucceeded: result: a key named __proto__')
    expect(read('[{"a":{"__proto__":null}}]')).toBe('RunSucceeded: result: a key named __proto__')
    expect(read(`${'['.repeat(64)}${']'.repeat(64)}`)).toBe('event')
    expect(read(`${'['.repeat(65)}${']'.repeat(65)}`)).toBe('RunSucceeded: result: JSON of more than 64 levels')
    expect(read(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toMatch(/more than 64 levels/)
    expect(read('{"a":}')).toBe('RunSucceeded: result: not valid JSON')
  })
})

test('a map whose key comes twice is refused: readers differ in which one they keep', () => {
  const bytes = events.encode([{ ...EVENTS.JobsPaused, labels: { a1: 'x', a2: 'y' } }]).values[0] ?? new Uint8Array(0)
  const text = Buffer.from(bytes).toString('latin1').replace('a2', 'a1')
  const decoded = events.decode(new Uint8Array(Buffer.from(text, 'latin1')))
  expect(decoded).toEqual({ kind: 'foreign', why: 'JobsPaused: labels: the key "a1" comes twice' })
})

describe('the reader', () => {
  const readerOf = (...bytes: readonly number[]): Reader => {
    const reader = new Reader()
    reader.reset(Uint8Array.from(bytes), 0)
    return reader
  }
  // 2^52, and the next number.
  const largest = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]
  const beyond = [0x82, ...largest.slice(1)]
  // −2^52, and the next number.
  const lowest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
  const below = [0x81, ...largest.slice(1)]

  test('takes integers within ±2^52, and no others', () => {
    expect(readerOf(...largest).long('n')).toBe(2 ** 52)
    expect(readerOf(...lowest).long('n')).toBe(-(2 ** 52))
    for (const bytes of [beyond, below, [...new Array<number>(9).fill(0xff), 0x01]]) {
      expect(() => readerOf(...bytes).long('n')).toThrow('n: a number beyond 2^52')
    }
  })

  test('takes no number of more than 10 bytes, and no int of more than 32 bits', () => {
    expect(readerOf(...new Array<number>(9).fill(0x80), 0x00).long('n')).toBe(0)
    expect(() => readerOf(...new Array<number>(10).fill(0x80), 0x00).long('n')).toThrow(
      'n: a number of more than 10 bytes',
    )
    expect(readerOf(0xff, 0xff, 0xff, 0xff, 0x0f).int('n')).toBe(-(2 ** 31))
    expect(() => readerOf(0x80, 0x80, 0x80, 0x80, 0x10).int('n')).toThrow('n: 2147483648 is not a 32-bit integer')
  })

  test('takes only 0 and 1 as boolean, only two branches, only finite numbers, only UTF-8', () => {
    expect([readerOf(0).boolean('b'), readerOf(1).boolean('b')]).toEqual([false, true])
    expect(() => readerOf(2).boolean('b')).toThrow('b: expected a boolean')
    expect([readerOf(0).isNull('u'), readerOf(2).isNull('u')]).toEqual([true, false])
    for (const branch of [1, 3, 4, 0x80]) expect(() => readerOf(branch).isNull('u')).toThrow('u: no such branch')
    const doubles = Buffer.alloc(8)
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      doubles.writeDoubleLE(value)
      expect(() => readerOf(...doubles).double('d')).toThrow('d: expected a finite number')
    }
    for (const bad of [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
      expect(() => readerOf(bad.length * 2, ...bad).string('s')).toThrow('s: not valid UTF-8')
    }
    expect(() => readerOf(0x01, 0x00).string('s')).toThrow('s: a negative length')
  })

  test('takes no count that is negative or more than the bytes can hold, and no length beyond them', () => {
    expect(readerOf(0x04, 0, 0).block(1, 'a')).toBe(2)
    expect(() => readerOf(0x04, 0, 0).block(2, 'a')).toThrow('a: 2 items announced, the bytes end before')
    expect(() => readerOf(0x03, 0, 0).block(1, 'a')).toThrow('a: a block with a negative count')
    expect(readerOf(1, 2).fixed(2, 'f')).toEqual(Uint8Array.of(1, 2))
    expect(() => readerOf(1, 2).fixed(3, 'f')).toThrow('f: the bytes end before the value does')
    expect(() => readerOf(0x06, 1, 2).bytes('b')).toThrow('b: the bytes end before the value does')
    expect(() => readerOf().long('n')).toThrow('n: the bytes end before the value does')
  })

  test('takes no more items than the limit, over all blocks', () => {
    const reader = new Reader()
    reader.reset(new Uint8Array(2 * MAX_ITEMS), 0)
    const blocks = Buffer.alloc(2 * MAX_ITEMS)
    // Blocks of 20,000: 40,000 as zigzag.
    for (let at = 0; at < 9; at += 3) blocks.set([0xc0, 0xb8, 0x02], at)
    reader.reset(blocks, 0)
    expect([reader.block(1, 'a'), reader.block(1, 'a')]).toEqual([20_000, 20_000])
    expect(() => reader.block(1, 'a')).toThrow(`a: more than ${MAX_ITEMS} items`)
  })
})
