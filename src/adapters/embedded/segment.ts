/**
 * Segment files: their names, their header, and how one is made.
 *
 * Boundary: one file; what stands behind the header is the frame's concern.
 * Kept invariants:
 * 1. A segment appears under its name only when it is zero-filled, headed and durable, so a header is never torn.
 * 2. Segments are numbered from 0 without a gap; segment n + 1 begins in the log where segment n ends.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Disk } from './disk.ts'
import { hasBytes, writeAll, ZEROS } from './disk.ts'
import type { Meta } from './meta.ts'
import { FORMAT_VERSION, FRAME_HEADER_BYTES, get64, put16, put32, put64 } from './frame.ts'

export const SEGMENT_HEADER_BYTES: number = 64

/** Every segment keeps room for the frame that says that the log goes on in the next. */
export const END_FRAME_BYTES: number = FRAME_HEADER_BYTES

/** 'HSEG' as it stands in the file. */
const MAGIC = 0x47455348
const HEADER_CRC_AT = SEGMENT_HEADER_BYTES - 4

/** Of the first segment: made in a few milliseconds, and a small project's folder stays small. Each next one doubles. */
const FIRST_SEGMENT_BYTES = 4 * 1_024 * 1_024

/** Segments grow no further by default: what lies ready and unused, at most two of them, stays bounded. */
export const DEFAULT_SEGMENT_BYTES: number = 32 * 1_024 * 1_024

/** No segment is smaller: below, the marks of the log itself would outweigh what it holds. */
export const MIN_SEGMENT_BYTES: number = 65_536

const NAME = /^segment-(\d{8})\.log$/

export interface Segment {
  readonly number: number
  /** Position in the log of the file's first byte. */
  readonly base: number
  /** Bytes of the file, header included. */
  readonly size: number
}

export interface SegmentHeader extends Segment {
  readonly version: number
  /** Of the folder: tells segments of different logs apart. */
  readonly createdAt: number
  readonly partitions: number
}

export function segmentName(number: number): string {
  return `segment-${String(number).padStart(8, '0')}.log`
}

export function segmentNumber(name: string): number | null {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** The largest frame that is sure to fit into a fresh segment. */
export function maxFrameBytes(segmentBytes: number): number {
  return nextSegmentBytes(undefined, segmentBytes) - SEGMENT_HEADER_BYTES - END_FRAME_BYTES
}

/** Bytes of the segment that follows `last`, of the first when there is none. */
export function nextSegmentBytes(last: Segment | undefined, maxBytes: number): number {
  return Math.min(maxBytes, Math.max(FIRST_SEGMENT_BYTES, (last?.size ?? 0) * 2))
}

/** Null when the bytes are no segment header as it was written. */
export function readSegmentHeader(bytes: Buffer): SegmentHeader | null {
  const whole = bytes.readUInt32LE(0) === MAGIC
  if (!whole || crc32(bytes.subarray(0, HEADER_CRC_AT)) !== bytes.readUInt32LE(HEADER_CRC_AT)) return null
  return {
    version: bytes.readUInt16LE(4),
    number: bytes.readUInt32LE(8),
    partitions: bytes.readUInt32LE(12),
    base: get64(bytes, 16),
    size: get64(bytes, 24),
    createdAt: get64(bytes, 32),
  }
}

function encodeSegmentHeader(segment: Segment, { createdAt, partitions }: Meta): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  put32(bytes, 0, MAGIC)
  put16(bytes, 4, FORMAT_VERSION)
  put32(bytes, 8, segment.number)
  put32(bytes, 12, partitions)
  put64(bytes, 16, segment.base)
  put64(bytes, 24, segment.size)
  put64(bytes, 32, createdAt)
  put32(bytes, HEADER_CRC_AT, crc32(bytes.subarray(0, HEADER_CRC_AT)))
  return bytes
}

/** Makes the file durable under its name. A failure leaves nothing behind but a file that the next opening removes. */
export async function createSegment(disk: Disk, folder: string, segment: Segment, meta: Meta): Promise<void> {
  const path = join(folder, segmentName(segment.number))
  const draft = `${path}.tmp`
  try {
    const file = await disk.open(draft, 'create')
    try {
      const header = encodeSegmentHeader(segment, meta)
      await writeAll(file, header, 0, header.length, 0)
      for (let at = header.length; at < segment.size; at += ZEROS.length) {
        await writeAll(file, ZEROS, 0, Math.min(ZEROS.length, segment.size - at), at)
      }
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await disk.remove(draft).catch(() => undefined)
    throw error
  }
  await disk.rename(draft, path)
  await disk.syncFolder(folder)
}

/** Whether anything but zeros stands behind the header. */
export async function segmentHasBytes(disk: Disk, folder: string, number: number): Promise<boolean> {
  const file = await disk.open(join(folder, segmentName(number)), 'read')
  try {
    return await hasBytes(file, SEGMENT_HEADER_BYTES, await file.size())
  } finally {
    await file.close()
  }
}
