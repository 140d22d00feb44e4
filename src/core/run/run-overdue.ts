/** Decides runs whose time has come: the next attempt, or the end of one that nobody ends. */
import type { Decided } from '../events.ts'
import { heartbeatDue, runDue } from '../timers.ts'
import type { Moment } from '../moment.ts'
import type { View } from '../state.ts'
import { finished } from './finish-run.ts'
import { timeoutError } from './report-run.ts'
import { failedAttempt } from './retry-run.ts'
import type { RunState } from './run-state.ts'

export function runOverdue(view: View, runId: string, moment: Moment): Decided[] {
  const run = view.run(runId)
  const due = run === undefined ? null : runDue(view, run, moment.liveness)
  if (run === undefined || due === null || due > moment.now) return []
  if (run.status === 'retrying') return [{ type: 'RunRetryQueued', jobId: run.jobId, runId, attempt: run.attempt + 1 }]
  if (run.granted) return lost(view, run, 'nothing was heard of an attempt that may run only once')
  const silent = heartbeatDue(run, moment.liveness)
  if (silent === null || silent > moment.now) {
    return failedAttempt(view, run, 'timed-out', timeoutError(run), null, moment)
  }
  const message = `attempt ${run.attempt} was silent for its heartbeat time-out of ${run.definition.heartbeatTimeoutMs} ms`
  return failedAttempt(view, run, 'lost', { name: 'LostError', message, stack: null, retryable: true }, null, moment)
}

/** An at-most-once attempt whose process is gone: it may have run, so it must not run again. */
export function runAbandoned(view: View, runId: string): Decided[] {
  const run = view.run(runId)
  // Its process may have reported an end in the meantime: then it is to be tried again.
  if (run?.status !== 'running' || !run.granted) return []
  return lost(view, run, 'its process is gone, and it may run only once')
}

function lost(view: View, run: RunState, reason: string): Decided[] {
  const { jobId, runId, attempt, scheduledAt, startedAt, executor } = run
  return finished(view, run, { type: 'RunLost', jobId, runId, attempt, scheduledAt, startedAt, executor, reason })
}
