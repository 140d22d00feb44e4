/**
 * Tells a torn tail from damage when a log is opened, and cuts the tail.
 *
 * The rule: at the first place without a whole, right frame, look at everything behind it. If a frame there says that
 * the log was durable beyond the place, then what stood there was acknowledged: that is damage, and the log is refused.
 * Otherwise the place belongs to the last write, which nobody was told had succeeded: everything from there is cut.
 *
 * Boundary: runs once, at opening. `judge` reads only; `cutTail` writes, and is for the folder's owner.
 * Kept invariants:
 * 1. Nothing is cut that a valid later frame proves to have been durable.
 * 2. What is kept has been written again and synced, so a sync that failed before the crash leaves nothing in doubt.
 */
import { join } from 'node:path'
import { LogError } from '../../ports/event-log.ts'
import type { DiskFile } from './disk.ts'
import { isZero, readZeroPadded, writeAll, ZEROS } from './disk.ts'
import type { FrameHeader } from './frame.ts'
import type { FrameScanner, OpenFolder, ScanStop } from './frame-scanner.ts'
import { laterFrames } from './later-frames.ts'
import type { Segment } from './segment.ts'
import {
  createSegment,
  DEFAULT_SEGMENT_BYTES,
  nextSegmentBytes,
  SEGMENT_HEADER_BYTES,
  segmentHasBytes,
  segmentName,
  segmentNumber,
} from './segment.ts'

/** Scans to the tail. Rejects with code `corrupt` when the place where the scan stops is not the tail. */
export async function judge(log: OpenFolder, scanner: FrameScanner): Promise<ScanStop> {
  await checkNumbering(log)
  for (;;) {
    const stop = await scanner.advance()
    if (!(await isDamage(log, stop))) return stop
    // While another process writes, the proof may be younger than what was read at the place: only a second look counts.
    const again = await scanner.advance()
    if (again.position === stop.position) throw await damage(log, scanner, stop)
  }
}

/** Segment files are numbered without a gap: one that is missing was taken away. */
async function checkNumbering(log: OpenFolder): Promise<void> {
  const present = new Set((await log.disk.list(log.folder)).map(segmentNumber).filter((number) => number !== null))
  const last = Math.max(0, ...present)
  for (let number = 0; number <= last; number++) {
    if (present.has(number)) continue
    const name = segmentName(number)
    throw new LogError('corrupt', `${join(log.folder, name)} is missing`, { position: `${name} is missing` })
  }
}

async function isDamage(log: OpenFolder, stop: ScanStop): Promise<boolean> {
  for await (const frame of laterFrames(log, stop)) if (frame.header.durable > stop.position) return true
  // A header is never torn, so what stands behind a bad one was written after it.
  return stop.found === 'no-segment-header' && (await segmentHasBytes(log.disk, log.folder, stop.segment))
}

async function damage(log: OpenFolder, scanner: FrameScanner, stop: ScanStop): Promise<LogError> {
  const path = join(log.folder, segmentName(stop.segment))
  const position = `${path} byte ${stop.byte}, ${await expectedAt(log, scanner, stop)}`
  return new LogError('corrupt', `the log is damaged before its end: ${position}`, { position })
}

/** Names the batch that should stand at the place: by its own header if that is plausible, else by the gap behind it. */
async function expectedAt(log: OpenFolder, scanner: FrameScanner, stop: ScanStop): Promise<string> {
  const known = log.map.all()
  const own = await scanner.peek()
  if (own !== null && own.header.position === stop.position) {
    const match = known.find((state) => state.topic === own.topic && state.partition === own.header.partition)
    if (match !== undefined && match.end === own.header.baseOffset) return describe(own.topic, own.header, match.end)
  }
  for await (const { header, topic } of laterFrames(log, stop)) {
    if (header.kind !== 'batch') continue
    const end = known.find((state) => state.topic === topic && state.partition === header.partition)?.end ?? 0
    if (header.baseOffset > end) return describe(topic, header, end)
  }
  const only = known.length === 1 ? known[0] : undefined
  return only === undefined ? 'expected offset unknown' : describe(only.topic, only, only.end)
}

function describe(topic: string, { partition }: Pick<FrameHeader, 'partition'>, offset: number): string {
  return `where offset ${offset} of ${topic}/${partition} was expected`
}

/** Clears everything behind the tail and makes what is before it durable. Returns how many bytes were not zero. */
export async function cutTail(log: OpenFolder, stop: ScanStop): Promise<number> {
  const numbers = (await log.disk.list(log.folder)).map(segmentNumber).filter((number) => number !== null)
  for (const number of numbers.toSorted((a, b) => b - a)) {
    if (number > stop.segment) await log.disk.remove(join(log.folder, segmentName(number)))
  }
  if (stop.found === 'no-segment-header') {
    const size = nextSegmentBytes(log.map.segments.at(-1), DEFAULT_SEGMENT_BYTES)
    const segment = { number: stop.segment, base: stop.position, size }
    await createSegment(log.disk, log.folder, segment, log.meta)
    log.map.segments.push(segment)
    return 0
  }
  const segment = log.map.segments[stop.segment]!
  const cut = await clear(log, segment, stop.byte)
  await rewrite(log, stop)
  return cut
}

/** Writes zeros wherever there are none from a byte of a segment on, also where its file is too short. */
async function clear(log: OpenFolder, segment: Segment, from: number): Promise<number> {
  return inSegment(log, segment.number, async (file) => {
    const chunk = Buffer.allocUnsafe(ZEROS.length)
    const present = await file.size()
    let cut = 0
    let changed = false
    for (let byte = from; byte < segment.size; byte += ZEROS.length) {
      const length = Math.min(ZEROS.length, segment.size - byte)
      await readZeroPadded(file, chunk, length, byte)
      const bytes = chunk.subarray(0, length)
      if (isZero(bytes) && byte + length <= present) continue
      for (const value of bytes) if (value !== 0) cut++
      await writeAll(file, ZEROS, 0, length, byte)
      changed = true
    }
    if (changed) await file.sync()
    return cut
  })
}

/** Writes the bytes that no frame says were durable once more as they are, be they only the last seal. */
async function rewrite(log: OpenFolder, stop: ScanStop): Promise<void> {
  for (const { number, base, size } of log.map.segments) {
    const from = Math.max(SEGMENT_HEADER_BYTES, stop.durable - base)
    const to = Math.min(size, stop.position - base)
    if (from >= to) continue
    await inSegment(log, number, async (file) => {
      const chunk = Buffer.allocUnsafe(ZEROS.length)
      for (let byte = from; byte < to; byte += ZEROS.length) {
        const length = Math.min(ZEROS.length, to - byte)
        await readZeroPadded(file, chunk, length, byte)
        await writeAll(file, chunk, 0, length, byte)
      }
      await file.sync()
    })
  }
}

async function inSegment<T>(log: OpenFolder, number: number, use: (file: DiskFile) => Promise<T>): Promise<T> {
  const file = await log.disk.open(join(log.folder, segmentName(number)), 'commit')
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}
