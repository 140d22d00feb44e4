/**
 * What is taken as one batch: limits that leave room below the 1 MiB of a broker's and a topic's `max.message.bytes`, so
 * that a refusal names its reason before anything is sent.
 */
import { LogError, type LogRecord } from '../../ports/event-log.ts'
import { recordBytes } from './record-batch.ts'

/** 1,000 events of a decision, its trailer, and room to spare. */
const MAX_BATCH_RECORDS = 1_024
const MAX_BATCH_BYTES = 1_000_000
/** Of a key or a header name: a job id has 200, a run id some 300. */
const MAX_TEXT_BYTES = 4_096
/** Of one record. */
const MAX_HEADERS = 256

export function checkBatch(records: readonly LogRecord[]): void {
  if (records.length === 0) throw new LogError('invalid-record', 'a batch has at least one record')
  if (records.length > MAX_BATCH_RECORDS)
    throw new LogError('too-large', `${records.length} records in a batch, at most ${MAX_BATCH_RECORDS} are allowed`)
  for (const record of records) checkTexts(record)
  const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0)
  if (bytes > MAX_BATCH_BYTES)
    throw new LogError('too-large', `a batch of ${bytes} bytes, at most ${MAX_BATCH_BYTES} are allowed`)
}

function checkTexts({ key, headers = [] }: LogRecord): void {
  if (headers.length > MAX_HEADERS)
    throw new LogError('too-large', `${headers.length} headers of a record, at most ${MAX_HEADERS} are allowed`)
  if (key !== null) checkText(key)
  for (const [name] of headers) checkText(name)
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw new LogError('invalid-record', 'a key or a header name has a lone surrogate')
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_TEXT_BYTES)
    throw new LogError('too-large', `a key or a header name of ${bytes} bytes, at most ${MAX_TEXT_BYTES} are allowed`)
}
