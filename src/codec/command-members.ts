/**
 * Commands ⇄ the members of their records, which Avro and JSON share. What a record leaves out is filled in from the
 * record around it (protocol §3): command id, job id, actor.
 *
 * Boundary: shape and identity only. Whether a job, an option or a trigger is valid is decided in the core.
 */
import { shown } from '../core/job/check.ts'
import type { Command, CommandEnvelope, CommandType, IfExists } from '../core/commands.ts'
import type { JobInput } from '../core/job/definition.ts'
import { MAX_COMMAND_ID_CHARS, MAX_DESCRIPTION_CHARS, MAX_JOB_ID_CHARS } from '../core/limits.ts'
import { DecodeError } from './decode-error.ts'
import type { Members } from './json-read.ts'

/** What is known of a command besides its value. */
export interface CommandSource {
  /** From the header; null: none. */
  readonly commandId: string | null
  readonly actor: string | null
  /** From the header, else the record's key; null: none. */
  readonly jobId: string | null
  /** `<topic>/<partition>/<offset>`: the command id where nobody gave one. */
  readonly place: string
  /** Offset in the commands topic; null: not from there. */
  readonly offset: number | null
}

const TYPES: Readonly<Record<CommandType, true>> = {
  AddJob: true,
  ModifyJob: true,
  RescheduleJob: true,
  RemoveJob: true,
  PauseJob: true,
  ResumeJob: true,
  RunJob: true,
  BackfillJob: true,
  CancelRun: true,
  RetryRun: true,
  PauseJobs: true,
  ResumeJobs: true,
  PauseSchedule: true,
  ResumeSchedule: true,
  RemoveAllJobs: true,
  DeclareExecutor: true,
}
export const COMMAND_TYPES: readonly CommandType[] = Object.freeze(Object.keys(TYPES) as CommandType[])
export const IF_EXISTS: readonly IfExists[] = Object.freeze(['replace', 'keep', 'reject'])

export function isCommandType(type: unknown): type is CommandType {
  return typeof type === 'string' && Object.hasOwn(TYPES, type)
}

/** The members are those of the record's schema, null or left out where absent. Throws DecodeError. */
export function commandFromMembers(type: CommandType, members: Members, source: CommandSource): Command {
  const envelope = commandEnvelope(members, source)
  const { commandId: _id, actor: _actor, unset, job, ...rest } = members
  if (typeof rest['reason'] === 'string' && rest['reason'].length > MAX_DESCRIPTION_CHARS) {
    throw tooLong('reason', MAX_DESCRIPTION_CHARS)
  }
  const common = { ...rest, ...envelope, type }
  switch (type) {
    case 'AddJob': {
      const { id, ...input } = job as JobInput & { readonly id?: string | null }
      const jobId = checkedId(id ?? source.jobId ?? idFromCommand(envelope.commandId), 'job.id')
      return { ...common, jobId, ifExists: ifExists(members['ifExists']), job: input } as Command
    }
    case 'ModifyJob': {
      const { id, ...input } = job as JobInput & { readonly id?: string | null }
      const jobId = requiredId(members, source)
      if (typeof id === 'string' && id !== jobId)
        throw new DecodeError('job.id', `expected ${shown(jobId)}, got ${shown(id)}`)
      return { ...common, jobId, job: withUnset(input, unset) } as Command
    }
    case 'BackfillJob':
      return { ...common, jobId: requiredId(members, source), dryRun: members['dryRun'] === true } as Command
    case 'PauseJobs':
    case 'ResumeJobs':
    case 'PauseSchedule':
    case 'ResumeSchedule':
    case 'RemoveAllJobs':
    case 'DeclareExecutor':
      return common as unknown as Command
    default:
      return { ...common, jobId: requiredId(members, source) } as unknown as Command
  }
}

/** The opposite. A command id that nobody gave is not passed on as if somebody had. */
export function membersOfCommand(command: Command): Members {
  const { type: _type, commandGiven, commandOffset: _offset, ...rest } = command
  const members: Members = { ...rest, commandId: commandGiven ? command.commandId : null }
  if (command.type === 'AddJob') {
    delete members['jobId']
    members['job'] = { ...command.job, id: command.jobId }
  }
  return members
}

/** Who asks, under which id. Throws DecodeError. */
export function commandEnvelope(members: Members, source: CommandSource): CommandEnvelope {
  const given = members['commandId'] ?? source.commandId
  if (given !== null && (typeof given !== 'string' || given === '' || given.length > MAX_COMMAND_ID_CHARS)) {
    throw new DecodeError(
      'commandId',
      `expected 1 to ${MAX_COMMAND_ID_CHARS} characters, got ${shown(given)}`,
      'invalid-id',
    )
  }
  const actor = members['actor'] ?? source.actor
  if (actor !== null && (typeof actor !== 'string' || actor.length > MAX_DESCRIPTION_CHARS)) {
    throw tooLong('actor', MAX_DESCRIPTION_CHARS)
  }
  return { commandId: given ?? source.place, commandGiven: given !== null, actor, commandOffset: source.offset }
}

/** Members that a partial update sets back, as null; every other absent member is left out. */
function withUnset(input: JobInput, unset: unknown): JobInput {
  if (!Array.isArray(unset)) return input
  const names = unset as readonly string[]
  for (const name of names) {
    if (!Object.hasOwn(input, name)) throw new DecodeError('unset', `there is no member ${shown(name)}`)
  }
  const kept = Object.entries(input).filter(([name, value]) => value !== null || names.includes(name))
  return Object.fromEntries(kept)
}

function requiredId(members: Members, source: CommandSource): string {
  const jobId = members['jobId'] ?? source.jobId
  if (typeof jobId !== 'string') throw new DecodeError('jobId', 'expected the id of a job, got nothing', 'invalid-id')
  return checkedId(jobId, 'jobId')
}

/** Only the length, so that the answer to it stays small; the alphabet is checked in the core. */
function checkedId(jobId: string, path: string): string {
  if (jobId.length <= MAX_JOB_ID_CHARS) return jobId
  throw new DecodeError(path, `expected 1 to ${MAX_JOB_ID_CHARS} characters, got ${jobId.length}`, 'invalid-id')
}

/** Of a long id the end is kept: there stands the offset. */
function idFromCommand(commandId: string): string {
  return commandId.replace(/[^A-Za-z0-9._:@-]/g, '_').slice(-MAX_JOB_ID_CHARS)
}

function ifExists(given: unknown): IfExists {
  if (given === null || given === undefined) return 'replace'
  const found = IF_EXISTS.find((one) => one === given)
  if (found === undefined) {
    throw new DecodeError('ifExists', `expected ${IF_EXISTS.join(' | ')}, got ${shown(given)}`, 'invalid-option')
  }
  return found
}

function tooLong(path: string, chars: number): DecodeError {
  return new DecodeError(path, `expected a text of at most ${chars} characters`, 'limit-exceeded')
}
