/**
 * What a memory log accepts as a batch: the same rules as the embedded log's, so that a test over memory meets the same
 * refusals.
 *
 * Boundary: checks and copies; stores nothing.
 */
import type { LogRecord, TopicPartition } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'

/** 1,000 events of a decision, its trailer, and room to spare. */
const MAX_BATCH_RECORDS = 1_024

/**
 * Keys, headers and values of a batch with their framing. Above the 900 KB that a decision may have, below the 1 MiB that
 * a Kafka broker takes by default.
 */
const MAX_BATCH_BYTES = 1_000_000

/** What each record and each header adds to a batch beside its bytes. */
const RECORD_FRAMING = 8
const HEADER_FRAMING = 6

/** Of a key or a header name: a job id has 200, a run id some 300. */
const MAX_TEXT_BYTES = 4_096

/** Of one record. */
const MAX_HEADERS = 256

/** Kafka's rule for topic names, so that every name fits every adapter. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,200}$/

export function checkPlace(place: TopicPartition, partitions: number): void {
  const known = Number.isInteger(place.partition) && place.partition >= 0 && place.partition < partitions
  if (known && TOPIC_NAME.test(place.topic)) return
  throw new LogError(
    'invalid-record',
    `no partition ${place.partition} of topic '${place.topic}' (partitions: ${partitions})`,
  )
}

/** Checks a batch and copies its bytes, so that the caller may reuse its buffers. */
export function takeBatch(records: readonly LogRecord[]): readonly LogRecord[] {
  if (records.length === 0) throw new LogError('invalid-record', 'a batch has at least one record')
  if (records.length > MAX_BATCH_RECORDS) {
    throw new LogError('too-large', `${records.length} records in a batch, at most ${MAX_BATCH_RECORDS} are allowed`)
  }
  const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0)
  if (bytes > MAX_BATCH_BYTES) {
    throw new LogError('too-large', `a batch of ${bytes} bytes, at most ${MAX_BATCH_BYTES} are allowed`)
  }
  return records.map(({ key, value, headers = [] }) => ({
    key,
    value: value === null ? null : new Uint8Array(value),
    headers: headers.map(([name, content]) => [name, new Uint8Array(content)] as const),
  }))
}

function recordBytes(record: LogRecord): number {
  const count = record.headers?.length ?? 0
  if (count > MAX_HEADERS)
    throw new LogError('too-large', `${count} headers of a record, at most ${MAX_HEADERS} are allowed`)
  const headers = (record.headers ?? []).reduce(
    (sum, [name, content]) => sum + HEADER_FRAMING + textBytes(name) + content.length,
    0,
  )
  return RECORD_FRAMING + headers + (record.value?.length ?? 0) + (record.key === null ? 0 : textBytes(record.key))
}

function textBytes(text: string): number {
  if (!text.isWellFormed()) throw new LogError('invalid-record', 'a key or a header name has a lone surrogate')
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_TEXT_BYTES)
    throw new LogError('too-large', `a key or a header name of ${bytes} bytes, at most ${MAX_TEXT_BYTES}`)
  return bytes
}
