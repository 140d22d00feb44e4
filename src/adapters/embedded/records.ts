/**
 * The records in the payload of a frame, behind the topic name:
 * key length (u16, 0xFFFF: no key) · header count (u16) · value length (u32) · key · value · for each header: name length
 * (u16) · content length (u32) · name · content.
 *
 * Boundary: bytes in a buffer. Hot path: encodes in place, one pass over the records after one that bounds their size.
 */
import type { LogRecord, RecordHeader, StoredRecord } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import { put16, put32 } from './frame.ts'
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_HEADERS, MAX_TEXT_BYTES } from './limits.ts'

const NO_KEY = 0xffff
const NO_BYTES = new Uint8Array(0)
const RECORD_FRAMING = 8
const HEADER_FRAMING = 6

/** A UTF-16 unit takes at most three bytes in UTF-8. */
const MAX_BYTES_PER_UNIT = 3

/** Shorter ASCII texts are written faster byte by byte than through the native call. */
const SHORT_TEXT_UNITS = 48

/** Checks the shape of a batch and returns an upper bound of its encoded size. */
export function boundBatch(records: readonly LogRecord[]): number {
  if (records.length === 0) throw new LogError('invalid-record', 'a batch has at least one record')
  if (records.length > MAX_BATCH_RECORDS) {
    throw new LogError('too-large', `${records.length} records in a batch, at most ${MAX_BATCH_RECORDS} are allowed`)
  }
  let bound = 0
  let least = 0
  for (const record of records) {
    if (record.value === null) throw new LogError('invalid-record', 'a folder keeps every record: it has no tombstones')
    bound += RECORD_FRAMING + record.value.length
    least += record.value.length
    if (record.key !== null) bound += record.key.length * MAX_BYTES_PER_UNIT
    if (record.headers !== undefined) bound += boundHeaders(record.headers)
  }
  if (least > MAX_BATCH_BYTES) throw tooLarge(least)
  return bound
}

/** Writes the records at `at` and returns where they end. The buffer has room for `boundBatch` bytes. */
export function encodeRecords(buffer: Buffer, at: number, records: readonly LogRecord[]): number {
  let end = at
  for (const record of records) {
    const start = end
    const { key, headers } = record
    const value = record.value ?? NO_BYTES
    end += RECORD_FRAMING
    if (key === null) put16(buffer, start, NO_KEY)
    else {
      end = putText(buffer, end, key)
      put16(buffer, start, end - start - RECORD_FRAMING)
    }
    put16(buffer, start + 2, headers === undefined ? 0 : headers.length)
    put32(buffer, start + 4, value.length)
    buffer.set(value, end)
    end += value.length
    if (headers !== undefined) end = putHeaders(buffer, end, headers)
  }
  if (end - at > MAX_BATCH_BYTES) throw tooLarge(end - at)
  return end
}

/** The batch that a payload holds. Values and header contents are views of the buffer. */
export interface EncodedBatch {
  readonly buffer: Buffer
  /** Where the records begin. */
  readonly start: number
  readonly baseOffset: number
  readonly timestamp: number
  readonly count: number
}

/** Decodes the records from an offset on. The bytes have passed their CRC. */
export function decodeRecords(batch: EncodedBatch, fromOffset: number, into: StoredRecord[]): number {
  const { buffer, baseOffset, timestamp } = batch
  let at = batch.start
  let valueBytes = 0
  for (let index = 0; index < batch.count; index++) {
    const keyBytes = buffer.readUInt16LE(at)
    const headerCount = buffer.readUInt16LE(at + 2)
    const size = buffer.readUInt32LE(at + 4)
    const keyStart = at + RECORD_FRAMING
    const valueStart = keyStart + (keyBytes === NO_KEY ? 0 : keyBytes)
    const headers: RecordHeader[] = []
    at = headerCount === 0 ? valueStart + size : readHeaders(buffer, valueStart + size, headerCount, headers)
    if (baseOffset + index < fromOffset) continue
    const key = keyBytes === NO_KEY ? null : buffer.toString('utf8', keyStart, valueStart)
    into.push({ offset: baseOffset + index, timestamp, key, value: view(buffer, valueStart, size), headers })
    valueBytes += size
  }
  return valueBytes
}

function readHeaders(buffer: Buffer, start: number, count: number, into: RecordHeader[]): number {
  let at = start
  for (let index = 0; index < count; index++) {
    const nameEnd = at + HEADER_FRAMING + buffer.readUInt16LE(at)
    const size = buffer.readUInt32LE(at + 2)
    into.push([buffer.toString('utf8', at + HEADER_FRAMING, nameEnd), view(buffer, nameEnd, size)])
    at = nameEnd + size
  }
  return at
}

function boundHeaders(headers: readonly RecordHeader[]): number {
  if (headers.length > MAX_HEADERS) {
    throw new LogError('too-large', `${headers.length} headers of a record, at most ${MAX_HEADERS} are allowed`)
  }
  let bound = 0
  for (const [name, content] of headers) bound += HEADER_FRAMING + name.length * MAX_BYTES_PER_UNIT + content.length
  return bound
}

function putHeaders(buffer: Buffer, start: number, headers: readonly RecordHeader[]): number {
  let at = start
  for (const [name, content] of headers) {
    const end = putText(buffer, at + HEADER_FRAMING, name)
    put16(buffer, at, end - at - HEADER_FRAMING)
    put32(buffer, at + 2, content.length)
    buffer.set(content, end)
    at = end + content.length
  }
  return at
}

/** Writes a text as UTF-8 and returns where it ends. */
function putText(buffer: Buffer, at: number, text: string): number {
  const units = text.length
  if (units <= SHORT_TEXT_UNITS) {
    let index = 0
    for (; index < units; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) break
      buffer[at + index] = unit
    }
    if (index === units) return at + units
  }
  if (!text.isWellFormed()) throw new LogError('invalid-record', 'a key or a header name has a lone surrogate')
  const bytes = buffer.write(text, at, 'utf8')
  if (bytes > MAX_TEXT_BYTES) {
    throw new LogError('too-large', `a key or a header name of ${bytes} bytes, at most ${MAX_TEXT_BYTES} are allowed`)
  }
  return at + bytes
}

function view(buffer: Buffer, start: number, size: number): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset + start, size)
}

function tooLarge(bytes: number): LogError {
  return new LogError('too-large', `a batch of ${bytes} bytes, at most ${MAX_BATCH_BYTES} are allowed`)
}
