/** Decides RunJob: one run now, beside the schedule. Over maxInstances it follows `overlap`. */
import { causedBy, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import { type Problems, shown, text } from '../job/check.ts'
import { notFound } from '../job/job-not-found.ts'
import type { JobState } from '../job/job-state.ts'
import { MAX_NAME_CHARS, MAX_PAYLOAD_BYTES } from '../limits.ts'
import type { Moment } from '../moment.ts'
import { reject, type Rejection } from '../rejections.ts'
import type { View } from '../state.ts'
import { makeRoom } from './make-room.ts'
import { queuedByCommand } from './queue-run.ts'
import { commandIdProblem } from './run-id.ts'

type RunJob = Extract<Command, { type: 'RunJob' }>

export function runJob(view: View, command: RunJob, moment: Moment): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  const { commandId, payload, contentType } = command
  const problem = commandIdProblem(commandId) ?? contentTypeProblem(contentType)
  if (problem !== null) return rejected(command, problem)
  if (payload !== null && payload.length > MAX_PAYLOAD_BYTES) {
    const reason = `payload: expected at most ${MAX_PAYLOAD_BYTES} bytes, got ${payload.length} bytes`
    return rejected(command, reject('payload-too-large', reason, 'payload'))
  }
  const room = makeRoom(view, job)
  if (room.kind === 'none') return rejected(command, noRoom(job))
  const by = { causedBy: causedBy(command), askedId: commandId }
  const asked = { ...by, cause: 'run-now', at: moment.now, after: room.after } as const
  return [...room.events, queuedByCommand(job, { ...asked, payload, contentType })]
}

function contentTypeProblem(contentType: string | null): Rejection | null {
  const problems: Problems = { first: null }
  text(problems, 'contentType', contentType, MAX_NAME_CHARS)
  return problems.first
}

export function noRoom(job: JobState): Rejection {
  const { maxInstances, overlap } = job.definition
  const reason = `jobId: expected fewer than ${maxInstances} runs of ${shown(job.jobId)} without an outcome (maxInstances, overlap ${overlap})`
  return reject('limit-exceeded', reason, 'jobId')
}
