/**
 * Time that moves only when it is told to, for tests and simulations.
 *
 * Boundary: between two timers it lets everything drain that is driven by promises and `setImmediate`. It can't wait for
 * real I/O: over a log on disk, await the call that uses it.
 * Kept invariants:
 * 1. Timers fire in the order of (time, order of scheduling), each at its own instant, never early.
 * 2. While `advance` runs, `now()` doesn't go back.
 */
import type { Clock } from '../../ports/clock.ts'

/** More timers than this at one instant is a loop that would never end. */
const MAX_FIRES_PER_INSTANT = 1_000_000

/** Work that keeps itself going by `setImmediate`, as another clock that drains does, is not waited for longer. */
const MAX_TURNS = 100

export interface VirtualClock extends Clock {
  /** Moves on by `ms`, firing each timer on the way at its own time. Resolves when all that it set off has drained. */
  advance(ms: number): Promise<void>
  /** Steps to `at`, and tells so, without passing through the time between, back or forth. Timers that are then due fire at `at`. */
  set(at: number): Promise<void>
  /** Lets pending work drain and fires what is due, without moving time. */
  settle(): Promise<void>
  /** When the next timer is due; null when none is pending. */
  nextTimerAt(): number | null
}

/** As of the system clock: smaller steps are not told. */
const STEP_TOLD_MS = 5_000

interface Timer {
  readonly at: number
  readonly callback: () => void
  cancelled: boolean
}

/** A virtual clock that shows `startMs` (epoch milliseconds). */
export function createVirtualClock(startMs: number): VirtualClock {
  const timers: Timer[] = []
  const listeners = new Set<(stepMs: number) => void>()
  let nowMs = startMs
  let kicked = false

  const head = (): Timer | undefined => {
    while (timers[0]?.cancelled) timers.shift()
    return timers[0]
  }

  /** Fires one timer that is due, if there is one. */
  const fireDue = (): boolean => {
    const timer = head()
    if (timer === undefined || timer.at > nowMs) return false
    timers.shift()
    timer.callback()
    return true
  }

  const settle = async (): Promise<void> => {
    await drain()
    for (let fired = 0; fireDue(); fired++) {
      if (fired === MAX_FIRES_PER_INSTANT) throw new Error(`timers at ${nowMs} schedule each other without end`)
      await drain()
    }
  }

  /** A timer that is due when it is scheduled fires without anyone advancing the clock. */
  const kick = (): void => {
    if (kicked) return
    kicked = true
    setImmediate(() => {
      kicked = false
      if (fireDue()) kick()
    })
  }

  return {
    now: () => nowMs,
    schedule(at, callback) {
      const timer: Timer = { at, callback, cancelled: false }
      timers.splice(placeAfter(timers, at), 0, timer)
      if (at <= nowMs) kick()
      return () => {
        timer.cancelled = true
      }
    },
    async advance(ms) {
      const target = nowMs + ms
      await settle()
      for (let timer = head(); timer !== undefined && timer.at <= target; timer = head()) {
        nowMs = Math.max(nowMs, timer.at)
        await settle()
      }
      nowMs = Math.max(nowMs, target)
      await settle()
    },
    onStep(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async set(at) {
      const stepMs = at - nowMs
      nowMs = at
      if (Math.abs(stepMs) > STEP_TOLD_MS) for (const listener of listeners) listener(stepMs)
      await settle()
    },
    settle,
    nextTimerAt: () => head()?.at ?? null,
  }
}

/** Index of the first timer that is due later than `at`. */
function placeAfter(timers: readonly Timer[], at: number): number {
  let low = 0
  let high = timers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timers[middle]!.at <= at) low = middle + 1
    else high = middle
  }
  return low
}

/** Turns the event loop until nothing waits for `setImmediate`; every promise that can settle by itself has by then. */
async function drain(): Promise<void> {
  for (let turns = 0; turns < MAX_TURNS; turns++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (!process.getActiveResourcesInfo().includes('Immediate')) return
  }
}
