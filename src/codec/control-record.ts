/** The control record of protocol §5: what an owner tells every executor of one attempt, as JSON. */
import { isUtf8 } from 'node:buffer'

import { shown } from '../core/job/check.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { parseInstantMs } from '../core/triggers/instant.ts'
import { TriggerError } from '../core/triggers/trigger-error.ts'
import type { StoredRecord } from '../ports/event-log.ts'
import type { OutgoingRecord } from '../ports/outbox.ts'
import type { ControlReading, ControlRecord } from '../ports/run-codec.ts'
import { DecodeError } from './decode-error.ts'
import { jsonObject } from './json-read.ts'
import { parseJson } from './json-text.ts'

/** Ids and a reason that a person wrote: what is larger is no control record, and is not parsed. */
const MAX_CONTROL_BYTES = 64 * 1024

export function controlRecord(control: ControlRecord): OutgoingRecord {
  const { type, runId, attempt } = control
  const what = type === 'CancelRun' ? reasonOf(control.reason) : { executor: control.executor }
  const json: JsonObject = { type, runId, attempt, ...what, at: new Date(control.at).toISOString() }
  return { topic: 'control', partition: 0, key: runId, value: Buffer.from(JSON.stringify(json)), headers: [] }
}

/** Members that are not known are ignored. Never throws. */
export function readControl({ value }: Pick<StoredRecord, 'value'>): ControlReading {
  try {
    return { kind: 'control', control: controlOf(value) }
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'unreadable', why: error.message }
    throw error
  }
}

function controlOf(value: Uint8Array | null): ControlRecord {
  if (value === null || value.length > MAX_CONTROL_BYTES || !isUtf8(value)) {
    throw new DecodeError('', `expected JSON of at most ${MAX_CONTROL_BYTES} bytes of UTF-8`)
  }
  const json = parseJson(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'), '')
  const members = jsonObject(json, '')
  const { type, reason } = members
  const common = { runId: text(members, 'runId'), attempt: attempt(members), at: instant(members) }
  switch (type) {
    case 'CancelRun':
      return { type, ...common, reason: reason === undefined || reason === null ? null : text(members, 'reason') }
    case 'RunGranted':
    case 'ClaimRefused':
      return { type, ...common, executor: text(members, 'executor') }
    default:
      throw new DecodeError('type', `expected CancelRun | RunGranted | ClaimRefused, got ${shown(type)}`)
  }
}

function reasonOf(reason: string | null): JsonObject {
  return reason === null ? {} : { reason }
}

function text(members: JsonObject, name: string): string {
  const value: Json | undefined = members[name]
  if (typeof value === 'string') return value
  throw new DecodeError(name, `expected a text, got ${shown(value)}`)
}

function attempt({ attempt }: JsonObject): number {
  if (typeof attempt === 'number' && Number.isInteger(attempt) && attempt >= 1) return attempt
  throw new DecodeError('attempt', `expected the number of the attempt, got ${shown(attempt)}`)
}

function instant({ at }: JsonObject): number {
  try {
    if (typeof at === 'string') return parseInstantMs(at, 'at')
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error
  }
  throw new DecodeError('at', `expected an RFC 3339 instant with Z or an offset, got ${shown(at)}`)
}
