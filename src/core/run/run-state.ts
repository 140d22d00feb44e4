/** What the state knows of an open run. With its outcome a run leaves the state. */
import type { RunCause } from '../events.ts'
import type { JobDefinition } from '../job/definition.ts'

/**
 * waiting → queued → running → (gone, with an outcome)
 *             ↑         ↓
 *             └──── retrying
 * `waiting` is for its predecessor of the same pass; `retrying` for its time.
 */
export type RunStatus = 'waiting' | 'queued' | 'running' | 'retrying'

export interface RunState {
  readonly runId: string
  readonly jobId: string
  /** Of the job that queued it: a job of the same id added later is another. */
  readonly incarnation: string
  readonly scheduledAt: number
  readonly dueAt: number
  readonly cause: RunCause
  readonly jobVersion: number
  /** The definition that the run is pinned to. */
  readonly definition: JobDefinition
  /** Instead of the definition's payload. */
  readonly payload: Uint8Array | null
  readonly contentType: string | null
  readonly startBefore: number | null
  readonly after: string | null
  readonly status: RunStatus
  readonly attempt: number
  readonly queuedAt: number
  /** Of this attempt, by its first report and so by the executor's clock: for people. */
  readonly startedAt: number | null
  /** When the owner decided that it started, by the time of that event; null: it did not, or the row is an older one. */
  readonly runningSince: number | null
  /** Who runs it: the last that reported a start. */
  readonly executor: string | null
  /** Different processes that reported a start of this attempt. */
  readonly starts: number
  readonly granted: boolean
  readonly retryAt: number | null
  /** Attempts that found no such task. */
  readonly unknownTask: number
  readonly cancelRequested: boolean
}
