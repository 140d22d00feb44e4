/** Which moments a state waits for. Derived: nothing here is stored. */
import { hasLabels } from './job/labels.ts'
import { TIMEOUT_SLACK_MS } from './limits.ts'
import { dueTime } from './job/job-trigger.ts'
import type { JobState } from './job/job-state.ts'
import type { RunState } from './run/run-state.ts'
import type { View } from './state.ts'

/** What only the owner knows of a running attempt: events say nothing of it. */
export interface Liveness {
  /** When this owner took over, epoch ms: each running attempt has a full period from then. */
  readonly since: number
  /** When the attempt last said that it is alive; undefined: not to this owner. */
  heardOf(runId: string): number | undefined
}

/** No fire and no retry of the job starts: it is paused itself, by its labels, or with the whole schedule. */
export function isHeld(view: View, job: JobState): boolean {
  return (
    job.paused !== null || view.schedulePaused !== null || view.pauseRules.some((rule) => hasLabels(job, rule.labels))
  )
}

/** When the job next needs a decision, epoch ms; null: nothing to wait for. */
export function jobDue(view: View, job: JobState): number | null {
  if (job.paused !== null && view.schedulePaused === null) return job.paused.until
  if (isHeld(view, job)) return null
  return job.nextFireTime === null ? null : dueTime(job, job.nextFireTime)
}

/** When the run next needs one. */
export function runDue(view: View, run: RunState, liveness: Liveness): number | null {
  switch (run.status) {
    case 'waiting':
    case 'queued':
      return null
    case 'retrying': {
      const job = view.job(run.jobId)
      return job !== undefined && isHeld(view, job) ? null : run.retryAt
    }
    case 'running':
      return earliest(timeoutDue(run, liveness), heartbeatDue(run, liveness))
  }
}

function timeoutDue(run: RunState, liveness: Liveness): number | null {
  const { timeoutMs } = run.definition
  const since = beganAt(run)
  if (timeoutMs === null || since === null) return null
  return Math.max(since, liveness.since) + timeoutMs + TIMEOUT_SLACK_MS
}

export function heartbeatDue(run: RunState, liveness: Liveness): number | null {
  const { heartbeatTimeoutMs } = run.definition
  const since = beganAt(run)
  if (heartbeatTimeoutMs === null || since === null) return null
  return Math.max(since, liveness.since, liveness.heardOf(run.runId) ?? 0) + heartbeatTimeoutMs
}

/** By the owner's clock, as the time-outs are: an executor's may be wrong by any amount. */
function beganAt(run: RunState): number | null {
  return run.runningSince ?? run.startedAt
}

/** When a pause by labels or of the whole schedule ends by itself. */
export function pausesDue(view: View): number | null {
  let due = view.schedulePaused?.until ?? null
  for (const rule of view.pauseRules) due = earliest(due, rule.until)
  return due
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}
