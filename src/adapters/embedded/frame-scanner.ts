/**
 * Walks the log frame by frame, checks each, and enters its batches into the map.
 *
 * Boundary: reads only. What a bad frame means, a torn tail or damage, is decided in `recovery.ts`.
 * Kept invariants:
 * 1. A frame is entered only when it is whole, its CRC holds, it lies at the position that it names, and its records go
 *    on at the end of their partition.
 * 2. The walk never passes a place where this fails; calling `advance` again reads that place anew.
 */
import { join } from 'node:path'
import { LogError } from '../../ports/event-log.ts'
import type { Disk, DiskFile } from './disk.ts'
import { hasBytes, readZeroPadded } from './disk.ts'
import type { FrameHeader } from './frame.ts'
import { crcHolds, FORMAT_VERSION, FRAME_HEADER_BYTES, frameBytes, readHeader, topicOf } from './frame.ts'
import { MAX_BATCH_BYTES } from './limits.ts'
import type { LogMap } from './log-map.ts'
import type { Meta } from './meta.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES, segmentName } from './segment.ts'

/** Records of the largest batch and its topic name. More in a length field is no length of ours. */
export const MAX_PAYLOAD_BYTES: number = MAX_BATCH_BYTES + 256

/** Holds every frame whole, and reads ahead far enough to be fast. */
const WINDOW_BYTES = 2 * 1_024 * 1_024

/** The first read of an `advance`: at the tail there is mostly nothing. It grows eightfold as long as there is more. */
const FIRST_READ_BYTES = 4_096
const READ_GROWTH = 8

/** A log's folder and what is known of it. */
export interface OpenFolder {
  readonly disk: Disk
  readonly folder: string
  readonly meta: Meta
  readonly map: LogMap
}

/** Where the walk stopped. */
export interface ScanStop {
  /** Position in the log at which no frame was found. */
  readonly position: number
  /** Number of the segment file that it lies in. */
  readonly segment: number
  /** Byte in that file. */
  readonly byte: number
  /** What was found instead: anything but a whole frame, or a segment file without its header. */
  readonly found: 'no-frame' | 'no-segment-header'
  /** Everything below was durable, as the last frames say. */
  readonly durable: number
  /** Nothing follows the last seal. */
  readonly sealed: boolean
}

export class FrameScanner {
  readonly #log: OpenFolder
  readonly #buffer = Buffer.allocUnsafe(WINDOW_BYTES)
  #file: DiskFile | null = null
  #number = 0
  #base = 0
  #size = 0
  /** Byte in the segment file of the next frame; 0 while the header of the segment has not been seen. */
  #byte = 0
  #windowStart = 0
  #windowEnd = 0
  #readBytes = FIRST_READ_BYTES
  #durable = 0
  #sealed = false

  constructor(log: OpenFolder) {
    this.#log = log
  }

