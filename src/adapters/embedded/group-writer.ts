/**
 * The one writer of a folder: group commit.
 *
 * Boundary: takes batches, makes them durable, enters them into the map. Batches that arrive while a write is under way
 * ride the next one, all in one write.
 * Kept invariants:
 * 1. At most one write is under way, and nothing is acknowledged, entered or told before it is durable.
 * 2. A frame never crosses the end of a segment, and the log leaves a segment only by an `end` frame that is durable
 *    before anything is written to the next.
 * 3. After a failed write or sync nothing is ever written again: what those pages hold is unknown.
 */
import { join } from 'node:path'
import type { Appended, LogRecord, TopicPartition } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import type { DiskFile } from './disk.ts'
import { writeAll } from './disk.ts'
import { frameBytes, FRAME_HEADER_BYTES, writeHeader } from './frame.ts'
import type { OpenFolder, ScanStop } from './frame-scanner.ts'
import { tell } from './log-map.ts'
import type { Segment } from './segment.ts'
import {
  createSegment,
  END_FRAME_BYTES,
  maxFrameBytes,
  nextSegmentBytes,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from './segment.ts'
import type { StagedBatch } from './staging.ts'
import { Staging } from './staging.ts'

/** An idle log is sealed after this time, so that damage to its last batches can be told from a torn write. */
const SEAL_AFTER_IDLE_MS = 1_000

/**
 * The next segment is made in the first pause after a part of this one is used, because filling it competes with appends
 * for the disk; without a pause it is made when there is just time to.
 */
const PREPARE_AFTER_IDLE_MS = 20
const PREPARE_FROM_USED = 1 / 8
const PREPARE_AT_USED = 7 / 8

export interface WriterOptions {
  readonly segmentBytes: number
  /** Append time, epoch milliseconds. */
  readonly now: () => number
}

export class GroupWriter {
  readonly #log: OpenFolder
  readonly #options: WriterOptions
  readonly #mark = Buffer.alloc(FRAME_HEADER_BYTES)
  #waiting: Staging
  #writing: Staging
  #file: DiskFile
  #segment: Segment
  /** Byte in the segment at which the next frame goes. */
  #byte: number
  #sealed: boolean
  #running: Promise<void> | null = null
  #next: Promise<Segment> | null = null
  #nextFailed = false
  #idleTimer: NodeJS.Timeout | null = null
  #closing = false
  #failure: LogError | null = null

  private constructor(log: OpenFolder, options: WriterOptions, file: DiskFile, stop: ScanStop) {
    this.#log = log
    this.#options = options
    this.#waiting = new Staging(maxFrameBytes(options.segmentBytes))
    this.#writing = new Staging(maxFrameBytes(options.segmentBytes))
    this.#file = file
    this.#segment = log.map.segments.at(-1)!
    this.#byte = Math.max(stop.byte, SEGMENT_HEADER_BYTES)
    this.#sealed = stop.sealed || stop.position <= SEGMENT_HEADER_BYTES
  }

  /** Goes on at the tail, which is durable and has nothing behind it. */
  static async open(log: OpenFolder, stop: ScanStop, options: WriterOptions): Promise<GroupWriter> {
    const file = await log.disk.open(join(log.folder, segmentName(log.map.segments.at(-1)!.number)), 'commit')
    const writer = new GroupWriter(log, options, file, stop)
    await writer.#seal()
    if (writer.#failure === null) return writer
    await file.close()
    throw writer.#failure
  }

  append(to: TopicPartition, records: readonly LogRecord[]): Promise<Appended> {
    if (this.#failure !== null) throw new LogError('disk-failed', this.#failure.message, { cause: this.#failure.cause })
    const appended = this.#waiting.add(this.#log.map.at(to), records)
    if (this.#running === null) this.#running = this.#run()
    return appended
  }

  /** Settles what is under way, seals, and closes the file. */
  async close(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#idleTimer ?? undefined)
    while (this.#running !== null) await this.#running
    if (this.#failure === null) await this.#seal()
    await this.#next?.catch(() => undefined)
    await this.#file.close()
  }

  async #run(): Promise<void> {
    clearTimeout(this.#idleTimer ?? undefined)
    // All that is appended in this turn goes into the same write.
    await Promise.resolve()
    while (this.#waiting.batches.length > 0 && this.#failure === null) {
      const group = this.#waiting
      this.#waiting = this.#writing
      this.#writing = group
      await this.#commit(group)
      group.clear()
    }
    this.#running = null
    if (!this.#closing && this.#failure === null)
      this.#idleTimer = setTimeout(() => this.#idle(), PREPARE_AFTER_IDLE_MS).unref()
  }

  /** Writes a group, in as many writes as it takes segments. */
  async #commit(group: Staging): Promise<void> {
    const { batches } = group
    for (let first = 0; first < batches.length;) {
      const fitting = this.#fitting(batches, first)
      try {
        if (fitting === first) await this.#enterNextSegment()
        else await this.#write(group, first, fitting)
      } catch (error) {
        return this.#giveUp(batches.slice(first), error)
      }
      first = fitting
    }
  }

  /** Index after the last batch that still fits into the segment. */
  #fitting(batches: readonly StagedBatch[], first: number): number {
    const limit = this.#segment.size - END_FRAME_BYTES - this.#byte + batches[first]!.start
    let after = first
    while (after < batches.length && batches[after]!.end <= limit) after++
    return after
  }

  async #write(group: Staging, first: number, after: number): Promise<void> {
    const { buffer, batches } = group
    const timestamp = this.#options.now()
    const from = batches[first]!.start
    const durable = this.#segment.base + this.#byte
    const baseOffsets: number[] = []
    for (let index = first; index < after; index++) {
      const { state, start, payloadBytes, recordCount } = batches[index]!
      const { topic, partition, next: baseOffset } = state
      const position = durable + start - from
      const fixed = { kind: 'batch' as const, position, durable, timestamp, topicBytes: topic.length }
      writeHeader(buffer, start, { ...fixed, payloadBytes, baseOffset, partition, recordCount })
      baseOffsets.push(baseOffset)
      state.next += recordCount
    }
    await this.#writeDurably(buffer, from, batches[after - 1]!.end - from)
    this.#sealed = false
    for (let index = first; index < after; index++) {
      const { state, start, recordCount, resolve } = batches[index]!
      this.#log.map.enter(state, recordCount, durable + start - from)
      resolve({ baseOffset: baseOffsets[index - first]!, timestamp })
      if (state.listeners.size > 0) tell(state)
    }
    if (this.#byte >= this.#segment.size * PREPARE_AT_USED) this.#prepareNextSegment()
  }

  async #writeDurably(buffer: Buffer, from: number, length: number): Promise<void> {
    try {
      await writeAll(this.#file, buffer, from, length, this.#byte)
      await this.#file.sync()
    } catch (cause) {
      const path = join(this.#log.folder, segmentName(this.#segment.number))
      const message = `writing to ${path} failed: ${cause instanceof Error ? cause.message : String(cause)}`
      throw new LogError('disk-failed', message, { outcome: 'unknown', cause })
    }
    this.#byte += length
  }

  /** Makes the next segment ahead of its use. A failure is met again, and told, when the segment is needed. */
  #prepareNextSegment(): void {
    if (this.#next !== null || this.#nextFailed) return
    this.#next = this.#makeNextSegment()
    this.#next.catch(() => {
      this.#next = null
      this.#nextFailed = true
    })
  }

  async #makeNextSegment(): Promise<Segment> {
    const { disk, folder, meta } = this.#log
    const { number, base, size } = this.#segment
    const bytes = nextSegmentBytes(this.#segment, this.#options.segmentBytes)
    const segment: Segment = { number: number + 1, base: base + size, size: bytes }
    await createSegment(disk, folder, segment, meta)
    return segment
  }

  async #enterNextSegment(): Promise<void> {
    let segment: Segment
    let file: DiskFile
    try {
      segment = await (this.#next ?? this.#makeNextSegment())
      file = await this.#log.disk.open(join(this.#log.folder, segmentName(segment.number)), 'commit')
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new LogError('unavailable', `no room for the next segment in ${this.#log.folder}: ${reason}`, {
        retryable: true,
        cause,
      })
    }
    this.#next = null
    this.#nextFailed = false
    try {
      await this.#writeMark('end')
    } catch (error) {
      await file.close()
      throw error
    }
    await this.#file.close()
    this.#file = file
    this.#segment = segment
    this.#byte = SEGMENT_HEADER_BYTES
    this.#log.map.segments.push(segment)
  }

  async #writeMark(kind: 'seal' | 'end'): Promise<void> {
    const position = this.#segment.base + this.#byte
    const mark = { kind, payloadBytes: 0, position, durable: position, timestamp: this.#options.now() }
    writeHeader(this.#mark, 0, { ...mark, baseOffset: 0, partition: 0, recordCount: 0, topicBytes: 0 })
    await this.#writeDurably(this.#mark, 0, frameBytes(0))
  }

  /** States that everything is durable. */
  async #seal(): Promise<void> {
    if (this.#sealed || this.#byte + FRAME_HEADER_BYTES + END_FRAME_BYTES > this.#segment.size) return
    try {
      await this.#writeMark('seal')
      this.#sealed = true
    } catch (error) {
      this.#giveUp([], error)
    }
  }

  /** Nothing was appended for a moment. */
  #idle(): void {
    if (this.#byte >= this.#segment.size * PREPARE_FROM_USED) this.#prepareNextSegment()
    if (this.#sealed) return
    this.#idleTimer = setTimeout(() => {
      this.#running = this.#sealIdle()
    }, SEAL_AFTER_IDLE_MS).unref()
  }

  async #sealIdle(): Promise<void> {
    await this.#seal()
    this.#running = this.#waiting.batches.length > 0 ? this.#run() : null
  }

  #giveUp(batches: readonly StagedBatch[], error: unknown): void {
    const failure =
      error instanceof LogError ? error : new LogError('disk-failed', String(error), { outcome: 'unknown' })
    for (const batch of batches) batch.reject(failure)
    if (failure.code !== 'disk-failed') return
    this.#failure = failure
    for (const batch of this.#waiting.batches) batch.reject(failure)
    this.#waiting.clear()
  }
}
