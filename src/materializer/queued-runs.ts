/** The open runs of a state by when they were queued, for who goes through batches in the order of time. */
import type { RunState } from '../core/run/run-state.ts'

type QueuedRun = Pick<RunState, 'runId' | 'queuedAt'>

export class QueuedRuns {
  readonly #runs: readonly QueuedRun[]
  #at = 0

  constructor(runs: Iterable<QueuedRun>) {
    this.#runs = [...runs].toSorted((a, b) => a.queuedAt - b.queuedAt)
  }

  /**
   * Ids of those that were queued between two times, epoch ms, both included, and not given before. Neither time may be below
   * one of the call before.
   */
  takeBetween(since: number, until: number): readonly string[] {
    const taken: string[] = []
    for (; this.#at < this.#runs.length; this.#at += 1) {
      const { runId, queuedAt } = this.#runs[this.#at]!
      if (queuedAt > until) break
      if (queuedAt >= since) taken.push(runId)
    }
    return taken
  }
}