  /** Takes all frames up to the first place that has none. */
  async advance(): Promise<ScanStop> {
    this.#readBytes = FIRST_READ_BYTES
    this.#windowEnd = 0
    for (;;) {
      if (this.#byte === 0 && !(await this.#enterSegment())) return this.#stop('no-segment-header')
      const header = await this.#nextFrame()
      if (header === null) return this.#stop('no-frame')
      if (header.kind === 'end') await this.#leaveSegment()
      else this.#byte += frameBytes(header.payloadBytes)
    }
  }

  /** The fields that stand where a frame is expected; null without the magic. Not checked. */
  async peek(): Promise<{ readonly header: FrameHeader; readonly topic: string } | null> {
    if (this.#byte === 0) return null
    this.#windowEnd = 0
    const at = await this.#load(this.#byte, FRAME_HEADER_BYTES)
    const header = readHeader(this.#buffer, at)
    return header === null ? null : { header, topic: topicOf(this.#buffer, at, header) }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  async #enterSegment(): Promise<boolean> {
    this.#file ??= await this.#openSegment()
    const at = await this.#load(0, SEGMENT_HEADER_BYTES)
    const header = readSegmentHeader(this.#buffer.subarray(at, at + SEGMENT_HEADER_BYTES))
    if (header !== null && header.version !== FORMAT_VERSION)
      throw unknownVersion(segmentName(this.#number), header.version)
    if (header?.number !== this.#number || header.base !== this.#base) return false
    if (header.createdAt !== this.#log.meta.createdAt || header.partitions !== this.#log.meta.partitions) return false
    this.#size = header.size
    this.#byte = SEGMENT_HEADER_BYTES
    this.#log.map.segments.push({ number: header.number, base: header.base, size: header.size })
    return true
  }

  async #openSegment(): Promise<DiskFile> {
    const name = segmentName(this.#number)
    const path = join(this.#log.folder, name)
    return this.#log.disk.open(path, 'read').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      throw new LogError('corrupt', `${path} is missing: the log went on there`, { position: `${name} is missing` })
    })
  }

  async #leaveSegment(): Promise<void> {
    const unused = this.#byte + frameBytes(0)
    if (this.#file !== null && (await hasBytes(this.#file, unused, this.#size))) {
      const position = `${segmentName(this.#number)} byte ${unused}, behind the end of the segment`
      throw new LogError('corrupt', `${this.#log.folder}: something was written to ${position}`, { position })
    }
    await this.close()
    this.#number++
    this.#base += this.#size
    this.#byte = 0
    this.#windowEnd = 0
  }

  /** Checks the frame at the current place and enters it; null when there is none. */
  async #nextFrame(): Promise<FrameHeader | null> {
    if (this.#byte + FRAME_HEADER_BYTES > this.#size) return null
    let at = this.#windowed(this.#byte, FRAME_HEADER_BYTES) ?? (await this.#load(this.#byte, FRAME_HEADER_BYTES))
    const header = readHeader(this.#buffer, at)
    if (header === null || header.payloadBytes > MAX_PAYLOAD_BYTES) return null
    const length = frameBytes(header.payloadBytes)
    if (this.#byte + length > this.#size) return null
    at = this.#windowed(this.#byte, length) ?? (await this.#load(this.#byte, length))
    if (!crcHolds(this.#buffer, at, header)) return null
    if (header.version !== FORMAT_VERSION || header.kind === null) {
      throw unknownVersion(`byte ${this.#byte} of ${segmentName(this.#number)}`, header.version)
    }
    if (header.position !== this.#base + this.#byte) return null
    if (header.kind === 'batch' && !this.#enter(at, header)) return null
    this.#durable = Math.max(this.#durable, header.durable)
    this.#sealed = header.kind === 'seal'
    return header
  }

  #enter(at: number, header: FrameHeader): boolean {
    if (header.partition >= this.#log.meta.partitions) return false
    const { map } = this.#log
    const state = map.at({ topic: topicOf(this.#buffer, at, header), partition: header.partition })
    if (state.end !== header.baseOffset) return false
    map.enter(state, header.recordCount, header.position)
    return true
  }

  /** Where a stretch of the file stands in the buffer, if it does. */
  #windowed(byte: number, length: number): number | null {
    return byte >= this.#windowStart && byte + length <= this.#windowEnd ? byte - this.#windowStart : null
  }

  async #load(byte: number, length: number): Promise<number> {
    const file = this.#file
    if (file === null) throw new Error('the scanner is closed')
    const wanted = Math.min(WINDOW_BYTES, Math.max(length, this.#readBytes))
    this.#readBytes = Math.min(WINDOW_BYTES, this.#readBytes * READ_GROWTH)
    await readZeroPadded(file, this.#buffer, wanted, byte)
    this.#windowStart = byte
    this.#windowEnd = byte + wanted
    return 0
  }

  #stop(found: ScanStop['found']): ScanStop {
    return {
      position: this.#base + this.#byte,
      segment: this.#number,
      byte: this.#byte,
      found,
      durable: this.#durable,
      sealed: this.#sealed,
    }
  }
}

function unknownVersion(place: string, version: number): LogError {
  return new LogError(
    'wrong-log',
    `${place} has format version ${version}, this program reads version ${FORMAT_VERSION}`,
  )
}
