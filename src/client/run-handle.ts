/** A run that was asked for: its id, and its result when it comes. */
import type { Event } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { AcceptedEvents, Backend } from './backend.ts'
import type { CommandOptions } from './commands.ts'
import { RunError } from './errors.ts'

export interface RunHandle {
  readonly runId: string
  /** What the handler returned. Rejects with a `RunError` when the run ends otherwise than `succeeded`. */
  result(): Promise<Json>
  /** A run that has not begun is over at once; one that runs is asked to stop. */
  cancel(options?: CancelOptions): Promise<void>
}

export type CancelOptions = CommandOptions & { readonly reason?: string }
type Cancel = (runId: string, options: CancelOptions) => Promise<void>

type Ended = { readonly kind: 'result'; readonly value: Json } | { readonly kind: 'error'; readonly error: Error }

interface Waiting {
  /** Alias of the store that has the run. */
  readonly store: string
  readonly resolve: (ended: Ended) => void
}

/** Runs that somebody waits for. Watching begins with the handle, so no outcome is passed over. */
export class RunWatch {
  readonly #backend: Backend
  readonly #cancel: Cancel
  readonly #waiting = new Map<string, Waiting>()

  constructor(backend: Backend, cancel: Cancel) {
    this.#backend = backend
    this.#cancel = cancel
    backend.onClose(() => this.#closed())
    backend.subscribe((accepted) => this.#see(accepted))
  }

  handle(runId: string, store: string): RunHandle {
    const ended = new Promise<Ended>((resolve) => this.#waiting.set(runId, { store, resolve }))
    return {
      runId,
      cancel: (options) => this.#cancel(runId, { store, ...options }),
      async result() {
        const end = await ended
        if (end.kind === 'error') throw end.error
        return end.value
      },
    }
  }

  #see({ store, events }: AcceptedEvents): void {
    if (this.#waiting.size === 0) return
    for (const { event } of events) {
      if (event.type === 'JobsRemoved') this.#dropRemoved(store)
      if (!('runId' in event) || event.runId === null) continue
      const waiting = this.#waiting.get(event.runId)
      const ended = waiting?.store === store ? outcomeOf(event, event.runId) : null
      if (waiting === undefined || ended === null) continue
      this.#waiting.delete(event.runId)
      waiting.resolve(ended)
    }
  }

  /** Its outcome is on the log when it comes; nobody here will hear of it. */
  #closed(): void {
    for (const [runId, { resolve }] of this.#waiting) {
      const error = new OperationalError('closed', `the scheduler was shut down before run ${runId} ended`)
      resolve({ kind: 'error', error })
    }
    this.#waiting.clear()
  }

  /** Runs that had not begun ended with their jobs, without an event each. */
  #dropRemoved(store: string): void {
    for (const [runId, waiting] of this.#waiting) {
      if (waiting.store !== store) continue
      if (this.#backend.run(runId.slice(0, runId.indexOf('/')), runId, store) !== undefined) continue
      this.#waiting.delete(runId)
      waiting.resolve(failed(runId, 'cancelled', 'all jobs were removed'))
    }
  }
}

function outcomeOf(event: Event, runId: string): Ended | null {
  switch (event.type) {
    case 'RunSucceeded':
      return { kind: 'result', value: event.result }
    case 'RunFailed':
      return failed(runId, 'failed', `${event.error.name}: ${event.error.message}`)
    case 'RunTimedOut':
      return failed(runId, 'timed-out', event.error?.message ?? 'the run timed out')
    case 'RunCancelled':
      return failed(runId, 'cancelled', event.reason ?? 'the run was cancelled')
    case 'RunLost':
      return failed(runId, 'lost', event.reason)
    case 'RunMissed':
      return failed(runId, 'missed', 'the run was picked up later than its grace time allows')
    default:
      return null
  }
}

function failed(runId: string, outcome: string, message: string): Ended {
  return { kind: 'error', error: new RunError(runId, outcome, message) }
}
