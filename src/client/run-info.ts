/** A run as `getRuns` shows it, with instants as Dates. */
import type { RunCause } from '../core/events.ts'
import type { Outcome } from '../core/job/job-state.ts'
import type { Json } from '../core/json.ts'
import type { RunError } from '../core/reports.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { RunState, RunStatus } from '../core/run/run-state.ts'
import { payloadOf } from './job-info.ts'

export interface RunDetails {
  readonly runId: string
  readonly jobId: string
  /** Its outcome, or where it stands. */
  readonly status: Outcome | RunStatus
  readonly cause: RunCause
  readonly attempt: number
  readonly scheduledAt: Date
  readonly queuedAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** When a retrying run is tried again. */
  readonly retryAt: Date | null
  /** `host:pid:<128 random bits>` of the process that runs or ran it. */
  readonly executor: string | null
  /**
   * What it was given in place of its job's payload, as `runJob` does; null: it has its job's, see `getJob`. Of a run that
   * succeeded it is not kept: it is in its `RunQueued`.
   */
  readonly payload: unknown
  /** Of that payload; null: there is none of its own. */
  readonly contentType: string | null
  readonly result: Json
  readonly error: RunError | null
  /** Why it was cancelled or lost. */
  readonly reason: string | null
}

export function openRunDetails(run: RunState): RunDetails {
  return {
    runId: run.runId,
    jobId: run.jobId,
    status: run.status,
    cause: run.cause,
    attempt: run.attempt,
    scheduledAt: new Date(run.scheduledAt),
    queuedAt: new Date(run.queuedAt),
    startedAt: dateOf(run.startedAt),
    finishedAt: null,
    retryAt: dateOf(run.retryAt),
    executor: run.executor,
    ...givenPayload(run),
    result: null,
    error: null,
    reason: null,
  }
}

export function finishedRunDetails(run: FinishedRun): RunDetails {
  return {
    runId: run.runId,
    jobId: run.jobId,
    status: run.outcome,
    cause: run.cause,
    attempt: run.attempt,
    scheduledAt: new Date(run.scheduledAt),
    queuedAt: new Date(run.queuedAt),
    startedAt: dateOf(run.startedAt),
    finishedAt: new Date(run.finishedAt),
    retryAt: null,
    executor: run.executor,
    ...givenPayload(run),
    result: run.result,
    error: run.error,
    reason: run.reason,
  }
}

function givenPayload({
  payload,
  contentType,
}: Pick<RunState, 'payload' | 'contentType'>): Pick<RunDetails, 'payload' | 'contentType'> {
  return { payload: payload === null ? null : payloadOf(payload, contentType ?? ''), contentType }
}

function dateOf(at: number | null): Date | null {
  return at === null ? null : new Date(at)
}
