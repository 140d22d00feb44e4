/**
 * The engine clock as a pure function of readings of the wall clock and of a monotonic clock.
 *
 * Boundary: no time is read here. `system-clock.ts` takes the readings.
 * Kept invariants:
 * 1. The engine never runs behind the wall clock: a step forward is followed at once.
 * 2. It goes back only when it would be more than `MAX_ABSORBED_STEP_MS` ahead of the wall clock.
 * 3. While ahead it runs at half speed, so a lead of x is gone after 2x.
 */

/** A longer step back is followed: half speed would take over 20 minutes, and such a step is someone's correction. */
export const MAX_ABSORBED_STEP_MS: number = 600_000

const CATCH_UP_SPEED = 0.5

export interface EngineClockState {
  /** Epoch milliseconds with fractions. */
  readonly engineMs: number
  readonly monotonicMs: number
}

export function startEngineClock(wallMs: number, monotonicMs: number): EngineClockState {
  return { engineMs: wallMs, monotonicMs }
}

export function stepEngineClock(state: EngineClockState, wallMs: number, monotonicMs: number): EngineClockState {
  const elapsed = Math.max(0, monotonicMs - state.monotonicMs)
  const slowed = state.engineMs + elapsed * CATCH_UP_SPEED
  const lead = state.engineMs + elapsed - wallMs
  const engineMs = wallMs >= slowed || lead > MAX_ABSORBED_STEP_MS ? wallMs : slowed
  return { engineMs, monotonicMs: state.monotonicMs + elapsed }
}
