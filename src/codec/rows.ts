/**
 * Rows of the state and checkpoints as bytes. Only for our own eyes, but checked like everything that comes back from a
 * disk or a topic.
 */
import type { Mark } from '../core/events.ts'
import type { JobPause, JobState } from '../core/job/job-state.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { PauseRule } from '../core/state.ts'
import { type RecordCodec, recordCodec } from './record-codec.ts'

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
}

/** A place in a log that has an owner: before the first announcement there is nothing to keep. */
export interface CursorRow {
  readonly offset: number
  readonly epoch: number
  readonly owner: Uint8Array
  readonly seq: number
  readonly chain: Uint8Array
  readonly commandsThrough: number
  readonly reportsThrough: number
  readonly dispatchedThrough: Mark
  /** First offset after the batch of the mark. */
  readonly markOffset: number | null
  readonly logId: Uint8Array
}

export interface CheckpointPiece {
  /** Random id of the checkpoint. */
  readonly checkpoint: string
  readonly number: number
  /** Encoded rows. */
  readonly rows: readonly Uint8Array[]
  /** Keys deleted since the parent: `job/<id>`, `run/<id>`, `command/<id>`. */
  readonly deleted: readonly string[]
}

export interface CheckpointManifest {
  readonly checkpoint: string
  /** Epoch ms. */
  readonly time: number
  readonly cursor: CursorRow
  /** null: a full base. */
  readonly parent: string | null
  readonly pieces: readonly { readonly number: number; readonly offset: number; readonly sha256: Uint8Array }[]
}

export const jobRow: RecordCodec<JobState> = recordCodec('JobRow')
export const runRow: RecordCodec<RunState> = recordCodec('RunRow')
export const commandIdRow: RecordCodec<CommandIdRow> = recordCodec('CommandIdRow')
export const partitionRow: RecordCodec<PartitionRow> = recordCodec('PartitionRow')
export const cursorRow: RecordCodec<CursorRow> = recordCodec('Cursor')
export const checkpointPiece: RecordCodec<CheckpointPiece> = recordCodec('CheckpointPiece')
export const checkpointManifest: RecordCodec<CheckpointManifest> = recordCodec('CheckpointManifest')
