/** What the fire and run events change: runs, and the job that they belong to. */
import type { EventOf, RunQueued, Times } from '../events.ts'
import type { JobState, Outcome } from '../job/job-state.ts'
import type { Draft } from '../state.ts'
import { activeRuns } from './active-runs.ts'
import { finishedRun } from './finished-run.ts'
import { ANY_RUN } from './make-room.ts'
import type { RunState } from './run-state.ts'

type RunEvent = EventOf<
  | 'RunQueued'
  | 'RunSkipped'
  | 'RunMissed'
  | 'RunStarted'
  | 'RunGranted'
  | 'RunRetryScheduled'
  | 'RunRetryQueued'
  | 'RunSucceeded'
  | 'RunFailed'
  | 'RunTimedOut'
  | 'RunCancelRequested'
  | 'RunCancelled'
  | 'RunLost'
>

export function evolveRun(draft: Draft, event: RunEvent): void {
  switch (event.type) {
    case 'RunQueued':
      queue(draft, event)
      return
    case 'RunSkipped':
      pass(draft, event.jobId, event.times, event.nextFireTime, 'skipped')
      return
    case 'RunMissed':
      if (event.runId === null) pass(draft, event.jobId, event.times, event.nextFireTime, 'missed')
      else end(draft, event, event.runId)
      return
    case 'RunSucceeded':
    case 'RunFailed':
    case 'RunTimedOut':
    case 'RunCancelled':
    case 'RunLost':
      end(draft, event, event.runId)
      return
    default:
      attempt(draft, event)
  }
}

type AttemptEvent = EventOf<'RunStarted' | 'RunGranted' | 'RunRetryScheduled' | 'RunRetryQueued' | 'RunCancelRequested'>

function attempt(draft: Draft, event: AttemptEvent): void {
  const run = draft.run(event.runId)
  if (run === undefined) return
  switch (event.type) {
    case 'RunStarted':
      draft.putRun({
        ...run,
        status: 'running',
        startedAt: run.startedAt ?? event.startedAt,
        runningSince: run.runningSince ?? event.time,
        executor: event.executor,
        starts: run.starts + 1,
      })
      return
    case 'RunGranted':
      draft.putRun({
        ...run,
        status: 'running',
        startedAt: event.time,
        runningSince: event.time,
        executor: event.executor,
        starts: run.starts + 1,
        granted: true,
      })
      return
    case 'RunRetryScheduled':
      draft.putRun({
        ...run,
        status: 'retrying',
        retryAt: event.retryAt,
        unknownTask: run.unknownTask + (event.reason === 'unknown-task' ? 1 : 0),
      })
      return
    case 'RunRetryQueued':
      draft.putRun({
        ...run,
        status: 'queued',
        attempt: event.attempt,
        queuedAt: event.time,
        retryAt: null,
        startedAt: null,
        runningSince: null,
        executor: null,
        starts: 0,
        granted: false,
      })
      return
    case 'RunCancelRequested':
      draft.putRun({ ...run, cancelRequested: true })
      return
    default:
  }
}

function queue(draft: Draft, event: RunQueued): void {
  const job = draft.job(event.jobId)
  if (job === undefined) return
  draft.putRun({
    runId: event.runId,
    jobId: event.jobId,
    incarnation: job.incarnation,
    scheduledAt: event.scheduledAt,
    dueAt: event.dueAt,
    cause: event.cause,
    jobVersion: event.jobVersion,
    definition: job.definition,
    payload: event.payload,
    contentType: event.contentType,
    startBefore: event.startBefore,
    after: event.after,
    status: event.after === null ? 'queued' : 'waiting',
    attempt: 1,
    queuedAt: event.time,
    startedAt: null,
    runningSince: null,
    executor: null,
    starts: 0,
    granted: false,
    retryAt: null,
    unknownTask: 0,
    cancelRequested: false,
  })
  const openRuns = [...job.openRuns, event.runId]
  if (event.cause !== 'trigger') {
    draft.putJob({ ...job, openRuns })
    return
  }
  draft.putJob({
    ...job,
    openRuns,
    nextFireTime: event.nextFireTime,
    decidedThrough: Math.max(event.scheduledAt, event.coalesced?.last ?? event.scheduledAt),
    decidedCount: job.decidedCount + 1 + (event.coalesced?.count ?? 0),
    coalescedThrough: event.coalescesThrough ?? job.coalescedThrough,
  })
}

/** Scheduled times that were decided without a run. */
function pass(draft: Draft, jobId: string, times: Times, next: number | null, count: 'missed' | 'skipped'): void {
  const job = draft.job(jobId)
  if (job === undefined) return
  draft.putJob({
    ...job,
    nextFireTime: next,
    decidedThrough: times.last,
    decidedCount: job.decidedCount + times.count,
    counts: { ...job.counts, [count]: job.counts[count] + times.count },
  })
}

type Ending = EventOf<'RunMissed' | 'RunSucceeded' | 'RunFailed' | 'RunTimedOut' | 'RunCancelled' | 'RunLost'>

function end(draft: Draft, event: Ending, runId: string): void {
  const run = draft.run(runId)
  if (run === undefined) return
  draft.removeRun(runId)
  const job = draft.job(run.jobId)
  if (job === undefined || job.incarnation !== run.incarnation) return
  const finished = finishedRun(run, event)
  const { outcome } = finished
  const at = event.time
  const openRuns = job.openRuns.filter((id) => id !== runId)
  const endedRuns = job.endedRuns + 1
  const left = { ...job, openRuns, endedRuns, last: { runId, outcome, at }, counts: counted(job, outcome) }
  draft.putJob(left)
  draft.keepFinished(left, finished)
  if (openRuns.length === 0) return
  const successors = openRuns
    .map((id) => draft.run(id))
    .filter((one) => one?.status === 'waiting' && one.after === runId)
  for (const next of successors) {
    if (next === undefined) continue
    if (run.status === 'waiting') draft.putRun({ ...next, after: run.after })
    else draft.putRun(dispatchable(next, at))
  }
  admitWaiting(draft, left, at)
}

function dispatchable(run: RunState, at: number): RunState {
  return { ...run, status: 'queued', after: null, queuedAt: at }
}

/** Runs that wait for any place get those that are free, first come first served. */
export function admitWaiting(draft: Draft, job: JobState, at: number): void {
  let free = job.definition.maxInstances - activeRuns(draft, job)
  for (const id of job.openRuns) {
    if (free <= 0) return
    const run = draft.run(id)
    if (run?.status !== 'waiting' || run.after !== ANY_RUN) continue
    draft.putRun(dispatchable(run, at))
    free -= 1
  }
}

function counted(job: JobState, outcome: Outcome): JobState['counts'] {
  switch (outcome) {
    case 'succeeded':
    case 'failed':
    case 'missed':
      return { ...job.counts, [outcome]: job.counts[outcome] + 1 }
    default:
      return { ...job.counts, stopped: job.counts.stopped + 1 }
  }
}
