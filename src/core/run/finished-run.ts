/** What is kept of a run after its outcome, for queries and for doing it again. */
import type { EventOf, RunCause } from '../events.ts'
import type { Outcome } from '../job/job-state.ts'
import type { Json } from '../json.ts'
import type { RunError } from '../reports.ts'
import type { RunState } from './run-state.ts'

export interface FinishedRun {
  readonly runId: string
  readonly jobId: string
  readonly scheduledAt: number
  readonly cause: RunCause
  readonly attempt: number
  readonly outcome: Outcome
  readonly queuedAt: number
  readonly startedAt: number | null
  readonly finishedAt: number
  readonly executor: string | null
  readonly result: Json
  readonly error: RunError | null
  /** Why it was cancelled or lost. */
  readonly reason: string | null
  /** What it was given instead of its job's payload, to do it again with that; null also when it succeeded. */
  readonly payload: Uint8Array | null
  readonly contentType: string | null
}

type Ending = EventOf<'RunSucceeded' | 'RunFailed' | 'RunTimedOut' | 'RunCancelled' | 'RunMissed' | 'RunLost'>

const OUTCOMES: Readonly<Record<Ending['type'], Outcome>> = {
  RunSucceeded: 'succeeded',
  RunFailed: 'failed',
  RunTimedOut: 'timed-out',
  RunCancelled: 'cancelled',
  RunMissed: 'missed',
  RunLost: 'lost',
}

const NOTHING_GIVEN: Pick<FinishedRun, 'payload' | 'contentType'> = { payload: null, contentType: null }

/** `run` as it was before the event. */
export function finishedRun(run: RunState, event: Ending): FinishedRun {
  // One that succeeded is never done again.
  const given = event.type === 'RunSucceeded' ? NOTHING_GIVEN : run
  return {
    runId: run.runId,
    jobId: run.jobId,
    scheduledAt: run.scheduledAt,
    cause: run.cause,
    attempt: run.attempt,
    outcome: OUTCOMES[event.type],
    queuedAt: run.queuedAt,
    startedAt: 'startedAt' in event ? event.startedAt : run.startedAt,
    finishedAt: event.time,
    executor: 'executor' in event ? event.executor : run.executor,
    result: event.type === 'RunSucceeded' ? event.result : null,
    error: event.type === 'RunFailed' || event.type === 'RunTimedOut' ? event.error : null,
    reason: event.type === 'RunCancelled' || event.type === 'RunLost' ? event.reason : null,
    payload: given.payload,
    contentType: given.contentType,
  }
}
