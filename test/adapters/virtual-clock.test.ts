import { describe, expect, test } from 'vitest'
import { createSeededEntropy } from '../../src/adapters/memory/seeded-entropy.ts'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'

describe('the virtual clock', () => {
  test('fires timers in order of time, then of scheduling, each at its own time', async () => {
    const clock = createVirtualClock(1_000)
    const fired: string[] = []
    for (const [name, at] of [
      ['c', 1_030],
      ['a', 1_010],
      ['b', 1_010],
      ['never', 1_051],
    ] as const) {
      clock.schedule(at, () => fired.push(`${name} ${clock.now()}`))
    }
    expect(clock.nextTimerAt()).toBe(1_010)
    await clock.advance(50)
    expect(fired).toEqual(['a 1010', 'b 1010', 'c 1030'])
    expect(clock.now()).toBe(1_050)
  })

  test('lets all that a timer sets off drain before time goes on', async () => {
    const clock = createVirtualClock(0)
    const seen: number[] = []
    const work = async (): Promise<void> => {
      for (let step = 0; step < 50; step++) await Promise.resolve()
      for (let step = 0; step < 5; step++) await new Promise((resolve) => setImmediate(resolve))
      seen.push(clock.now())
      clock.schedule(15, () => seen.push(clock.now()))
    }
    clock.schedule(10, () => void work())
    clock.schedule(12, () => seen.push(clock.now()))
    await clock.advance(20)
    expect(seen).toEqual([10, 12, 15])
  })

  test('fires what is already due without being advanced, but not within the call', async () => {
    const clock = createVirtualClock(100)
    let fired = false
    const due = new Promise<void>((resolve) => {
      clock.schedule(100, () => {
        fired = true
        resolve()
      })
    })
    expect(fired).toBe(false)
    await due
    expect(clock.nextTimerAt()).toBeNull()
  })

  test('never fires a cancelled timer, also when another cancels it at the same instant', async () => {
    const clock = createVirtualClock(0)
    const fired: string[] = []
    let cancel = (): void => undefined
    clock.schedule(10, () => cancel())
    cancel = clock.schedule(10, () => fired.push('cancelled'))
    clock.schedule(11, () => fired.push('other'))()
    await clock.advance(20)
    expect(fired).toEqual([])
  })

  test('steps back: timers wait for their time to come again', async () => {
    const clock = createVirtualClock(1_000)
    const fired: number[] = []
    clock.schedule(1_010, () => fired.push(clock.now()))
    await clock.set(500)
    await clock.advance(509)
    expect(fired).toEqual([])
    await clock.advance(1)
    expect(fired).toEqual([1_010])
  })

  test('steps forth: what was due between fires at the time stepped to', async () => {
    const clock = createVirtualClock(0)
    const fired: number[] = []
    clock.schedule(10, () => fired.push(clock.now()))
    clock.schedule(20, () => fired.push(clock.now()))
    await clock.set(3_600_000)
    expect(fired).toEqual([3_600_000, 3_600_000])
  })
})

describe('seeded entropy', () => {
  test('repeats itself for a seed, and differs between seeds', () => {
    const [a, b, c] = [createSeededEntropy(7), createSeededEntropy(7), createSeededEntropy(8)]
    for (const count of [1, 16, 5]) expect(a.bytes(count)).toEqual(b.bytes(count))
    expect(a.bytes(16)).not.toEqual(c.bytes(16))
    expect(a.bytes(0)).toHaveLength(0)
  })

  test('gives the same bytes on every machine', () => {
    expect([...createSeededEntropy(1).bytes(9)]).toEqual([212, 25, 113, 23, 229, 45, 150, 129, 179])
  })

  test('spreads evenly enough for tests', () => {
    const counts = new Array<number>(256).fill(0)
    for (const byte of createSeededEntropy(42).bytes(256_000)) counts[byte]!++
    expect(Math.min(...counts)).toBeGreaterThan(850)
    expect(Math.max(...counts)).toBeLessThan(1_150)
  })
})
