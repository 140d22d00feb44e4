/** Commands in the JSON form of the protocol: `type` names the record, unknown members are refused. */
import { shown } from '../core/job/check.ts'
import type { Command } from '../core/commands.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { commandFromMembers, type CommandSource, isCommandType, membersOfCommand } from './command-members.ts'
import { DecodeError } from './decode-error.ts'
import { jsonObject, readJson } from './json-read.ts'
import { writeJson } from './json-write.ts'
import { storedSchema } from './schema-store.ts'

/** A payload is embedded where its bytes are exactly those of its JSON, else base64. */
export function commandToJson(command: Command): JsonObject {
  const members = membersOfCommand(command)
  const json = writeJson(storedSchema(command.type).schema, members, { exactPayloads: true }, { type: command.type })
  if (command.type !== 'ModifyJob') return json
  const unset = Object.entries(command.job).filter(([, value]) => value === null)
  return { ...json, job: { ...jsonObject(json['job'], 'job'), ...Object.fromEntries(unset) } }
}

/** The JSON comes from `parseJson`. Throws DecodeError. */
export function commandFromJson(json: Json, source: CommandSource): Command {
  const { type, ...rest } = jsonObject(json, '')
  if (!isCommandType(type))
    throw new DecodeError('type', `expected the name of a command, got ${shown(type)}`, 'unsupported-type')
  if (rest['unset'] !== undefined)
    throw new DecodeError('unset', 'there is no such member in JSON: give the members of job as null')
  const members = readJson(storedSchema(type).schema, rest, '', { unknown: 'refuse', absent: 'omit' })
  // The core's commands have null for what is absent, but in the job.
  for (const field of storedSchema(type).schema.fields) members[field.name] ??= null
  return commandFromMembers(type, members, source)
}
