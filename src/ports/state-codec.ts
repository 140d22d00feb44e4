/**
 * Rows of the state and the records of checkpoints ⇄ bytes. The materializer writes and reads checkpoints through this
 * port, so it knows nothing of Avro or of hashes.
 */
import type { Mark } from '../core/events.ts'
import type { JobPause, JobState } from '../core/job/job-state.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { PauseRule } from '../core/state.ts'

export interface CommandIdRow {
  readonly commandId: string
  /** Epoch ms of its answer. */
  readonly time: number
}

export interface PartitionRow {
  readonly executors: readonly string[]
  readonly schedulePaused: JobPause | null
  readonly pauseRules: readonly PauseRule[]
  /** Epoch ms of the last event. */
  readonly lastTime: number
  /** The time-zone database of the last announced owner; null: not known. */
  readonly zoneData: string | null
}

export type StateRow =
  | { readonly kind: 'job'; readonly row: JobState }
  | { readonly kind: 'run'; readonly row: RunState }
  | { readonly kind: 'command'; readonly row: CommandIdRow }
  | { readonly kind: 'partition'; readonly row: PartitionRow }

/** A place in a log that has an owner, behind a whole batch: before the first announcement there is nothing to keep. */
export interface CursorRow {
  /** First offset after the batch. */
  readonly offset: number
  readonly epoch: number
  readonly owner: Uint8Array
  readonly seq: number
  readonly chain: Uint8Array
  readonly commandsThrough: number
  readonly reportsThrough: number
  readonly dispatchedThrough: Mark
  readonly logId: Uint8Array
  /** First offset of the last accepted batch. */
  readonly batchOffset: number
  /** The chain before that batch. */
  readonly prev: Uint8Array
  /** How many partitions the log has. */
  readonly partitions: number
  /** What else is as of this place; its meaning is the writer's. */
  readonly extra: Uint8Array
}

export interface CheckpointPiece {
  /** Random id of the checkpoint. */
  readonly checkpoint: string
  readonly number: number
  /** Encoded rows; of a decoded piece, views of its bytes. */
  readonly rows: readonly Uint8Array[]
  /** Keys deleted since the parent: `job/<id>`, `run/<id>`, `command/<id>`. */
  readonly deleted: readonly string[]
}

export interface PieceRef {
  readonly number: number
  readonly offset: number
  readonly sha256: Uint8Array
}

export interface CheckpointManifest {
  readonly checkpoint: string
  /** Epoch ms. */
  readonly time: number
  readonly cursor: CursorRow
  /** null: a full base. */
  readonly parent: string | null
  readonly pieces: readonly PieceRef[]
}

/** What a local store holds: a full base in pieces, and over it the rows that changed since. */
export interface LocalCheckpointRow {
  /** Of the base, and of the rows that belong to it. */
  readonly generation: number
  /** Pieces of the base. */
  readonly pieces: number
  readonly cursor: CursorRow
}

export type CheckpointRecord =
  | { readonly kind: 'piece'; readonly record: CheckpointPiece }
  | { readonly kind: 'manifest'; readonly record: CheckpointManifest }
  | { readonly kind: 'local'; readonly record: LocalCheckpointRow }

export interface StateCodec {
  /** A fresh copy. Throws over the size of a record. */
  encodeRow(row: StateRow): Uint8Array
  /** Throws when it is no row of ours. */
  decodeRow(value: Uint8Array): StateRow
  /** A fresh copy. Throws over the size of a record. */
  encode(record: CheckpointRecord): Uint8Array
  /** Throws when it is no record of a checkpoint. */
  decode(value: Uint8Array): CheckpointRecord
  /** SHA-256. */
  digest(value: Uint8Array): Uint8Array
}
