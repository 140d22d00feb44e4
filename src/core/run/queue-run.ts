/** The event that makes a run. */
import { NO_COMMAND } from '../answers.ts'
import type { CommandEnvelope } from '../commands.ts'
import type { CausedBy, Decided, RunCause, Times } from '../events.ts'
import type { JobState } from '../job/job-state.ts'
import { dueTime } from '../job/job-trigger.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from '../limits.ts'
import { runIdOf } from './run-id.ts'

export interface Fire {
  readonly at: number
  readonly coalesced: Times | null
  readonly coalescesThrough: number | null
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
    coalescesThrough: fire.coalescesThrough,
    retryOf: null,
    nextFireTime: fire.next,
    payload: null,
    contentType: null,
  }
}

export interface Asked {
  readonly causedBy: CausedBy
  /** The last part of the run id. */
  readonly askedId: string
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
    runId: runIdOf(job.jobId, job.incarnation, asked.at, asked.askedId),
    scheduledAt: asked.at,
    dueAt: asked.at,
    cause: asked.cause,
    jobVersion: job.version,
    executor: job.definition.executor,
    startBefore: null,
    after: asked.after,
    coalesced: null,
    coalescesThrough: null,
    retryOf: asked.retryOf ?? null,
    nextFireTime: job.nextFireTime,
    payload: asked.payload ?? null,
    contentType: asked.contentType ?? null,
  }
}

/** The id of a command is forgotten after an hour, its runs are not while they are open. */
export const AGAIN = 'commandId: expected an id that was not used, got that of a command whose runs are still open'

/** Texts of a command are bounded in characters; one has at most three bytes. */
const BYTES_PER_CHAR = 3
/** Of a queued run's event besides its texts, and of its record on the log. */
const FIXED_BYTES = 300
/** A decision leaves some room in its batch: for what it does besides, and the trailer. */
const LEFT_EVENTS = 20
const LEFT_BYTES = 50_000

/**
 * How many runs of the job one decision may queue besides `events` others: with long ids their bytes fill a batch before
 * their number does.
 */
export function mostRunsOf(job: JobState, events: number, command: CommandEnvelope | null = null): number {
  const asked = command === null ? 0 : command.commandId.length * 3 + (command.actor?.length ?? 0)
  const runId = job.jobId.length + job.incarnation.length + 60
  const texts = runId * 2 + job.jobId.length * 2 + (job.definition.executor.length + asked) * BYTES_PER_CHAR
  const byBytes = Math.floor((MAX_BATCH_BYTES - LEFT_BYTES) / (texts + FIXED_BYTES)) - events
  return Math.max(1, Math.min(byBytes, MAX_BATCH_EVENTS - LEFT_EVENTS - events))
}
