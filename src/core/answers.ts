/** The events that answer a command. */
import type { Command } from './commands.ts'
import type { CausedBy, Decided, Times } from './events.ts'
import { JOB_ID_PATTERN } from './limits.ts'
import type { Rejection } from './rejections.ts'

export const NO_COMMAND: CausedBy = Object.freeze({
  commandId: null,
  commandGiven: false,
  actor: null,
  commandOffset: null,
})

export function causedBy(command: Command): CausedBy {
  const { commandId, commandGiven, actor, commandOffset } = command
  return { commandId, commandGiven, actor, commandOffset }
}

export function jobIdOfCommand(command: Command): string | null {
  return 'jobId' in command ? command.jobId : null
}

/** What is on the log names jobs only by ids that a job can have: a record's key has its limits. */
function namedJob(command: Command): string | null {
  const jobId = jobIdOfCommand(command)
  return jobId !== null && JOB_ID_PATTERN.test(jobId) ? jobId : null
}

/** The rejection as an event. Its id is not remembered: a repetition is decided anew. */
export function rejected(command: Command, rejection: Rejection): Decided[] {
  return [{ type: 'CommandRejected', ...causedBy(command), jobId: namedJob(command), ...rejection }]
}

/** There was nothing to change. */
export function applied(command: Command, duplicate = false, times: Times | null = null): Decided[] {
  return [{ type: 'CommandApplied', ...causedBy(command), jobId: namedJob(command), duplicate, times }]
}
