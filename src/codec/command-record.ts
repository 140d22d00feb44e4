/**
 * A record of the commands topic read by the rules of protocol §3, in their order: plain job, remove, Avro, JSON,
 * anything else. Never throws: what can't be read comes back as a rejection with all that is known of who asked.
 */
import { isUtf8 } from 'node:buffer'

import type { Command, CommandEnvelope } from '../core/commands.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { MAX_JOB_ID_CHARS, MAX_RECORD_BYTES } from '../core/limits.ts'
import type { RecordHeader } from '../ports/event-log.ts'
import type { CommandReading } from '../ports/input-codec.ts'
import { decodeCommand } from './command-avro.ts'
import { commandFromJson } from './command-json.ts'
import { commandEnvelope, commandFromMembers, type CommandSource } from './command-members.ts'
import { isConfluent } from './confluent.ts'
import { DecodeError } from './decode-error.ts'
import { FORWARDED, forwardedAt, writtenAt } from './forwarded.ts'
import { headerTexts, type HeaderTexts } from './headers.ts'
import { parseJson } from './json-text.ts'
import { isPlainJob, plainJobFromHeaders, type PlainJobRecord, sourceOf } from './plain-job.ts'

export interface CommandRecord extends PlainJobRecord {
  readonly headers: readonly RecordHeader[]
  /** null: remove the job. */
  readonly value: Uint8Array | null
}

const AVRO = 0xc3
const JSON_OBJECT = 0x7b
const WANTED: ReadonlySet<string> = new Set([
  'horolog-id',
  'horolog-command-id',
  'horolog-actor',
  'horolog-reply-to',
  ...FORWARDED,
])

/** What a registry made of a value in the Confluent encoding; null: nobody asked one. */
type Confluent = Uint8Array | DecodeError | null

/** `confluent`: the record's value in single-object encoding, where it has that encoding. Default: there is no registry. */
export function readCommand(record: CommandRecord, confluent: Confluent = null): CommandReading {
  let texts: HeaderTexts = new Map()
  // Of JSON that names a command in a wrong way, who asked is still told.
  const seen: Seen = { commandId: null, actor: null, jobId: null }
  try {
    texts = headerTexts(record.headers, (name) => WANTED.has(name))
    const timestamp = writtenAt(texts, record.timestamp)
    const command = commandOf({ ...record, timestamp }, sourceOf(texts, record), seen, confluent)
    return { kind: 'command', command, ...asked(texts, record) }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const source = sourceOf(texts, record)
    const jobId = typeof seen.jobId === 'string' ? seen.jobId : source.jobId
    return {
      kind: 'rejected',
      rejection: error.rejection,
      envelope: envelopeOf(seen, source),
      jobId: jobId === null ? null : jobId.slice(0, MAX_JOB_ID_CHARS),
      ...asked(texts, record),
    }
  }
}

/** Members of a value, not checked yet. */
interface Seen {
  commandId: unknown
  actor: unknown
  jobId: unknown
}

function commandOf(record: CommandRecord, source: CommandSource, seen: Seen, confluent: Confluent): Command {
  const { value } = record
  if (isPlainJob(record.headers)) return plainJobFromHeaders(record.headers, value, record)
  if (value === null) return commandFromMembers('RemoveJob', {}, source)
  if (isConfluent(value)) {
    if (confluent instanceof Uint8Array) return decodeCommand(confluent, source)
    throw (
      confluent ??
      new DecodeError('', 'the Confluent encoding needs a schema registry, none is configured', 'unsupported-type')
    )
  }
  switch (value[0]) {
    case AVRO:
      return decodeCommand(value, source)
    case JSON_OBJECT:
      return commandFromJson(parsedValue(value, seen), source)
    default:
      throw new DecodeError('', 'expected Avro, JSON or the headers of a plain job')
  }
}

function parsedValue(value: Uint8Array, seen: Seen): Json {
  if (value.length > MAX_RECORD_BYTES) {
    throw new DecodeError('', `expected at most ${MAX_RECORD_BYTES} bytes, got ${value.length}`, 'payload-too-large')
  }
  if (!isUtf8(value)) throw new DecodeError('', 'expected UTF-8')
  const json = parseJson(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'), '')
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const { commandId, actor, jobId, job } = json as JsonObject
    const id = typeof job === 'object' && job !== null && 'id' in job ? job['id'] : undefined
    Object.assign(seen, { commandId, actor, jobId: jobId ?? id })
  }
  return json
}

function envelopeOf(seen: Seen, source: CommandSource): CommandEnvelope {
  for (const members of [{ commandId: seen.commandId, actor: seen.actor }, {}]) {
    try {
      return commandEnvelope(members, source)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }
  // The header itself is no id.
  return { commandId: source.place, commandGiven: false, actor: null, commandOffset: source.offset }
}

function asked(texts: HeaderTexts, { timestamp }: CommandRecord): Pick<CommandReading, 'replyTo' | 'forwardedAt'> {
  return { replyTo: texts.get('horolog-reply-to') ?? null, forwardedAt: forwardedAt(texts, timestamp) }
}
