/** Decides what follows an attempt that did not succeed: another one, or the run's outcome. */
import type { Decided } from '../events.ts'
import { UNKNOWN_TASK_INITIAL_MS, UNKNOWN_TASK_MAX_MS, UNKNOWN_TASK_TRIES } from '../limits.ts'
import type { Moment } from '../moment.ts'
import { spreadOf } from '../partition.ts'
import type { Report, RunError } from '../reports.ts'
import type { View } from '../state.ts'
import { cancelled } from './cancel-run.ts'
import { finished } from './finish-run.ts'
import type { RunState } from './run-state.ts'

export type FailureReason = 'failed' | 'timed-out' | 'lost' | 'unknown-task'

export function failedAttempt(
  view: View,
  run: RunState,
  reason: FailureReason,
  error: RunError,
  report: Report | null,
  moment: Moment,
): Decided[] {
  const executor = report?.executor ?? run.executor
  const waitMs = run.cancelRequested || !jobOf(view, run) ? null : waitBeforeRetry(run, reason, error)
  if (waitMs !== null) {
    const { jobId, runId, attempt } = run
    return [{ type: 'RunRetryScheduled', jobId, runId, attempt, reason, error, executor, retryAt: moment.now + waitMs }]
  }
  if (run.cancelRequested) return finished(view, run, cancelled(run, 'cancelled on request'))
  const { jobId, runId, attempt, scheduledAt } = run
  const startedAt = report?.startedAt ?? run.startedAt
  const common = { jobId, runId, attempt, scheduledAt, startedAt, executor }
  switch (reason) {
    case 'failed':
    case 'unknown-task':
      return finished(view, run, { type: 'RunFailed', ...common, error })
    case 'timed-out':
      return finished(view, run, { type: 'RunTimedOut', ...common, error })
    case 'lost':
      return finished(view, run, { type: 'RunLost', ...common, reason: error.message })
  }
}

/** A run of a job that was removed is not tried again. */
function jobOf(view: View, run: RunState): boolean {
  return view.job(run.jobId)?.incarnation === run.incarnation
}

/** Milliseconds, or null when there is no further attempt. */
function waitBeforeRetry(run: RunState, reason: FailureReason, error: RunError): number | null {
  if (reason === 'unknown-task') {
    if (run.unknownTask + 1 >= UNKNOWN_TASK_TRIES) return null
    return Math.min(UNKNOWN_TASK_INITIAL_MS * 2 ** run.unknownTask, UNKNOWN_TASK_MAX_MS)
  }
  const { retry } = run.definition
  const tried = run.attempt - run.unknownTask
  if (tried >= retry.maxAttempts || !error.retryable || retry.nonRetryable.includes(error.name)) return null
  // Nothing times a power that overflows is no number.
  const wait = retry.initialMs === 0 ? 0 : Math.min(retry.initialMs * retry.multiplier ** (tried - 1), retry.maxMs)
  const spread = 1 + retry.jitter * (2 * spreadOf(`${run.runId}\n${run.attempt}`) - 1)
  return Math.round(wait * spread)
}
