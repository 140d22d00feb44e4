import { expect, test } from 'vitest'
import { murmur2, partitionOf, spreadOf } from '../../src/core/partition.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** From the tests of Kafka's own clients. */
const KAFKA: readonly (readonly [key: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

test.each(KAFKA)("the hash of %j is that of Kafka's clients", (key, hash) => {
  expect(murmur2(utf8(key)) | 0).toBe(hash)
})

test('a key goes to the partition that Java would choose, also with a negative hash', () => {
  for (const [key, hash] of KAFKA) expect(partitionOf(key, 12)).toBe((hash & 0x7fffffff) % 12)
})

test('a key is hashed by its UTF-8 bytes', () => {
  expect(partitionOf('ключ', 1_000)).toBe((murmur2(utf8('ключ')) & 0x7fffffff) % 1_000)
})

test('with one partition there is nothing to choose', () => {
  expect(partitionOf('anything', 1)).toBe(0)
})

test('a spread lies in [0, 1) and depends on the text alone', () => {
  const spreads = Array.from({ length: 1_000 }, (_, i) => spreadOf(`run ${i}`))
  expect(spreads.every((spread) => spread >= 0 && spread < 1)).toBe(true)
  expect(spreads.reduce((sum, spread) => sum + spread, 0) / 1_000).toBeCloseTo(0.5, 1)
  expect(spreadOf('run 1')).toBe(spreads[1])
})
