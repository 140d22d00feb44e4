/** What an owner produces beside the events: runs, control, deliveries, reports of those, replies, forwards, dead letters. */
import type { Event } from '../core/events.ts'
import type { JsonObject } from '../core/json.ts'
import type { RecordHeader } from '../ports/event-log.ts'
import type { InputRecord } from '../ports/input-codec.ts'
import type { OutgoingRecord } from '../ports/outbox.ts'
import type { OutputCodec } from '../ports/output-codec.ts'
import { controlRecord } from './control-record.ts'
import { eventToJson } from './event-json.ts'
import { FORWARDED, forwardedHeaders } from './forwarded.ts'
import { RUN_CODEC } from './run-codec.ts'
import { runRecord } from './run-record.ts'

const COMMAND_ID = 'horolog-command-id'

export const OUTPUT_CODEC: OutputCodec = Object.freeze({
  run: runRecord,
  delivery,
  control: controlRecord,
  report: RUN_CODEC.reportRecord,
  reply,
  forward,
  deadLetter,
} satisfies OutputCodec)

function delivery(
  request: Parameters<OutputCodec['delivery']>[0],
  to: Parameters<OutputCodec['delivery']>[1],
): OutgoingRecord {
  const own = Object.entries(to.headers).map(([name, value]): RecordHeader => [name, Buffer.from(value)])
  return {
    topic: to.topic,
    foreign: true,
    key: to.key,
    value: request.payload,
    headers: [
      ...recordHeaders(request.headers),
      ...own,
      header('content-type', request.contentType),
      header('horolog-run-id', request.runId),
      header('horolog-attempt', request.attempt),
      header('horolog-job-id', request.jobId),
      header('horolog-scheduled-at', new Date(request.scheduledAt).toISOString()),
    ],
  }
}

/** The first event says what became of the command; all of them are told. */
function reply(to: string, events: readonly Event[], partition: number): OutgoingRecord {
  const [first] = events
  const commandId = first !== undefined && 'commandId' in first ? first.commandId : null
  const json: JsonObject = {
    commandId,
    outcome: outcome(first),
    ...(first?.type === 'CommandRejected' ? { code: first.code, reason: first.reason, path: first.path } : {}),
    partition,
    events: events.map(eventToJson),
  }
  return { topic: to, foreign: true, key: commandId, value: Buffer.from(JSON.stringify(json)), headers: [] }
}

function outcome(event: Event | undefined): string {
  if (event?.type === 'CommandRejected') return 'rejected'
  if (event?.type === 'CommandForwarded') return 'forwarded'
  return event?.type === 'CommandApplied' && event.duplicate ? 'duplicate' : 'applied'
}

function forward(record: InputRecord, commandId: string | null, toPartition: number, at: number): OutgoingRecord {
  const { topic, value, timestamp } = record
  const own = commandId === null ? FORWARDED : [...FORWARDED, COMMAND_ID]
  const kept = record.headers.filter(([name]) => !own.includes(name))
  const id = commandId === null ? [] : [header(COMMAND_ID, commandId)]
  return {
    topic,
    partition: toPartition,
    ...keyOf(record),
    value,
    headers: [...kept, ...id, ...forwardedHeaders(place(record), at, timestamp)],
  }
}

function deadLetter(record: InputRecord, error: string, reason: string): OutgoingRecord {
  const { value, topic, partition, offset } = record
  return {
    topic: 'dead-letters',
    ...keyOf(record),
    value,
    headers: [
      ...record.headers,
      header('horolog-error', error),
      header('horolog-reason', reason),
      header('horolog-topic', topic),
      header('horolog-partition', partition),
      header('horolog-offset', offset),
    ],
  }
}

function keyOf({ key, rawKey }: InputRecord): Pick<OutgoingRecord, 'key' | 'rawKey'> {
  return rawKey === undefined ? { key } : { key, rawKey }
}

function place({ topic, partition, offset }: InputRecord): string {
  return `${topic}/${partition}/${offset}`
}

function header(name: string, value: string | number): RecordHeader {
  return [name, Buffer.from(String(value))]
}

function recordHeaders(headers: Parameters<OutputCodec['run']>[0]['headers']): readonly RecordHeader[] {
  return (headers ?? []).map(({ name, value }) => [name, value])
}
