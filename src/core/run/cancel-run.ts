/** Decides CancelRun, and makes the events that end a run before its time. */
import { applied, causedBy, NO_COMMAND, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { CausedBy, Decided } from '../events.ts'
import { shown } from '../job/check.ts'
import { pauseProblem } from '../job/pause-options.ts'
import { reject, type Rejection } from '../rejections.ts'
import type { View } from '../state.ts'
import { finished } from './finish-run.ts'
import type { FinishedRun } from './finished-run.ts'
import type { RunState } from './run-state.ts'

type CancelRun = Extract<Command, { type: 'CancelRun' }>

/**
 * A run that has not begun is over at once. One that runs is asked to stop: it ends when its handler obeys, or by its
 * time-out.
 */
export function cancelRun(view: View, command: CancelRun, finishedRun: FinishedRun | null): Decided[] {
  const run = view.run(command.runId)
  if (run === undefined || run.jobId !== command.jobId) return rejected(command, notOpen(command.runId, finishedRun))
  const problem = pauseProblem({ reason: command.reason, until: null })
  if (problem !== null) return rejected(command, problem)
  const reason = command.reason ?? 'cancelled on request'
  if (run.status === 'running')
    return run.cancelRequested ? applied(command) : [cancelRequested(run, reason, causedBy(command))]
  return finished(view, run, cancelled(run, reason, causedBy(command)))
}

function notOpen(runId: string, finishedRun: FinishedRun | null): Rejection {
  if (finishedRun === null)
    return reject('run-not-found', `runId: expected a run of the job, got ${shown(runId)}`, 'runId')
  return reject('run-final', `runId: the run ended ${finishedRun.outcome} already`, 'runId')
}

export function cancelRequested(run: RunState, reason: string, by: CausedBy = NO_COMMAND): Decided {
  return { type: 'RunCancelRequested', ...by, jobId: run.jobId, runId: run.runId, attempt: run.attempt, reason }
}

export function cancelled(run: RunState, reason: string, by: CausedBy = NO_COMMAND): Decided {
  return {
    type: 'RunCancelled',
    ...by,
    jobId: run.jobId,
    runId: run.runId,
    attempt: run.attempt,
    scheduledAt: run.scheduledAt,
    startedAt: run.startedAt,
    executor: run.executor,
    reason,
  }
}
