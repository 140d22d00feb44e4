/**
 * The batches that wait for the next write, encoded one behind another as they will lie in the segment.
 *
 * Boundary: memory only. Records are encoded in the call that appends them, so a caller may reuse its buffers at once; the
 * headers are filled in when it is known where the frames go.
 */
import type { Appended, LogRecord } from '../../ports/event-log.ts'
import { LogError } from '../../ports/event-log.ts'
import { align, FRAME_HEADER_BYTES } from './frame.ts'
import { MAX_WAITING_BYTES } from './limits.ts'
import type { PartitionMap } from './log-map.ts'
import { boundBatch, encodeRecords } from './records.ts'

const FIRST_BYTES = 256 * 1_024

/** A buffer that a burst made bigger is not kept. */
const KEPT_BYTES = 4 * 1_024 * 1_024

export interface StagedBatch {
  readonly state: PartitionMap
  /** Where the frame begins and ends in the buffer, padding included. */
  readonly start: number
  readonly end: number
  readonly payloadBytes: number
  readonly recordCount: number
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: LogError) => void
}

export class Staging {
  buffer: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  batches: StagedBatch[] = []
  readonly #maxFrameBytes: number
  #used = 0

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Encodes a batch; throws `LogError` when it can't be one, and then nothing has changed. */
  add(state: PartitionMap, records: readonly LogRecord[]): Promise<Appended> {
    const bound = boundBatch(records)
    const start = this.#used
    const payload = start + FRAME_HEADER_BYTES
    this.#makeRoom(align(payload + state.topic.length + bound))
    this.buffer.write(state.topic, payload, 'latin1')
    const payloadBytes = encodeRecords(this.buffer, payload + state.topic.length, records) - payload
    const end = align(payload + payloadBytes)
    if (end - start > this.#maxFrameBytes) {
      throw new LogError('too-large', `a batch of ${payloadBytes} bytes does not fit into a segment`)
    }
    this.#used = end
    return new Promise((resolve, reject) => {
      this.batches.push({ state, start, end, payloadBytes, recordCount: records.length, resolve, reject })
    })
  }

  clear(): void {
    this.batches = []
    this.#used = 0
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafe(FIRST_BYTES)
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.buffer.length) return
    if (bytes > MAX_WAITING_BYTES) {
      throw new LogError('unavailable', `more than ${MAX_WAITING_BYTES} bytes wait for the disk`, { retryable: true })
    }
    const grown = Buffer.allocUnsafe(Math.min(MAX_WAITING_BYTES, Math.max(bytes, this.buffer.length * 2)))
    grown.set(this.buffer.subarray(0, this.#used))
    this.buffer = grown
  }
}
