/**
 * The bytes of segments and frames of an embedded log, as docs/embedded-log.md lays them out.
 *
 * Boundary: says what stands at a place of one segment; which place is read next, and what a wrong one means, is
 * `log-folder.ts`.
 */
import { crc32 } from 'node:zlib'

export const SEGMENT_HEADER_BYTES = 64
const FRAME_HEADER_BYTES = 56
export const FRAME_ALIGNMENT = 8
const MAX_PAYLOAD_BYTES = 1_000_256
const VERSION = 1
const SEGMENT_MAGIC = 'HSEG'
/** `HLOG` as a little-endian number: most places that are looked at are not the beginning of a frame. */
const FRAME_MAGIC = 0x474f4c48
const NO_KEY = 65_535

/** A folder that can't be read as a log at all. */
export class UnreadableLogError extends Error {}

export interface SegmentHeader {
  readonly number: number
  readonly partitions: number
  readonly position: number
  readonly size: number
  readonly createdAt: number
}

export type FrameKind = 'batch' | 'seal' | 'end'

export interface Frame {
  readonly kind: FrameKind
  /** Of the whole frame, padding included. */
  readonly length: number
  readonly durable: number
  readonly topic: string
  readonly partition: number
  readonly baseOffset: number
  readonly recordCount: number
  /** The records, without the topic name before them. */
  readonly records: Buffer
}

export interface LogRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: Buffer
}

/** null: no whole header stands there. */
export function readSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.toString('latin1', 0, 4) !== SEGMENT_MAGIC) return null
  if (crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return null
  if (bytes.readUInt16LE(4) !== VERSION) throw new UnreadableLogError(`segment version ${bytes.readUInt16LE(4)}`)
  return {
    number: bytes.readUInt32LE(8),
    partitions: bytes.readUInt32LE(12),
    position: readU64(bytes, 16),
    size: readU64(bytes, 24),
    createdAt: readU64(bytes, 32),
  }
}

/** A frame whose magic, length, CRC and position hold; null: there is none at this byte. */
export function readFrame(segment: Buffer, at: number, segmentPosition: number): Frame | null {
  if (at + FRAME_HEADER_BYTES > segment.length || segment.readUInt32LE(at) !== FRAME_MAGIC) return null
  const payloadLength = segment.readUInt32LE(at + 8)
  const unpadded = FRAME_HEADER_BYTES + payloadLength
  const length = Math.ceil(unpadded / FRAME_ALIGNMENT) * FRAME_ALIGNMENT
  if (payloadLength > MAX_PAYLOAD_BYTES || at + length > segment.length) return null
  if (crc32(segment.subarray(at + 8, at + length)) !== segment.readUInt32LE(at + 4)) return null
  if (readU64(segment, at + 16) !== segmentPosition + at) return null
  const topicAt = at + FRAME_HEADER_BYTES
  const recordsAt = Math.min(topicAt + segment.readUInt16LE(at + 14), at + unpadded)
  return {
    kind: kindOf(segment, at),
    length,
    durable: readU64(segment, at + 24),
    topic: segment.toString('latin1', topicAt, recordsAt),
    partition: segment.readUInt32LE(at + 48),
    baseOffset: readU64(segment, at + 32),
    recordCount: segment.readUInt32LE(at + 52),
    records: segment.subarray(recordsAt, at + unpadded),
  }
}

function kindOf(segment: Buffer, at: number): FrameKind {
  const version = segment[at + 12]
  if (version !== VERSION) throw new UnreadableLogError(`frame version ${version} at byte ${at}`)
  const kind = ([undefined, 'batch', 'seal', 'end'] as const)[segment[at + 13] ?? 0]
  if (kind === undefined) throw new UnreadableLogError(`frame kind ${segment[at + 13]} at byte ${at}`)
  return kind
}

/** The records of a batch; null: they do not fill its payload exactly. */
export function readRecords(frame: Frame): LogRecord[] | null {
  const { records: bytes, partition, baseOffset, recordCount } = frame
  const records: LogRecord[] = []
  let at = 0
  try {
    while (at < bytes.length) {
      const keyLength = bytes.readUInt16LE(at)
      let headers = bytes.readUInt16LE(at + 2)
      const valueLength = bytes.readUInt32LE(at + 4)
      const keyAt = at + 8
      const valueAt = keyAt + (keyLength === NO_KEY ? 0 : keyLength)
      at = valueAt + valueLength
      for (; headers > 0; headers -= 1) at += 6 + bytes.readUInt16LE(at) + bytes.readUInt32LE(at + 2)
      const key = keyLength === NO_KEY ? null : bytes.toString('utf8', keyAt, valueAt)
      const value = bytes.subarray(valueAt, valueAt + valueLength)
      records.push({ partition, offset: baseOffset + records.length, key, value })
    }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
  return at === bytes.length && records.length === recordCount ? records : null
}

/** How many bytes from `at` on, up to the last one that is not zero. */
export function bytesUsed(segment: Buffer, at: number): number {
  let end = segment.length
  while (end > at && segment[end - 1] === 0) end -= 1
  return end - at
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
}
