/** A run that was asked for: its id, and its result when it comes. */
import type { Event } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
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
  readonly runId: string
  readonly resolve: (ended: Ended) => void
}

/** Runs that somebody waits for: watched from the handle on, and looked up when they were over before. */
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
    const ended = new Promise<Ended>((resolve) => this.#waiting.set(waitKey(store, runId), { store, runId, resolve }))
    // The batch that made the run may have ended it as well.
    if (this.#backend.run(jobIdOf(runId), runId, store) === undefined) void this.#lookUp(runId, store)
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
      const ended = this.#waiting.has(waitKey(store, event.runId)) ? outcomeOf(event, event.runId) : null
      if (ended !== null) this.#settle(store, event.runId, ended)
    }
  }

  /** Its outcome is on the log when it comes; nobody here will hear of it. */
  #closed(): void {
    for (const { runId, resolve } of this.#waiting.values()) {
      const error = new OperationalError('closed', `the scheduler was shut down before run ${runId} ended`)
      resolve({ kind: 'error', error })
    }
    this.#waiting.clear()
  }

  /** Runs that had not begun ended with their jobs, without an event each. */
  #dropRemoved(store: string): void {
    for (const waiting of [...this.#waiting.values()]) {
      const { runId } = waiting
      if (waiting.store !== store || this.#backend.run(jobIdOf(runId), runId, store) !== undefined) continue
      this.#settle(store, runId, failed(runId, 'cancelled', 'all jobs were removed'))
    }
  }

  async #lookUp(runId: string, store: string): Promise<void> {
    const jobId = jobIdOf(runId)
    const isIt = (run: FinishedRun): boolean => run.runId === runId
    try {
      const kept = await this.#backend.finishedRuns(jobId, store)
      const run = kept.find(isIt) ?? (await this.#backend.history(jobId, store)).find(isIt)
      const ended = run === undefined ? failed(runId, 'cancelled', 'all jobs were removed') : endedAs(run)
      this.#settle(store, runId, ended)
    } catch (error) {
      this.#settle(store, runId, { kind: 'error', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  #settle(store: string, runId: string, ended: Ended): void {
    const key = waitKey(store, runId)
    this.#waiting.get(key)?.resolve(ended)
    this.#waiting.delete(key)
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

function endedAs(run: FinishedRun): Ended {
  if (run.outcome === 'succeeded') return { kind: 'result', value: run.result }
  const why = run.error === null ? run.reason : `${run.error.name}: ${run.error.message}`
  return failed(run.runId, run.outcome, why ?? `the run ended ${run.outcome}`)
}

/** The job id is the first part of a run id; it has no slash itself. */
function jobIdOf(runId: string): string {
  return runId.slice(0, runId.indexOf('/'))
}

/** Runs of two stores may have one id. */
function waitKey(store: string, runId: string): string {
  return `${store} ${runId}`
}

function failed(runId: string, outcome: string, message: string): Ended {
  return { kind: 'error', error: new RunError(runId, outcome, message) }
}
