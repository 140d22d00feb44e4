import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TimerHeap } from '../../src/materializer/timer-heap.ts'

/** All that is due at `now`, in the order in which it comes. */
function drained(heap: TimerHeap, now: number): string[] {
  const keys: string[] = []
  for (let key = heap.pop(now); key !== null; key = heap.pop(now)) keys.push(key)
  return keys
}

describe('timers', () => {
  test('come in the order of their times, and not before', () => {
    const heap = new TimerHeap()
    for (const [key, at] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
    ] as const)
      heap.set(key, at)
    expect(heap.head()).toBe(10)
    expect(drained(heap, 20)).toEqual(['a', 'b'])
    expect(heap.head()).toBe(30)
    expect(heap.pop(29)).toBe(null)
  })

  test('have one time each: the last one that was set', () => {
    const heap = new TimerHeap()
    heap.set('a', 10)
    heap.set('a', 30)
    heap.set('b', 20)
    expect(heap.size).toBe(2)
    expect(drained(heap, 100)).toEqual(['b', 'a'])
  })

  test('can be taken away', () => {
    const heap = new TimerHeap()
    heap.set('a', 10)
    heap.set('a', null)
    heap.set('never there', null)
    expect(heap.head()).toBe(null)
    expect(heap.size).toBe(0)
  })

  test('that went off can be set again, also to the same time', () => {
    const heap = new TimerHeap()
    heap.set('a', 10)
    expect(heap.pop(10)).toBe('a')
    heap.set('a', 10)
    expect(drained(heap, 10)).toEqual(['a'])
  })

  test('do not go off for the name that has their place after them', () => {
    const heap = new TimerHeap()
    heap.set('a', 10)
    heap.set('a', null)
    heap.set('b', 20)
    expect(heap.pop(10)).toBe(null)
    expect(drained(heap, 20)).toEqual(['b'])
  })

  test('that are moved a million times take the room of one', () => {
    const heap = new TimerHeap()
    for (let at = 0; at < 1_000_000; at += 1) heap.set('a', 1_000_000 - at)
    expect(heap.size).toBe(1)
    expect(drained(heap, 2_000_000)).toEqual(['a'])
  })
})

test('whatever is set and taken, timers come like from a sorted list', () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ key: fc.integer({ min: 0, max: 40 }), at: fc.integer({ min: 0, max: 50 }) }) },
    { weight: 2, arbitrary: fc.record({ key: fc.integer({ min: 0, max: 40 }), at: fc.constant(null) }) },
    { weight: 2, arbitrary: fc.record({ key: fc.constant(null), at: fc.integer({ min: 0, max: 60 }) }) },
  )
  fc.assert(
    fc.property(fc.array(action, { size: 'max', maxLength: 400 }), (actions) => {
      const heap = new TimerHeap()
      const model = new Map<string, number>()
      for (const { key, at } of actions) {
        if (key !== null) {
          heap.set(String(key), at)
          if (at === null) model.delete(String(key))
          else model.set(String(key), at)
          continue
        }
        const due = [...model].filter(([, time]) => time <= at)
        const got = drained(heap, at)
        expect(got.map((name) => model.get(name))).toEqual(due.map(([, time]) => time).toSorted((a, b) => a - b))
        expect(got.toSorted()).toEqual(due.map(([name]) => name).toSorted())
        for (const name of got) model.delete(name)
      }
      expect(heap.size).toBe(model.size)
      expect(heap.head()).toBe(model.size === 0 ? null : Math.min(...model.values()))
    }),
    { numRuns: 100 },
  )
})
