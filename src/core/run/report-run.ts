/**
 * Decides reports. The fence is (run id, attempt): a report of an older attempt or of a run that is over changes
 * nothing and is recorded as ignored (invariants I7, I11), and so is one that has not the attempt's token.
 */
import type { Decided, EventOf } from '../events.ts'
import { type JsonProblem, jsonProblem } from '../json-limits.ts'
import { MAX_ERROR_CHARS, MAX_NAME_CHARS, MAX_RESULT_BYTES, STARTS_PER_ATTEMPT } from '../limits.ts'
import type { Moment } from '../moment.ts'
import type { Report, RunError } from '../reports.ts'
import type { View } from '../state.ts'
import { oneTime } from '../times.ts'
import { cancelled } from './cancel-run.ts'
import { finished } from './finish-run.ts'
import { failedAttempt } from './retry-run.ts'
import type { RunState } from './run-state.ts'

type Why = EventOf<'ReportIgnored'>['why']

export function reportRun(view: View, report: Report, moment: Moment): Decided[] {
  const run = view.run(report.runId)
  if (run === undefined || run.jobId !== report.jobId) return ignored(report, 'unknown-run')
  if (report.attempt < run.attempt) return ignored(report, 'old-attempt')
  if (report.attempt > run.attempt) return ignored(report, 'future-attempt')
  if (run.status === 'retrying' || run.status === 'waiting') return ignored(report, 'old-attempt')
  const foreign = reportOfAnother(view, run, report, moment)
  if (foreign !== null) return foreign
  switch (report.type) {
    case 'heartbeat':
      return []
    case 'started':
      return run.definition.delivery === 'at-most-once' ? claimed(run, report) : started(view, run, report, moment)
    case 'succeeded': {
      const problem = report.result === null ? null : jsonProblem(report.result, MAX_RESULT_BYTES)
      if (problem !== null) return failedAttempt(view, run, 'failed', resultError(problem), report, moment)
      return finished(view, run, {
        type: 'RunSucceeded',
        ...attemptOf(run),
        startedAt: report.startedAt ?? run.startedAt,
        executor: report.executor,
        result: report.result,
      })
    }
    case 'failed':
      return failedAttempt(view, run, 'failed', report.error === null ? UNSAID : bounded(report.error), report, moment)
    case 'timed-out':
      return failedAttempt(
        view,
        run,
        'timed-out',
        report.error === null ? timeoutError(run) : bounded(report.error),
        report,
        moment,
      )
    case 'unknown-task':
      return failedAttempt(view, run, 'unknown-task', unknownTaskError(run), report, moment)
    case 'cancelled':
      return finished(
        view,
        run,
        cancelled(run, report.error === null ? 'cancelled by its executor' : bounded(report.error).message),
      )
    case 'missed':
      return finished(view, run, {
        type: 'RunMissed',
        jobId: run.jobId,
        runId: run.runId,
        attempt: run.attempt,
        times: oneTime(run.scheduledAt),
        nextFireTime: null,
      })
  }
}

/**
 * What a report is good for that does not come from who runs the attempt; null: what it says counts.
 *
 * Only who was granted an at-most-once attempt knows how it ends. An attempt that may run twice ends by whoever ends it
 * first; but that a process did not begin it, or can't, says nothing of the one that did.
 */
function reportOfAnother(view: View, run: RunState, report: Report, moment: Moment): Decided[] | null {
  if (report.type === 'heartbeat' || report.type === 'started') return null
  const isOwn = run.executor === report.executor
  if (run.granted && !isOwn) return ignored(report, 'claimed')
  if (run.status !== 'running' || (report.type !== 'missed' && report.type !== 'unknown-task')) return null
  if (isOwn) return ignored(report, 'repeated')
  const { timeoutMs, heartbeatTimeoutMs } = run.definition
  if (timeoutMs !== null || heartbeatTimeoutMs !== null) return ignored(report, 'claimed')
  // Nothing else would ever end it, should the process that began it be gone.
  return report.type === 'missed' ? failedAttempt(view, run, 'lost', MISSED_ELSEWHERE, report, moment) : null
}

const MISSED_ELSEWHERE: RunError = {
  name: 'LostError',
  message: 'it was begun, and another process that it was handed to found it too late to begin',
  stack: null,
  retryable: true,
}

function resultError(problem: JsonProblem): RunError {
  const message = `result${problem.path}: expected ${problem.expected}, got ${String(problem.came)}`
  return { name: 'ResultError', message, stack: null, retryable: false }
}

/** The attempt did its work, but what it said of it can't be kept: it must not look complete. */
export function unwritableReport(report: Report, reason: string): Report {
  const error = { name: 'ReportError', message: `the report: ${reason}`, stack: null, retryable: false }
  return { ...report, type: 'failed', result: null, error }
}

/** Errors are there to be read by people: texts longer than that are cut. */
function bounded(error: RunError): RunError {
  const cut = (text: string): string => (text.length > MAX_ERROR_CHARS ? `${text.slice(0, MAX_ERROR_CHARS)}…` : text)
  return {
    ...error,
    name: error.name.slice(0, MAX_NAME_CHARS),
    message: cut(error.message),
    stack: error.stack === null ? null : cut(error.stack),
  }
}

const UNSAID: RunError = { name: 'Error', message: 'the executor gave no error', stack: null, retryable: true }

/** An at-most-once attempt starts only where the claim is granted, and there is one grant. */
function claimed(run: RunState, report: Report): Decided[] {
  if (run.granted) return ignored(report, run.executor === report.executor ? 'repeated' : 'claimed')
  const { jobId, runId, attempt } = run
  return [{ type: 'RunGranted', jobId, runId, attempt, executor: report.executor }]
}

/** A run that kills its process comes back with every restart; the third process that starts it is the last. */
function started(view: View, run: RunState, report: Report, moment: Moment): Decided[] {
  if (run.executor === report.executor) return ignored(report, 'repeated')
  if (run.starts + 1 >= STARTS_PER_ATTEMPT) {
    const message = `attempt ${run.attempt} was started by ${STARTS_PER_ATTEMPT} processes and ended by none`
    return failedAttempt(
      view,
      run,
      'lost',
      { name: 'LostError', message, stack: null, retryable: true },
      report,
      moment,
    )
  }
  const startedAt = report.startedAt ?? report.at
  return [
    {
      type: 'RunStarted',
      jobId: run.jobId,
      runId: run.runId,
      attempt: run.attempt,
      executor: report.executor,
      startedAt,
    },
  ]
}

/** It has not the attempt's token: it counts for nothing, however the run stands. */
export function reportOfStranger(report: Report): Decided[] {
  return ignored(report, 'wrong-token')
}

function ignored(report: Report, why: Why): Decided[] {
  const { jobId, runId, attempt, executor } = report
  const readable = { reportOffset: null, reason: null }
  return [{ type: 'ReportIgnored', jobId, runId, attempt, report: report.type, why, executor, ...readable }]
}

function attemptOf(run: RunState): Pick<RunState, 'jobId' | 'runId' | 'attempt' | 'scheduledAt'> {
  return { jobId: run.jobId, runId: run.runId, attempt: run.attempt, scheduledAt: run.scheduledAt }
}

export function timeoutError(run: RunState): RunError {
  const message = `attempt ${run.attempt} took longer than its time-out of ${run.definition.timeoutMs} ms`
  return { name: 'TimeoutError', message, stack: null, retryable: true }
}

function unknownTaskError(run: RunState): RunError {
  const message = `no executor process of '${run.definition.executor}' has a task '${run.definition.task}'`
  return { name: 'UnknownTaskError', message, stack: null, retryable: true }
}
