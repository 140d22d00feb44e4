/** The event that makes a run. */
import { NO_COMMAND } from '../answers.ts'
import type { CausedBy, Decided, RunCause, Times } from '../events.ts'
import type { JobState } from '../job/job-state.ts'
import { dueTime } from '../job/job-trigger.ts'
import { runIdOf } from './run-id.ts'

export interface Fire {
  readonly at: number
  readonly coalesced: Times | null
  readonly after: string | null
  readonly next: number | null
}

export function queuedByTrigger(job: JobState, fire: Fire): Decided {
  const { executor, misfireGraceMs } = job.definition
  const dueAt = dueTime(job, fire.at)
  return {
    type: 'RunQueued',
    jobId: job.jobId,
    ...NO_COMMAND,
    runId: runIdOf(job.jobId, job.incarnation, fire.at, null),
    scheduledAt: fire.at,
    dueAt,
    cause: 'trigger',
    jobVersion: job.version,
    executor,
    startBefore: misfireGraceMs === null ? null : dueAt + misfireGraceMs,
    after: fire.after,
    coalesced: fire.coalesced,
    retryOf: null,
    nextFireTime: fire.next,
    payload: null,
    contentType: null,
  }
}

export interface Asked {
  readonly causedBy: CausedBy
  readonly commandId: string
  readonly cause: Exclude<RunCause, 'trigger'>
  readonly at: number
  readonly after: string | null
  readonly retryOf?: string
  readonly payload?: Uint8Array | null
  readonly contentType?: string | null
}

/** A run that a command asked for: its id has the command's, and the schedule goes on as it was. */
export function queuedByCommand(job: JobState, asked: Asked): Decided {
  return {
    type: 'RunQueued',
    jobId: job.jobId,
    ...asked.causedBy,
    runId: runIdOf(job.jobId, job.incarnation, asked.at, asked.commandId),
    scheduledAt: asked.at,
    dueAt: asked.at,
    cause: asked.cause,
    jobVersion: job.version,
    executor: job.definition.executor,
    startBefore: null,
    after: asked.after,
    coalesced: null,
    retryOf: asked.retryOf ?? null,
    nextFireTime: job.nextFireTime,
    payload: asked.payload ?? null,
    contentType: asked.contentType ?? null,
  }
}
