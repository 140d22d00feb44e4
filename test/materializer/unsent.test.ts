/** The batches above the mark: all of them, in a bounded number of ranges, and nothing below. */
import { expect, test } from 'vitest'
import { decodeUnsent, encodeUnsent } from '../../src/materializer/checkpoint/unsent-bytes.ts'
import { Unsent, type UnsentRange } from '../../src/materializer/unsent.ts'

/** Batches of three records. */
function accept(unsent: Unsent, epoch: number, batches: number, mark = { epoch: 0, seq: 0 }): void {
  const from = unsent.ranges.at(-1)?.end ?? 0
  for (let seq = 0; seq < batches; seq += 1) {
    const offset = from + 3 * seq
    unsent.accepted({ epoch, seq, offset, end: offset + 3 }, mark)
  }
}

/** By epoch: which batches are in the ranges, with their offsets. */
function covered(ranges: readonly UnsentRange[]): string[] {
  return ranges.flatMap(({ epoch, first, seq, offset, end }) => {
    expect(end - offset).toBe(3 * (seq - first + 1))
    return Array.from({ length: seq - first + 1 }, (_, index) => `${epoch}/${first + index}`)
  })
}

test('are all there in at most a thousand ranges, however long the mark stands still', () => {
  const unsent = new Unsent()
  accept(unsent, 1, 50_000)
  accept(unsent, 2, 70_000)
  expect(unsent.ranges.length).toBeLessThanOrEqual(1_000)
  const batches = covered(unsent.ranges)
  expect(batches).toHaveLength(120_000)
  expect([batches[0], batches[49_999], batches[50_000], batches.at(-1)]).toEqual(['1/0', '1/49999', '2/0', '2/69999'])
  expect(encodeUnsent(unsent.ranges).length).toBeLessThan(100_000)
  expect(decodeUnsent(encodeUnsent(unsent.ranges))).toEqual(unsent.ranges)
})

test('are only those of the range in which the mark is, and those behind it, when the mark has moved', () => {
  const unsent = new Unsent()
  accept(unsent, 1, 5_000)
  unsent.accepted({ epoch: 1, seq: 5_000, offset: 15_000, end: 15_003 }, { epoch: 1, seq: 4_000 })
  const batches = covered(unsent.ranges)
  expect(batches).toContain('1/4001')
  expect(batches).not.toContain('1/3900')
  unsent.accepted({ epoch: 1, seq: 5_001, offset: 15_003, end: 15_006 }, { epoch: 1, seq: 5_000 })
  expect(unsent.ranges).toEqual([{ epoch: 1, seq: 5_001, first: 5_001, offset: 15_003, end: 15_006 }])
})

test('of a checkpoint that names single batches are these batches', () => {
  expect(decodeUnsent(new TextEncoder().encode('[[1,7,20,23]]'))).toEqual([
    { epoch: 1, seq: 7, first: 7, offset: 20, end: 23 },
  ])
})
