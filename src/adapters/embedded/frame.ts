/**
 * The frame: one batch, or one mark of the log itself, as it lies in a segment file.
 *
 * Boundary: bytes in a buffer that someone else reads from or writes to the disk. docs/embedded-log.md is the normative
 * description; all numbers are little-endian.
 * Kept invariants:
 * 1. A frame's length is a multiple of `ALIGNMENT`, and so is its position.
 * 2. The CRC covers every byte of the frame but the magic and itself, padding included.
 */
import { crc32 } from 'node:zlib'

/** 'HLOG' as it stands in the file. */
export const FRAME_MAGIC: Uint8Array = new Uint8Array([0x48, 0x4c, 0x4f, 0x47])
const MAGIC = 0x474f4c48

export const FORMAT_VERSION: number = 1
export const FRAME_HEADER_BYTES: number = 56
export const ALIGNMENT: number = 8

/** `batch`: records. `seal`: all before it is durable. `end`: the log goes on in the next segment. */
export type FrameKind = 'batch' | 'seal' | 'end'
const KIND_CODES = { batch: 1, seal: 2, end: 3 } as const satisfies Record<FrameKind, number>

export interface FrameHeader {
  readonly version: number
  /** null: none that is known. */
  readonly kind: FrameKind | null
  /** Topic name and records. */
  readonly payloadBytes: number
  /** Where the frame begins in the log. */
  readonly position: number
  /** Position up to which everything was durable when the frame was written. */
  readonly durable: number
  readonly baseOffset: number
  readonly timestamp: number
  readonly partition: number
  readonly recordCount: number
  readonly topicBytes: number
}

/** Bytes of a frame in the file, padding included. */
export function frameBytes(payloadBytes: number): number {
  return align(FRAME_HEADER_BYTES + payloadBytes)
}

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

/**
 * Writes the header of a frame whose payload stands behind it in `buffer`, clears its padding and seals it with the CRC.
 */
export function writeHeader(
  buffer: Buffer,
  at: number,
  header: Omit<FrameHeader, 'version'> & { kind: FrameKind },
): void {
  const end = at + frameBytes(header.payloadBytes)
  buffer.fill(0, at + FRAME_HEADER_BYTES + header.payloadBytes, end)
  put32(buffer, at, MAGIC)
  put32(buffer, at + 8, header.payloadBytes)
  buffer[at + 12] = FORMAT_VERSION
  buffer[at + 13] = KIND_CODES[header.kind]
  put16(buffer, at + 14, header.topicBytes)
  put64(buffer, at + 16, header.position)
  put64(buffer, at + 24, header.durable)
  put64(buffer, at + 32, header.baseOffset)
  put64(buffer, at + 40, header.timestamp)
  put32(buffer, at + 48, header.partition)
  put32(buffer, at + 52, header.recordCount)
  put32(buffer, at + 4, crc32(buffer.subarray(at + 8, end)))
}

/** The header at `at`, or null when no magic stands there. Nothing in it is to be trusted before `crcHolds`. */
export function readHeader(buffer: Buffer, at: number): FrameHeader | null {
  if (buffer.readUInt32LE(at) !== MAGIC) return null
  return {
    version: buffer[at + 12]!,
    kind: kindOf(buffer[at + 13]!),
    payloadBytes: buffer.readUInt32LE(at + 8),
    position: get64(buffer, at + 16),
    durable: get64(buffer, at + 24),
    baseOffset: get64(buffer, at + 32),
    timestamp: get64(buffer, at + 40),
    partition: buffer.readUInt32LE(at + 48),
    recordCount: buffer.readUInt32LE(at + 52),
    topicBytes: buffer.readUInt16LE(at + 14),
  }
}

/** Whether the whole frame stands in the buffer as it was written. */
export function crcHolds(buffer: Buffer, at: number, header: FrameHeader): boolean {
  const end = at + frameBytes(header.payloadBytes)
  return end <= buffer.length && crc32(buffer.subarray(at + 8, end)) === buffer.readUInt32LE(at + 4)
}

export function topicOf(buffer: Buffer, at: number, header: FrameHeader): string {
  const start = at + FRAME_HEADER_BYTES
  return buffer.toString('latin1', start, start + header.topicBytes)
}

export function put16(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value
  buffer[at + 1] = value >>> 8
}

export function put32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value
  buffer[at + 1] = value >>> 8
  buffer[at + 2] = value >>> 16
  buffer[at + 3] = value >>> 24
}

/** A whole number below 2^53. */
export function put64(buffer: Buffer, at: number, value: number): void {
  put32(buffer, at, value >>> 0)
  put32(buffer, at + 4, Math.floor(value / 2 ** 32))
}

export function get64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 2 ** 32
}

function kindOf(code: number): FrameKind | null {
  if (code === KIND_CODES.batch) return 'batch'
  if (code === KIND_CODES.seal) return 'seal'
  return code === KIND_CODES.end ? 'end' : null
}
