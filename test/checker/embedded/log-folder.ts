/**
 * Reads an embedded log from its folder, one segment at a time, by docs/embedded-log.md alone: right frames in order up
 * to the tail, which may be torn, or up to damage, which is a violation.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../audit/report.ts'
import {
  bytesUsed,
  FRAME_ALIGNMENT,
  type Frame,
  type LogRecord,
  readFrame,
  readRecords,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  UnreadableLogError,
} from './segment-bytes.ts'

interface Segment {
  readonly file: string
  readonly number: number
  /** Position of its first byte. */
  readonly position: number
  /** As long as its header says, whatever the file is. */
  readonly bytes: Buffer
}

const FORMAT = 'horolog-embedded-log'
const VERSION = 1
/** The only topic that an embedded log needs: commands, runs and reports are handed over in memory. */
const TOPIC = 'events'

/** The records of the topic `events`. Throws `UnreadableLogError` when the folder is no log of a version we know. */
export function* readLogFolder(folder: string, report: Report): Generator<LogRecord> {
  yield* new LogReader(folder, report).records()
}

class LogReader {
  readonly #folder: string
  readonly #report: Report
  readonly #partitions: number
  readonly #createdAt: number
  /** Records so far, by topic and partition. */
  readonly #offsets = new Map<string, number>()

  constructor(folder: string, report: Report) {
    this.#folder = folder
    this.#report = report
    const path = join(folder, 'log.json')
    if (!existsSync(path)) throw new UnreadableLogError(`${folder} has no log: there is no log.json`)
    const { format, version, partitions, createdAt } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    if (format !== FORMAT || version !== VERSION) {
      throw new UnreadableLogError(`${path}: format ${String(format)}, version ${String(version)}`)
    }
    this.#partitions = Number(partitions)
    this.#createdAt = Number(createdAt)
  }

  *records(): Generator<LogRecord> {
    let position = 0
    for (let number = 0; ; number += 1) {
      const segment = this.#segment(number)
      if (segment === null || segment.position !== position) {
        if (number === 0 && this.#highestSegment() < 0) throw new UnreadableLogError(`${this.#folder} has no segments`)
        const text = `segment ${number} is missing or does not begin at position ${position}`
        this.#report.violate('damaged-frame', null, `${text}; ${this.#expectedOffsets()}`)
        return
      }
      const end = yield* this.#framesOf(segment)
      if (end === null) return
      this.#checkUnused(segment, end)
      position += segment.bytes.length
    }
  }

  /** Yields the records of a segment; returns the byte behind its end frame, or null when the log ends in it. */
  *#framesOf(segment: Segment): Generator<LogRecord, number | null> {
    let { bytes } = segment
    let at = SEGMENT_HEADER_BYTES
    for (;;) {
      let frame = this.#frameAt(bytes, at, segment)
      if (frame === null && this.#isProvedLater(segment, at)) {
        // A living owner may have written it after it was read.
        bytes = this.#segment(segment.number)?.bytes ?? bytes
        frame = this.#frameAt(bytes, at, segment)
        if (frame === null) {
          const text = `no right frame at byte ${at} of ${segment.file}, but a later one proves that there was one`
          this.#report.violate('damaged-frame', null, `${text}; ${this.#expectedOffsets()}`)
          return null
        }
      }
      if (frame === null) {
        this.#report.tornTailBytes = bytesUsed(bytes, at)
        return null
      }
      this.#report.frames += 1
      if (frame.kind === 'batch') yield* this.#recordsOf(frame, segment, at)
      at += frame.length
      if (frame.kind === 'end') return at
    }
  }

  /** A right frame: the offsets of a batch go on where those of its partition ended. */
  #frameAt(bytes: Buffer, at: number, segment: Segment): Frame | null {
    const frame = readFrame(bytes, at, segment.position)
    if (frame === null || frame.kind !== 'batch') return frame
    const goesOn = this.#offsets.get(partitionName(frame)) ?? 0
    return frame.partition < this.#partitions && frame.baseOffset === goesOn ? frame : null
  }

  #recordsOf(frame: Frame, segment: Segment, at: number): readonly LogRecord[] {
    const records = readRecords(frame)
    if (records === null) {
      const text = `the frame at byte ${at} of ${segment.file} has not the ${frame.recordCount} records that it counts`
      this.#report.violate('damaged-frame', { partition: frame.partition, offset: frame.baseOffset }, text)
    }
    this.#offsets.set(partitionName(frame), frame.baseOffset + frame.recordCount)
    return frame.topic === TOPIC ? (records ?? []) : []
  }

  /** Whether a whole frame behind the place says that everything up to beyond the place had been synced. */
  #isProvedLater(segment: Segment, at: number): boolean {
    const place = segment.position + at
    if (hasProof(segment, at + FRAME_ALIGNMENT, place)) return true
    const highest = this.#highestSegment()
    for (let number = segment.number + 1; number <= highest; number += 1) {
      const later = this.#segment(number)
      if (later === null) {
        this.#report.violate(
          'damaged-frame',
          null,
          `segment ${number} is missing or has no header, ${highest} is there`,
        )
      } else if (hasProof(later, SEGMENT_HEADER_BYTES, place)) return true
    }
    return false
  }

  /** null: there is no such segment, or its header is not right; with anything else than zeros in it that is damage. */
  #segment(number: number): Segment | null {
    const file = `segment-${String(number).padStart(8, '0')}.log`
    const path = join(this.#folder, file)
    if (!existsSync(path)) return null
    const read = readFileSync(path)
    const header = readSegmentHeader(read)
    const isRight =
      header !== null &&
      header.number === number &&
      header.partitions === this.#partitions &&
      header.createdAt === this.#createdAt
    if (!isRight) {
      if (bytesUsed(read, 0) > 0) this.#report.violate('damaged-frame', null, `the header of ${file} is not right`)
      return null
    }
    const { position, size } = header
    const bytes = read.length >= size ? read.subarray(0, size) : Buffer.concat([read, Buffer.alloc(size - read.length)])
    return { file, number, position, bytes }
  }

  #highestSegment(): number {
    const numbers = readdirSync(this.#folder).map((name) => /^segment-(\d{8})\.log$/.exec(name)?.[1])
    return Math.max(-1, ...numbers.filter((digits) => digits !== undefined).map(Number))
  }

  #checkUnused({ file, bytes }: Segment, at: number): void {
    const used = bytesUsed(bytes, at)
    if (used === 0) return
    const text = `${used} bytes that are not zeros behind the end frame of ${file}, from byte ${at}`
    this.#report.violate('damaged-frame', null, text)
  }

  #expectedOffsets(): string {
    const offsets = [...this.#offsets].map(([name, offset]) => `${name} at offset ${offset}`)
    return offsets.length === 0 ? 'nothing could be read before it' : `the log ends with ${offsets.join(', ')} next`
  }
}

function partitionName({ topic, partition }: Frame): string {
  return `${topic}/${partition}`
}

function hasProof({ bytes, position }: Segment, from: number, place: number): boolean {
  for (let at = from; at < bytes.length; at += FRAME_ALIGNMENT) {
    const frame = readFrame(bytes, at, position)
    if (frame !== null && frame.durable > place) return true
  }
  return false
}
