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

const PLACE = /^\d+-\d+-\d+$/

/** Whether what `askedIdOf` gave is of a command of this id, at whatever place it was decided. Ids may have slashes of their own. */
export function isAskedBy(askedId: string, commandId: string): boolean {
  if (askedId === commandId) return true
  return askedId.startsWith(`${commandId}/`) && PLACE.test(askedId.slice(commandId.length + 1))
}

/** One of the open runs that a command of that id asked for. */
export function openRunAsked(job: JobState, at: number, commandId: string): string | undefined {
  const ofTime = `${runIdOf(job.jobId, job.incarnation, at, null)}/`
  return job.openRuns.find((open) => open.startsWith(ofTime) && isAskedBy(open.slice(ofTime.length), commandId))
}

/** What is wrong with a command id that is to be part of a run id. */
export function commandIdProblem(commandId: string): Rejection | null {
  if (commandId.length <= MAX_COMMAND_ID_CHARS) return null
  const reason = `commandId: expected at most ${MAX_COMMAND_ID_CHARS} characters, got ${shown(commandId)}`
  return reject('invalid-id', reason, 'commandId')
}
