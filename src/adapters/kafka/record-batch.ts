/**
 * Kafka's record batch, format 2: written for `append`, read from fetches.
 *
 * Boundary: bytes in, records out. Offsets inside a batch may have holes, which compaction made, and a batch may have
 * lost all its records; its `next` says where to read on all the same. So it does of a batch that can't be unpacked: that
 * is no error, which a reader would only meet again.
 * Invariant: no record is taken of a batch whose check sum is wrong, and none of what stands behind it.
 */
import type { RecordHeader, StoredRecord } from '../../ports/event-log.ts'
import { MAX_BYTES, decompress } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { WireReader, WireWriter } from './wire.ts'

/** A record on its way out: a key is bytes, since a forwarded one need not be UTF-8. */
export interface EncodableRecord {
  readonly key: string | Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly RecordHeader[]
}

export interface RecordBatch {
  readonly first: number
  /** The offset after the batch. */
  readonly next: number
  /** Of the values. */
  readonly bytes: number
  readonly records: readonly StoredRecord[]
  readonly producerId: number
  readonly transactional: boolean
  /** The end of a transaction: no records of anybody. */
  readonly control: 'commit' | 'abort' | null
  /** Why its records can't be read, and are not there; null: they can. */
  readonly unreadable: string | null
}

/** Not what was written: nothing of it can be believed but where it stands. */
export interface DamagedBatch {
  readonly first: number
  /** CRC-32C, as the batch says it. */
  readonly expected: number
  /** And as its bytes have it. */
  readonly came: number
}

export interface RecordSet {
  readonly batches: readonly RecordBatch[]
  /** Stands behind them; null: nothing is damaged. */
  readonly damaged: DamagedBatch | null
}

const MAGIC = 2
const COMPRESSION_MASK = 7
const LOG_APPEND_TIME = 8
const TRANSACTIONAL = 16
const CONTROL = 32
/** Offset and length, which stand before what the length counts. */
const PREFIX_BYTES = 12
/** From the first offset to the number of records. */
const HEADER_BYTES = 61
/** The smallest message before format 2: up to its value's length, without a key or a value. */
const OLD_HEADER_BYTES = 26
const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const CRC_FROM = 21
const ABORT_MARKER = 0
/** Of a record in our memory beside its own bytes, about: the smallest take seven in a batch. */
const RECORD_BYTES = 128

/** Of a record beside key and value: lengths, deltas, one byte of attributes; of a header: two lengths. */
const RECORD_FRAMING = 24
const HEADER_FRAMING = 6

/** About what the record takes in a batch; a little more, never less. */
export function recordBytes({ key, value, headers = [] }: EncodableRecord): number {
  let bytes = RECORD_FRAMING + (value?.length ?? 0)
  if (key !== null) bytes += typeof key === 'string' ? Buffer.byteLength(key) : key.length
  for (const [name, content] of headers) bytes += HEADER_FRAMING + Buffer.byteLength(name) + content.length
  return bytes
}

/** All records in one batch, uncompressed. `timestamp`: epoch milliseconds, kept where the topic has create time. */
export function encodeBatch(records: readonly EncodableRecord[], timestamp: number): Buffer {
  const size = records.reduce((sum, record) => sum + recordBytes(record), HEADER_BYTES)
  const writer = new WireWriter(size)
  writer.int64(0).int32(0).int32(-1).int8(MAGIC).uint32(0)
  writer.int16(0).int32(records.length - 1)
  writer.int64(timestamp).int64(timestamp).int64(-1).int16(-1).int32(-1).int32(records.length)
  for (const [index, record] of records.entries()) writeRecord(writer, record, index)
  writer.patchUint32(LENGTH_AT, writer.length - PREFIX_BYTES)
  writer.patchUint32(CRC_AT, crc32c(writer.written.subarray(CRC_FROM)))
  return writer.written
}

function writeRecord(batch: WireWriter, { key, value, headers = [] }: EncodableRecord, index: number): void {
  const writer = new WireWriter(RECORD_FRAMING)
  // Attributes, and the distance from the batch's time.
  writer.int8(0).varint(0).varint(index)
  if (typeof key === 'string') writer.varintString(key)
  else writer.varintBytes(key)
  const tail = new WireWriter(RECORD_FRAMING)
  tail.varint(headers.length)
  for (const [name, content] of headers) tail.varintString(name).varintBytes(content)
  const valueLength = new WireWriter(5).varint(value === null ? -1 : value.length)
  batch.varint(writer.length + valueLength.length + (value?.length ?? 0) + tail.length)
  batch.raw(writer.written).raw(valueLength.written)
  if (value !== null) batch.raw(value)
  batch.raw(tail.written)
}

/**
 * The whole batches of a fetched record set, up to a damaged one. Left for the next fetch are a torn one at its end, and
 * what stands behind one that can't be read or behind `MAX_BYTES` of unpacked ones: small batches that unpack to much come
 * in numbers.
 */
export function decodeBatches(recordSet: Buffer): RecordSet {
  const batches: RecordBatch[] = []
  let unpacked = 0
  let at = 0
  while (at + OLD_HEADER_BYTES <= recordSet.length && unpacked < MAX_BYTES) {
    const size = PREFIX_BYTES + recordSet.readInt32BE(at + LENGTH_AT)
    if (at + size > recordSet.length) break
    const bytes = recordSet.subarray(at, at + Math.max(size, OLD_HEADER_BYTES))
    const damaged = damageOf(bytes, size)
    if (damaged !== null) return { batches, damaged }
    const decoded = decodeBatch(bytes)
    batches.push(decoded.batch)
    unpacked += decoded.unpacked
    at += size
  }
  return { batches, damaged: null }
}

