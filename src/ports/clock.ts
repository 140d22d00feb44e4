/**
 * Time as the engine sees it. Two adapters: the system's clock and a virtual one for tests and simulations.
 *
 * Boundary: everything above the adapters gets time from here, so one virtual clock moves a whole node.
 */
export interface Clock {
  /** The engine clock, epoch milliseconds, whole numbers. */
  now(): number
  /**
   * Calls `callback` once when the engine clock has reached `at` (epoch ms), never earlier; at once, but not
   * synchronously, when it has already. Returns the function that cancels it. Any distance is allowed: the adapter
   * re-arms what the platform's timers can't hold (24.8 days).
   * `background`: the process may end although this timer is pending.
   */
  schedule(at: number, callback: () => void, background?: boolean): () => void
  /**
   * Calls `listener` when the wall clock has moved against the monotonic one by more than 5 s: forward is positive.
   * Returns the function that stops it.
   */
  onStep(listener: (stepMs: number) => void): () => void
}
