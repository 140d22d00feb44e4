/** A run's outcome, and the end of its job when nothing is left of it. */
import type { Decided } from '../events.ts'
import type { View } from '../state.ts'
import type { RunState } from './run-state.ts'

export function finished(view: View, run: RunState, outcome: Decided): Decided[] {
  const job = view.job(run.jobId)
  const isLast =
    job !== undefined &&
    job.incarnation === run.incarnation &&
    job.nextFireTime === null &&
    job.openRuns.every((runId) => runId === run.runId)
  return isLast ? [outcome, { type: 'JobFinished', jobId: run.jobId }] : [outcome]
}
