/** Decides RetryRun: a run that ended otherwise than succeeded is done again, as a run of its own. */
import { causedBy, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import { shown } from '../job/check.ts'
import { notFound } from '../job/job-not-found.ts'
import type { Moment } from '../moment.ts'
import { reject } from '../rejections.ts'
import type { View } from '../state.ts'
import type { FinishedRun } from './finished-run.ts'
import { makeRoom } from './make-room.ts'
import { AGAIN, queuedByCommand } from './queue-run.ts'
import { askedIdOf, commandIdProblem, openRunAsked } from './run-id.ts'
import { noRoom } from './run-job.ts'

type RetryRun = Extract<Command, { type: 'RetryRun' }>

export function redriveRun(view: View, command: RetryRun, finishedRun: FinishedRun | null, moment: Moment): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  if (view.run(command.runId) !== undefined) {
    const reason = `runId: expected a run that is over, got ${shown(command.runId)}, which is not`
    return rejected(command, reject('invalid-option', reason, 'runId'))
  }
  if (finishedRun === null || finishedRun.jobId !== command.jobId) {
    const reason = `runId: expected one of the runs kept for the job, got ${shown(command.runId)}`
    return rejected(command, reject('run-not-found', reason, 'runId'))
  }
  if (finishedRun.outcome === 'succeeded') {
    return rejected(command, reject('run-final', 'runId: the run succeeded: run the job instead', 'runId'))
  }
  const problem = commandIdProblem(command.commandId)
  if (problem !== null) return rejected(command, problem)
  if (openRunAsked(job, finishedRun.scheduledAt, command.commandId) !== undefined) {
    return rejected(command, reject('expired', AGAIN, 'commandId'))
  }
  const room = makeRoom(view, job)
  if (room.kind === 'none') return rejected(command, noRoom(job))
  const { scheduledAt: at, payload, contentType } = finishedRun
  const asked = {
    causedBy: causedBy(command),
    askedId: askedIdOf(command, moment),
    cause: 'run-now',
    at,
    after: room.after,
    retryOf: command.runId,
    payload,
    contentType,
  } as const
  return [...room.events, queuedByCommand(job, asked)]
}
