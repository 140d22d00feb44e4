// The hash of Java's default partitioner, with the vectors of its own tests.
import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './murmur2.ts'

test.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
])('of %s', (text, expected) => {
  expect(murmur2(Buffer.from(text))).toBe(expected)
})

test('a negative hash gives a partition as well', () => {
  expect(partitionOf('foobar', 12)).toBe((-790_332_482 & 0x7fffffff) % 12)
})
