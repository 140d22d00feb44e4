import { beforeEach, describe, expect, test, vi } from 'vitest'
import { MAX_ABSORBED_STEP_MS, startEngineClock, stepEngineClock } from '../../src/adapters/system/engine-clock.ts'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'
import { createSystemEntropy } from '../../src/adapters/system/system-entropy.ts'

/** Runs the engine clock over readings (wall, monotonic) and returns what it showed at each. */
function shown(readings: readonly (readonly [wallMs: number, monotonicMs: number])[]): number[] {
  let state = startEngineClock(...readings[0]!)
  return readings.map(([wall, monotonic]) => {
    state = stepEngineClock(state, wall, monotonic)
    return state.engineMs
  })
}

describe('the engine clock', () => {
  const START = 1_800_000_000_000

  test('shows the wall clock as long as that does not step', () => {
    expect(
      shown([
        [START, 0],
        [START + 5, 5],
        [START + 1_000, 1_000.4],
      ]),
    ).toEqual([START, START + 5, START + 1_000])
  })

  test('follows a step forward at once', () => {
    expect(
      shown([
        [START, 0],
        [START + 3_600_010, 10],
      ]),
    ).toEqual([START, START + 3_600_010])
  })

  test('absorbs a step back at half speed until the wall clock caught up', () => {
    const back = 60_000
    expect(
      shown([
        [START, 0],
        [START - back, 0],
        [START - back + 1_000, 1_000],
        [START + 60_000, 120_000],
        [START + 60_500, 120_500],
      ]),
    ).toEqual([START, START, START + 500, START + 60_000, START + 60_500])
  })

  test('absorbs a step of ten minutes and follows a longer one', () => {
    expect(
      shown([
        [START, 0],
        [START - MAX_ABSORBED_STEP_MS, 0],
      ]),
    ).toEqual([START, START])
    expect(
      shown([
        [START, 0],
        [START - MAX_ABSORBED_STEP_MS - 1, 0],
      ]),
    ).toEqual([START, START - MAX_ABSORBED_STEP_MS - 1])
  })

  test('judges a step by its own length, however long nobody read the clock', () => {
    const asleep = 3_600_000
    expect(
      shown([
        [START, 0],
        [START + asleep - 700_000, asleep],
      ]),
    ).toEqual([START, START + asleep - 700_000])
    expect(
      shown([
        [START, 0],
        [START + asleep - 500_000, asleep],
      ]),
    ).toEqual([START, START + asleep - 500_000])
  })

  test('follows when steps that were absorbed add up to more than ten minutes', () => {
    expect(
      shown([
        [START, 0],
        [START - 400_000, 0],
        [START - 800_000, 0],
      ]),
    ).toEqual([START, START, START - 800_000])
  })

  test('never goes back while the wall clock trembles', () => {
    const readings = Array.from({ length: 200 }, (_, index) => [START + index - (index % 7), index] as const)
    const times = shown(readings)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })
})

describe('the system clock', () => {
  test('never calls back early, nor within the call', async () => {
    const clock = createSystemClock()
    const early = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const at = clock.now() + (index % 20)
        return new Promise<boolean>((resolve) => {
          let returned = false
          clock.schedule(at, () => resolve(clock.now() < at || !returned))
          returned = true
        })
      }),
    )
    expect(early).not.toContain(true)
  })

  test('shows whole milliseconds', () => {
    expect(Number.isSafeInteger(createSystemClock().now())).toBe(true)
  })

  test('does not call back what was cancelled, nor what is years away', async () => {
    const clock = createSystemClock()
    const fired: string[] = []
    const at = clock.now() + 5
    const cancel = clock.schedule(at, () => fired.push('cancelled'))
    const cancelFar = clock.schedule(at + 10 * 365 * 86_400_000, () => fired.push('far'))
    await new Promise<void>((resolve) => {
      clock.schedule(at, resolve)
      cancel()
    })
    await new Promise<void>((resolve) => clock.schedule(at + 5, resolve))
    expect(fired).toEqual([])
    cancelFar()
    cancelFar()
  })
})

describe('the system clock over a wall clock that steps', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_800_000_000_000 })
    return () => vi.useRealTimers()
  })

  test('notices a step forward, or a sleep of the machine, within a second', async () => {
    const clock = createSystemClock()
    const fired: number[] = []
    const at = clock.now() + 3_600_000
    clock.schedule(at, () => fired.push(clock.now()))
    await vi.advanceTimersByTimeAsync(10_000)
    vi.setSystemTime(at + 500)
    await vi.advanceTimersByTimeAsync(1_010)
    expect(fired).toHaveLength(1)
    expect(fired[0]).toBeGreaterThanOrEqual(at)
  })

  test('waits at half speed after a step back, and fires not early', async () => {
    const clock = createSystemClock()
    const fired: number[] = []
    const at = clock.now() + 10_000
    clock.schedule(at, () => fired.push(clock.now()))
    vi.setSystemTime(1_800_000_000_000 - 60_000)
    await vi.advanceTimersByTimeAsync(19_900)
    expect(fired).toEqual([])
    await vi.advanceTimersByTimeAsync(200)
    expect(fired).toHaveLength(1)
  })

  test('holds a timer longer than the platform can', async () => {
    const clock = createSystemClock()
    const fired: number[] = []
    const at = clock.now() + 40 * 86_400_000
    clock.schedule(at, () => fired.push(clock.now()))
    await vi.advanceTimersByTimeAsync(40 * 86_400_000 - 1)
    expect(fired).toEqual([])
    await vi.advanceTimersByTimeAsync(2)
    expect(fired).toEqual([at])
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('the system gives as many random bytes as asked for, and others each time', () => {
  const entropy = createSystemEntropy()
  expect(entropy.bytes(16)).toHaveLength(16)
  expect(entropy.bytes(16)).not.toEqual(entropy.bytes(16))
})
