/** Run ids (protocol §1): a job removed and added again, or a backfill of a past time, never repeats one. */
import type { CommandEnvelope } from '../commands.ts'
import type { Stamp } from '../events.ts'
import { shown } from '../job/check.ts'
import type { JobState } from '../job/job-state.ts'
import { MAX_COMMAND_ID_CHARS } from '../limits.ts'
import { reject, type Rejection } from '../rejections.ts'
import { compactTime } from '../times.ts'

export function incarnationOf(place: Pick<Stamp, 'epoch' | 'seq' | 'index'>): string {
  return `${place.epoch}-${place.seq}-${place.index}`
}

/** `commandId` only for runs that no trigger made. */
export function runIdOf(jobId: string, incarnation: string, scheduledAt: number, commandId: string | null): string {
  const id = `${jobId}/${incarnation}/${compactTime(scheduledAt)}`
  return commandId === null ? id : `${id}/${commandId}`
}

/**
 * What tells the runs of a backfill or a redrive, whose times are past, from others of the same time: the command's id.
 * One that a client gave may come again when it is forgotten, so the place of the decision goes with it.
 */
export function askedIdOf(command: CommandEnvelope, place: Pick<Stamp, 'epoch' | 'seq' | 'index'>): string {
  return command.commandGiven ? `${command.commandId}/${incarnationOf(place)}` : command.commandId
}

/** One of the open runs that a command of that id asked for, at whatever place it was decided. */
export function openRunAsked(job: JobState, at: number, commandId: string): string | undefined {
  const runId = runIdOf(job.jobId, job.incarnation, at, commandId)
  return job.openRuns.find((open) => open === runId || open.startsWith(`${runId}/`))
}

/** What is wrong with a command id that is to be part of a run id. */
export function commandIdProblem(commandId: string): Rejection | null {
  if (commandId.length <= MAX_COMMAND_ID_CHARS) return null
  const reason = `commandId: expected at most ${MAX_COMMAND_ID_CHARS} characters, got ${shown(commandId)}`
  return reject('invalid-id', reason, 'commandId')
}
