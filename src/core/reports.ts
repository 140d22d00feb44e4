/** Reports: what an executor says of a run attempt (protocol §5). */
import type { Json } from './json.ts'

export type ReportType =
  | 'started'
  | 'heartbeat'
  | 'succeeded'
  | 'failed'
  | 'timed-out'
  | 'cancelled'
  | 'missed'
  | 'unknown-task'

export interface RunError {
  readonly name: string
  readonly message: string
  readonly stack: string | null
  /** false: the retry policy is not asked. */
  readonly retryable: boolean
}

export interface Report {
  readonly type: ReportType
  readonly jobId: string
  readonly runId: string
  readonly attempt: number
  readonly token: string | null
  /** Epoch ms by the executor's clock. */
  readonly at: number
  readonly startedAt: number | null
  /** `host:pid:<128 random bits of the process>`. */
  readonly executor: string
  readonly result: Json
  readonly error: RunError | null
}
