/** I7: every run ends in one outcome, and nothing happens to it after that; its attempts are numbered without a gap. */
import type { Event } from '../core/events.ts'
import type { Complain } from './problem.ts'

export class RunCheck {
  runs = 0
  outcomes = 0
  readonly #complain: Complain
  /** Runs without an outcome, with the number of their attempt. */
  readonly #open = new Map<string, number>()

  constructor(complain: Complain) {
    this.#complain = complain
  }

  take(event: Event, offset: number): void {
    switch (event.type) {
      case 'RunQueued':
        this.runs += 1
        if (this.#open.has(event.runId)) this.#complain(offset, 'I1', `run ${event.runId} is queued twice`)
        this.#open.set(event.runId, 1)
        return
      case 'RunSucceeded':
      case 'RunFailed':
      case 'RunTimedOut':
      case 'RunCancelled':
      case 'RunLost':
        this.#ended(event.runId, event.type, offset)
        return
      case 'RunSkipped':
      case 'RunMissed':
        if (event.runId !== null) this.#ended(event.runId, event.type, offset)
        return
      case 'RunStarted':
      case 'RunGranted':
      case 'RunRetryScheduled':
      case 'RunCancelRequested':
        this.#attempted(event.runId, event.attempt, event.type, offset)
        return
      case 'RunRetryQueued':
        this.#attempted(event.runId, event.attempt - 1, event.type, offset)
        if (this.#open.has(event.runId)) this.#open.set(event.runId, event.attempt)
        return
      default:
    }
  }

  /** All jobs were removed: runs that had not begun ended with that. `isOpen` asks the state after it. */
  takeAllRemoved(cancelledRuns: number, isOpen: (runId: string) => boolean, offset: number): void {
    const ended = [...this.#open.keys()].filter((runId) => !isOpen(runId))
    for (const runId of ended) this.#open.delete(runId)
    this.outcomes += ended.length
    if (ended.length !== cancelledRuns)
      this.#complain(offset, 'I7', `${ended.length} runs end here, the event says ${cancelledRuns}`)
  }

  #ended(runId: string, outcome: string, offset: number): void {
    if (this.#open.delete(runId)) this.outcomes += 1
    else
      this.#complain(
        offset,
        'I7',
        `${outcome} for run ${runId}, which has no open attempt: a second outcome, or no run`,
      )
  }

  #attempted(runId: string, attempt: number, what: string, offset: number): void {
    const current = this.#open.get(runId)
    if (current === undefined)
      this.#complain(offset, 'I7', `${what} for run ${runId}, which is over or was never queued`)
    else if (current !== attempt)
      this.#complain(offset, 'I7', `${what} of attempt ${attempt} of run ${runId}, whose attempt is ${current}`)
  }
}
