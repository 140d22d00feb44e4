/**
 * Records that leave for topics which this node only writes to: runs for executors, control, replies, dead letters,
 * forwarded commands, and the topics of deliver jobs. What leaves may leave twice, and never in pieces.
 */
import type { RecordHeader } from './event-log.ts'

export interface OutgoingRecord {
  /** Without the namespace, unless `foreign`. */
  readonly topic: string
  /** A topic of the user's, by its full name. */
  readonly foreign?: boolean
  /** Where the topic's partitions mean something; absent: by the hash of `spreadBy`, else of the key, else any. */
  readonly partition?: number
  readonly spreadBy?: string
  readonly key: string | null
  /** The key as it was found, when it is not UTF-8. */
  readonly rawKey?: Uint8Array
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export interface Outbox {
  /**
   * Resolves when the record is durable. What may pass is tried again inside, with backoff, until it does or the outbox
   * is closed. Rejects with `LogError`: `closed`; and `too-large`, `invalid-record` (no such topic), `record-refused`,
   * `not-authorized`, which trying again does not mend. Once `withdrawn` is aborted, a record that has not left need not
   * leave any more, and is not kept: rejects with the signal's reason.
   */
  send(record: OutgoingRecord, withdrawn?: AbortSignal): Promise<void>

  /** What waits rejects as `closed`, after it was tried once more. Idempotent. */
  close(): Promise<void>
}
