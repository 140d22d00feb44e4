/**
 * The system's clock: wall clock anchored to the monotonic one, and the platform's timers.
 *
 * Boundary: with `system-entropy.ts` the only place that reads ambient time or randomness.
 * Kept invariants:
 * 1. A callback never runs before the engine clock has reached its time: a timer that fires early is armed again.
 * 2. A step of the wall clock, or a suspended machine, delays no timer by more than `STEP_CHECK_MS`.
 */
import type { Clock } from '../../ports/clock.ts'
import { startEngineClock, stepEngineClock } from './engine-clock.ts'

/** `setTimeout` overflows at 24.8 days and then fires at once. */
const MAX_SLEEP_MS = 86_400_000

/** How often the wall clock is compared while timers are pending: monotonic timers don't notice its steps. */
const STEP_CHECK_MS = 1_000

/** Steps from this on are told to listeners: smaller ones are what time services do. */
const STEP_TOLD_MS = 5_000

/** Slewing and rounding stay below this; a bigger change of wall against monotonic arms the timers again. */
const STEP_NOTICED_MS = 100

interface Timer {
  readonly at: number
  readonly callback: () => void
  readonly background: boolean
  disarm: () => void
}

export function createSystemClock(): Clock {
  let state = startEngineClock(Date.now(), performance.now())
  const pending = new Set<Timer>()
  const listeners = new Set<(stepMs: number) => void>()
  let watch: NodeJS.Timeout | null = null

  const now = (): number => {
    state = stepEngineClock(state, Date.now(), performance.now())
    return Math.floor(state.engineMs)
  }

  const fire = (timer: Timer): void => {
    if (now() < timer.at) return arm(timer)
    forget(timer)
    timer.callback()
  }

  const arm = (timer: Timer): void => {
    const wait = timer.at - now()
    if (wait <= 0) {
      const immediate = setImmediate(fire, timer)
      if (timer.background) immediate.unref()
      timer.disarm = () => clearImmediate(immediate)
      return
    }
    const timeout = setTimeout(fire, Math.min(wait, MAX_SLEEP_MS), timer)
    if (timer.background) timeout.unref()
    timer.disarm = () => clearTimeout(timeout)
  }

  const forget = (timer: Timer): void => {
    pending.delete(timer)
    timer.disarm()
    if (pending.size > 0 || watch === null) return
    clearInterval(watch)
    watch = null
  }

  const watchSteps = (): void => {
    let distance = Date.now() - performance.now()
    watch = setInterval(() => {
      const seen = Date.now() - performance.now()
      const stepMs = Math.round(seen - distance)
      if (Math.abs(stepMs) < STEP_NOTICED_MS) return
      distance = seen
      if (Math.abs(stepMs) > STEP_TOLD_MS) for (const listener of listeners) listener(stepMs)
      for (const timer of pending) {
        timer.disarm()
        arm(timer)
      }
    }, STEP_CHECK_MS)
    watch.unref()
  }

  return {
    now,
    schedule(at, callback, background = false) {
      const timer: Timer = { at, callback, background, disarm: () => undefined }
      pending.add(timer)
      arm(timer)
      if (watch === null) watchSteps()
      return () => forget(timer)
    },
    onStep(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
