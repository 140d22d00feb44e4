/**
 * Finds valid frames behind a place where none stands: by their magic, at every aligned byte, in this segment and all
 * later ones.
 *
 * Boundary: reads only. A frame counts when its CRC holds and it lies at the position that it names; so bytes of a payload
 * that happen to look like a frame don't.
 */
import { join } from 'node:path'
import type { DiskFile } from './disk.ts'
import { readZeroPadded } from './disk.ts'
import type { FrameHeader } from './frame.ts'
import { ALIGNMENT, crcHolds, FRAME_HEADER_BYTES, FRAME_MAGIC, readHeader, topicOf } from './frame.ts'
import type { OpenFolder, ScanStop } from './frame-scanner.ts'
import { MAX_PAYLOAD_BYTES } from './frame-scanner.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES, segmentName, segmentNumber } from './segment.ts'

/** Any frame that begins in the first half of a window is whole in it. */
const WINDOW_BYTES = 4 * 1_024 * 1_024
const STEP_BYTES = WINDOW_BYTES / 2

export interface LaterFrame {
  readonly header: FrameHeader
  readonly topic: string
}

export async function* laterFrames(log: OpenFolder, stop: ScanStop): AsyncGenerator<LaterFrame, void, void> {
  const numbers = (await log.disk.list(log.folder)).map(segmentNumber).filter((number) => number !== null)
  for (const number of numbers.toSorted((a, b) => a - b)) {
    if (number < stop.segment) continue
    const file = await openOrNull(log, number)
    if (file === null) continue
    try {
      const base = await baseOf(file)
      yield* framesIn(file, number === stop.segment ? stop.byte + ALIGNMENT : SEGMENT_HEADER_BYTES, base)
    } finally {
      await file.close()
    }
  }
}

/** Null when the file is gone: an owner that opens the folder removes segments that are not in use. */
async function openOrNull({ disk, folder }: OpenFolder, number: number): Promise<DiskFile | null> {
  return disk.open(join(folder, segmentName(number)), 'read').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/** Where the file says that it begins in the log; null when its header is not readable. */
async function baseOf(file: DiskFile): Promise<number | null> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  await readZeroPadded(file, bytes, bytes.length, 0)
  return readSegmentHeader(bytes)?.base ?? null
}

async function* framesIn(file: DiskFile, from: number, base: number | null): AsyncGenerator<LaterFrame, void, void> {
  const size = await file.size()
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES)
  for (let byte = from; byte < size; byte += STEP_BYTES) {
    const length = Math.min(WINDOW_BYTES, size - byte)
    await readZeroPadded(file, buffer, length, byte)
    const window = buffer.subarray(0, length)
    for (let at = window.indexOf(FRAME_MAGIC); at >= 0 && at < STEP_BYTES; at = window.indexOf(FRAME_MAGIC, at + 1)) {
      const frame = (byte + at) % ALIGNMENT === 0 ? frameAt(window, at) : null
      if (frame !== null && (base === null || frame.header.position === base + byte + at)) yield frame
    }
  }
}

function frameAt(window: Buffer, at: number): LaterFrame | null {
  if (at + FRAME_HEADER_BYTES > window.length) return null
  const header = readHeader(window, at)
  if (header === null || header.payloadBytes > MAX_PAYLOAD_BYTES || !crcHolds(window, at, header)) return null
  return { header, topic: topicOf(window, at, header) }
}
