/** Commands in Avro single-object encoding. */
import type { Command, CommandType } from '../core/commands.ts'
import { commandFromMembers, type CommandSource, isCommandType, membersOfCommand } from './command-members.ts'
import { DecodeError } from './decode-error.ts'
import type { Members } from './json-read.ts'
import { type RecordCodec, recordCodec, recordName } from './record-codec.ts'

/** Throws TypeError, naming the member, when the job that a client gave doesn't fit the schema. */
export function encodeCommand(command: Command): Uint8Array {
  const members = membersOfCommand(command)
  if (command.type === 'ModifyJob') {
    const unset = Object.entries(command.job).filter(([, value]) => value === null)
    members['unset'] = unset.length === 0 ? null : unset.map(([name]) => name)
  }
  return codecOf(command.type).encode(members)
}

/** Throws DecodeError. */
export function decodeCommand(value: Uint8Array, source: CommandSource): Command {
  const type = recordName(value)
  if (!isCommandType(type)) throw new DecodeError('', `${type} is not a command`, 'unsupported-type')
  const members = codecOf(type).decode(value)
  if (type === 'AddJob') members['job'] = withoutNulls(members['job'] as Members)
  if (type === 'ModifyJob') members['unset'] ??= []
  return commandFromMembers(type, members, source)
}

/** Avro has no absent members; the core's input has. */
function withoutNulls(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}

const codecs = new Map<CommandType, RecordCodec<Members>>()

function codecOf(type: CommandType): RecordCodec<Members> {
  const known = codecs.get(type)
  if (known !== undefined) return known
  const made = recordCodec<Members>(type)
  codecs.set(type, made)
  return made
}