/** Before format 2 it has no such sum. `size`: as it says itself, of which no batch has less than its header. */
function damageOf(batch: Buffer, size: number): DamagedBatch | null {
  const isOld = batch.readInt8(MAGIC_AT) !== MAGIC
  const isWhole = size >= (isOld ? OLD_HEADER_BYTES : HEADER_BYTES)
  if (isOld && isWhole) return null
  const expected = batch.readUInt32BE(CRC_AT)
  const came = crc32c(batch.subarray(CRC_FROM))
  return isWhole && came === expected ? null : { first: new WireReader(batch).int64(), expected, came }
}

interface Decoded {
  readonly batch: RecordBatch
  /** Bytes that came out of it, or may have. */
  readonly unpacked: number
}

function decodeBatch(bytes: Buffer): Decoded {
  const reader = new WireReader(bytes)
  const first = reader.int64()
  reader.view(LENGTH_AT)
  const magic = reader.int8()
  // Before format 2 this is a record, or several compressed under the offset of the last.
  if (magic !== MAGIC) return unread({ ...NOTHING, first, next: first + 1 }, `format ${magic} instead of ${MAGIC}`)
  reader.view(4)
  const attributes = reader.int16()
  const next = first + reader.int32() + 1
  const firstTime = reader.int64()
  const maxTime = reader.int64()
  const producerId = reader.int64()
  reader.view(6)
  const count = reader.int32()
  const base = { ...NOTHING, first, next, producerId, transactional: (attributes & TRANSACTIONAL) !== 0 }
  try {
    const body = decompress(attributes & COMPRESSION_MASK, reader.view(reader.left))
    const unpacked = body.length + count * RECORD_BYTES
    if (unpacked > MAX_BYTES) throw new RangeError(`${count} records of ${body.length} bytes are too many`)
    if ((attributes & CONTROL) !== 0) return { batch: { ...base, control: controlOf(body, count) }, unpacked }
    const appendTime = (attributes & LOG_APPEND_TIME) === 0 ? null : maxTime
    return { batch: { ...base, ...readRecords(body, count, { first, firstTime, appendTime }) }, unpacked }
  } catch (err) {
    return unread(base, err instanceof Error ? err.message : String(err))
  }
}

const NOTHING = {
  bytes: 0,
  records: [],
  producerId: -1,
  transactional: false,
  control: null,
  unreadable: null,
} as const

/** As if all had come out of it that may: nothing more is unpacked in the same turn. */
function unread(batch: RecordBatch, unreadable: string): Decoded {
  return { batch: { ...batch, unreadable }, unpacked: MAX_BYTES }
}

interface Origin {
  readonly first: number
  readonly firstTime: number
  /** Of all records; null: each has its own. */
  readonly appendTime: number | null
}

function readRecords(body: Buffer, count: number, origin: Origin): { records: StoredRecord[]; bytes: number } {
  const records: StoredRecord[] = []
  let bytes = 0
  const reader = new WireReader(body)
  for (let left = count; left > 0; left--) {
    const record = readRecord(reader, origin)
    bytes += record.value?.length ?? 0
    records.push(record)
  }
  return { records, bytes }
}

function readRecord(reader: WireReader, { first, firstTime, appendTime }: Origin): StoredRecord {
  // Its length, which its parts say again, and its attributes, of which there are none.
  reader.varint()
  reader.int8()
  const timestamp = appendTime ?? firstTime + reader.varint()
  if (appendTime !== null) reader.varint()
  const offset = first + reader.varint()
  const key = reader.varintKey()
  const value = reader.varintBytes()
  const headers: RecordHeader[] = []
  for (let left = reader.varint(); left > 0; left--) {
    headers.push([reader.varintString() ?? '', reader.varintBytes() ?? new Uint8Array(0)])
  }
  return { offset, timestamp, ...key, value, headers }
}

/** The key of a control record: version and type, two bytes each. */
function controlOf(body: Buffer, count: number): 'commit' | 'abort' {
  if (count === 0) return 'commit'
  const reader = new WireReader(body)
  reader.varint()
  reader.int8()
  reader.varint()
  reader.varint()
  const key = reader.varintBytes()
  return key !== null && key.length >= 4 && key[3] === ABORT_MARKER ? 'abort' : 'commit'
}

/** What `isolation_level` 1 leaves to the client: drops the records of aborted transactions. Batches in offset order. */
export function withoutAborted(
  batches: readonly RecordBatch[],
  aborted: readonly { readonly producerId: number; readonly first: number }[],
): RecordBatch[] {
  if (aborted.length === 0) return [...batches]
  const coming = aborted.toSorted((a, b) => a.first - b.first)
  const open = new Set<number>()
  return batches.map((batch) => {
    while (coming[0] !== undefined && coming[0].first < batch.next) open.add(coming.shift()?.producerId ?? -1)
    if (batch.control === 'abort') open.delete(batch.producerId)
    return batch.transactional && batch.control === null && open.has(batch.producerId)
      ? { ...batch, records: [], bytes: 0, unreadable: null }
      : batch
  })
}
