/**
 * Reads records of one partition from the segments.
 *
 * Boundary: below the end that the map knows; finds frames by the sparse index and verifies the CRC of what it returns.
 * Values and header contents are views of the bytes that one read brought: copy what is kept for long.
 */
import type { ReadResult, StoredRecord } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import { readZeroPadded } from './disk.ts'
import type { FrameHeader } from './frame.ts'
import { crcHolds, FRAME_HEADER_BYTES, frameBytes, readHeader, topicOf } from './frame.ts'
import type { LogMap, PartitionMap } from './log-map.ts'
import { INDEX_STRIDE, placeFor } from './log-map.ts'
import { decodeRecords } from './records.ts'
import type { SegmentFiles } from './segment-files.ts'
import { SEGMENT_HEADER_BYTES, segmentName } from './segment.ts'

/** Bytes brought in one read of the disk: at least what the index may be off, at most what is worth holding. */
const MIN_CHUNK_BYTES = INDEX_STRIDE
const MAX_CHUNK_BYTES = 1_024 * 1_024

/** A stretch of the log in memory. */
interface Chunk {
  readonly buffer: Buffer
  readonly position: number
}

/** One read under way. */
interface Progress {
  readonly state: PartitionMap
  readonly offset: number
  readonly end: number
  readonly maxBytes: number
  readonly records: StoredRecord[]
  valueBytes: number
  next: number
  /** Where the next frame to look at begins. */
  position: number
  full: boolean
}

export async function readPartition(
  map: LogMap,
  files: SegmentFiles,
  state: PartitionMap,
  offset: number,
  maxBytes: number,
): Promise<ReadResult> {
  const { end } = state
  if (!Number.isInteger(offset) || offset < 0 || offset > end) {
    throw new LogError('offset-out-of-range', `offset ${offset} is outside of 0 to ${end}`, { first: 0 })
  }
  const position = offset === end ? 0 : startOf(state, offset)
  const progress: Progress = {
    state,
    offset,
    end,
    maxBytes,
    records: [],
    valueBytes: 0,
    next: offset,
    position,
    full: false,
  }
  let chunkBytes = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, maxBytes))
  while (progress.next < end && !progress.full) {
    skipAhead(progress)
    const chunk = await readChunk(map, files, progress.position, chunkBytes)
    const missing = walk(progress, chunk, map)
    chunkBytes = Math.max(chunkBytes, missing)
  }
  if (progress.records.length > 0) state.resume = { offset: progress.next, position: progress.position }
  return { records: progress.records, next: progress.next }
}

function startOf(state: PartitionMap, offset: number): number {
  const place = state.placePositions[placeFor(state, offset)]!
  const { resume } = state
  return resume !== null && resume.offset <= offset ? Math.max(place, resume.position) : place
}

/** No frame of the partition lies between the stride of one index place and the next place. */
function skipAhead(progress: Progress): void {
  const { state } = progress
  const place = placeFor(state, progress.next)
  const next = state.placePositions[place + 1]
  if (next !== undefined && progress.position >= state.placePositions[place]! + INDEX_STRIDE) {
    progress.position = Math.max(progress.position, next)
  }
}

async function readChunk(map: LogMap, files: SegmentFiles, position: number, bytes: number): Promise<Chunk> {
  const { segment, byte } = map.find(position)
  const length = Math.min(bytes, segment.size - byte)
  const buffer = Buffer.allocUnsafeSlow(length)
  await files.use(segment.number, (file) => readZeroPadded(file, buffer, length, byte))
  return { buffer, position }
}

/** Takes frames from a chunk. Returns how many bytes the frame at `position` needs, when the chunk ends within it. */
function walk(progress: Progress, chunk: Chunk, map: LogMap): number {
  const { buffer } = chunk
  while (progress.next < progress.end) {
    const at = progress.position - chunk.position
    if (at + FRAME_HEADER_BYTES > buffer.length) return FRAME_HEADER_BYTES
    const header = readHeader(buffer, at)
    if (header === null || header.position !== progress.position) throw unreadable(progress, map)
    const length = frameBytes(header.payloadBytes)
    if (at + length > buffer.length && isWanted(progress, header)) return length
    if (isWanted(progress, header) && !take(progress, buffer, at, header, map)) return 0
    progress.position = header.kind === 'end' ? afterSegment(map, progress.position) : progress.position + length
    if (header.kind === 'end' || progress.full) return 0
  }
  return 0
}

function isWanted({ state, offset }: Progress, header: FrameHeader): boolean {
  return (
    header.kind === 'batch' &&
    header.partition === state.partition &&
    header.topicBytes === state.topic.length &&
    header.baseOffset + header.recordCount > offset
  )
}

/** Decodes a batch; false when it is one too many. */
function take(progress: Progress, buffer: Buffer, at: number, header: FrameHeader, map: LogMap): boolean {
  const { state, records, offset, maxBytes } = progress
  if (!crcHolds(buffer, at, header)) throw unreadable(progress, map)
  if (topicOf(buffer, at, header) !== state.topic) return true
  const before = records.length
  const { baseOffset, timestamp, recordCount: count } = header
  const start = at + FRAME_HEADER_BYTES + header.topicBytes
  progress.valueBytes += decodeRecords({ buffer, start, baseOffset, timestamp, count }, offset, records)
  progress.full = progress.valueBytes >= maxBytes
  if (before > 0 && progress.valueBytes > maxBytes) {
    records.length = before
    return false
  }
  progress.next = baseOffset + count
  return true
}

function afterSegment(map: LogMap, position: number): number {
  const { segment } = map.find(position)
  return segment.base + segment.size + SEGMENT_HEADER_BYTES
}

function unreadable(progress: Progress, map: LogMap): LogError {
  const { segment, byte } = map.find(progress.position)
  const { topic, partition } = progress.state
  const position = `${segmentName(segment.number)} byte ${byte}, where offset ${progress.next} of ${topic}/${partition} was expected`
  return new LogError('corrupt', `the log is damaged: ${position}`, { position })
}
