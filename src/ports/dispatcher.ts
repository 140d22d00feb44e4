/** Where dispatched runs go: an executor of this process, or a topic. */
import type { Deliver, Delivery, Header } from '../core/job/definition.ts'

/** One attempt of a run, ready to be executed (protocol §5, the run record). */
export interface RunRequest {
  readonly runId: string
  readonly jobId: string
  readonly attempt: number
  /** Empty when `deliver` is set. */
  readonly task: string
  /** The run is a record produced to this topic; null: it is a task. */
  readonly deliver: Deliver | null
  readonly payload: Uint8Array
  readonly contentType: string
  /** The submitter's own; null: none. */
  readonly headers: readonly Header[] | null
  /** Epoch ms, without jitter. */
  readonly scheduledAt: number
  /** Epoch ms, with jitter. */
  readonly dueAt: number
  /** Picked up later than this it is missed; null: no limit. */
  readonly startBefore: number | null
  readonly timeoutMs: number | null
  readonly heartbeatTimeoutMs: number | null
  readonly delivery: Delivery
  readonly executor: string
  readonly partition: number
  readonly epoch: number
  /** Its reports carry it; null and absent: no token key is configured. */
  readonly token?: string | null
  /** It was handed over before, and may have begun: its start is reported at once. */
  readonly again: boolean
}

export interface Dispatcher {
  /** Takes the run, now or later; a copy of (run id, attempt) that it holds already is dropped. */
  dispatch(run: RunRequest): void
  /**
   * Asks the attempt to stop, or not to begin. No effect on one that isn't there. `reason` null: the run is over
   * already and waits for no report; otherwise it is over when the attempt reports.
   */
  cancel(runId: string, attempt: number, reason: string | null): void
  /** An at-most-once attempt may start, in the process of this executor name only. */
  grant(runId: string, attempt: number, executor: string): void
  /** It may not, in that process: another has it, or it is over. */
  refuse(runId: string, attempt: number, executor: string): void
}
