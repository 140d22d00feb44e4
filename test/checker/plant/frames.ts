/**
 * Writes the folder of an embedded log for tests, by docs/embedded-log.md. What `segment-bytes.ts` reads is made here a
 * second time, so that the two must agree on the page and not on shared code.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

export interface PlantedRecord {
  readonly key: string | null
  readonly value: Buffer
}

export interface FrameOptions {
  /** Size of every segment; a small one makes many. */
  readonly segmentBytes?: number
  /** A seal at the end, as after a close. Default true. */
  readonly sealed?: boolean
}

const CREATED_AT = 1_795_374_098_915
const HEADER_BYTES = 64
const FRAME_HEADER_BYTES = 56
const KIND = { batch: 1, seal: 2, end: 3 } as const

export function segmentFile(folder: string, number: number): string {
  return join(folder, `segment-${String(number).padStart(8, '0')}.log`)
}

/** Each append becomes one frame of the topic `events`, partition 0, and is synced before the next. */
export function writeLogFolder(
  folder: string,
  appends: Iterable<readonly PlantedRecord[]>,
  { segmentBytes = 1 << 20, sealed = true }: FrameOptions = {},
): void {
  mkdirSync(folder, { recursive: true })
  const about = { format: 'horolog-embedded-log', version: 1, partitions: 1, createdAt: CREATED_AT }
  writeFileSync(join(folder, 'log.json'), JSON.stringify(about))
  let number = 0
  let segment = newSegment(number, segmentBytes)
  let at = HEADER_BYTES
  let baseOffset = 0
  const put = (frame: Buffer): void => {
    frame.copy(segment, at)
    at += frame.length
  }
  const position = (): number => number * segmentBytes + at
  for (const records of appends) {
    const payload = Buffer.concat([Buffer.from('events'), ...records.map(recordBytes)])
    if (at + padded(FRAME_HEADER_BYTES + payload.length) + FRAME_HEADER_BYTES > segmentBytes) {
      put(frameBytes('end', position(), 0, 0, Buffer.alloc(0)))
      writeFileSync(segmentFile(folder, number), segment)
      number += 1
      segment = newSegment(number, segmentBytes)
      at = HEADER_BYTES
    }
    put(frameBytes('batch', position(), baseOffset, records.length, payload))
    baseOffset += records.length
  }
  if (sealed) put(frameBytes('seal', position(), 0, 0, Buffer.alloc(0)))
  writeFileSync(segmentFile(folder, number), segment)
}

function newSegment(number: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.write('HSEG', 0)
  bytes.writeUInt16LE(1, 4)
  bytes.writeUInt32LE(number, 8)
  bytes.writeUInt32LE(1, 12)
  bytes.writeBigUInt64LE(BigInt(number * size), 16)
  bytes.writeBigUInt64LE(BigInt(size), 24)
  bytes.writeBigUInt64LE(BigInt(CREATED_AT), 32)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

function frameBytes(
  kind: keyof typeof KIND,
  position: number,
  baseOffset: number,
  count: number,
  payload: Buffer,
): Buffer {
  const frame = Buffer.alloc(padded(FRAME_HEADER_BYTES + payload.length))
  frame.write('HLOG', 0)
  frame.writeUInt32LE(payload.length, 8)
  frame[12] = 1
  frame[13] = KIND[kind]
  frame.writeUInt16LE(kind === 'batch' ? 'events'.length : 0, 14)
  frame.writeBigUInt64LE(BigInt(position), 16)
  frame.writeBigUInt64LE(BigInt(position), 24)
  frame.writeBigUInt64LE(BigInt(baseOffset), 32)
  frame.writeBigUInt64LE(BigInt(CREATED_AT), 40)
  frame.writeUInt32LE(count, 52)
  payload.copy(frame, FRAME_HEADER_BYTES)
  return sealFrame(frame)
}

/** Makes the CRC of a frame right, whatever stands in it. */
export function sealFrame(frame: Buffer): Buffer {
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4)
  return frame
}

function recordBytes({ key, value }: PlantedRecord): Buffer {
  const keyBytes = Buffer.from(key ?? '', 'utf8')
  const lengths = Buffer.alloc(8)
  lengths.writeUInt16LE(key === null ? 0xffff : keyBytes.length, 0)
  lengths.writeUInt32LE(value.length, 4)
  return Buffer.concat([lengths, keyBytes, value])
}

function padded(length: number): number {
  return (length + 7) & ~7
}
