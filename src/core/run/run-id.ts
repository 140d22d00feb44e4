/** Run ids (protocol §1): a job removed and added again, or a backfill of a past time, never repeats one. */
import type { Stamp } from '../events.ts'
import { shown } from '../job/check.ts'
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

/** What is wrong with a command id that is to be part of a run id. */
export function commandIdProblem(commandId: string): Rejection | null {
  if (commandId.length <= MAX_COMMAND_ID_CHARS) return null
  const reason = `commandId: expected at most ${MAX_COMMAND_ID_CHARS} characters, got ${shown(commandId)}`
  return reject('invalid-id', reason, 'commandId')
}
