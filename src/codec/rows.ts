/**
 * Rows of the state and checkpoints as bytes. Only for our own eyes, but checked like everything that comes back from a
 * disk or a topic.
 */
import type { JobState } from '../core/job/job-state.ts'
import type { RunState } from '../core/run/run-state.ts'
import type {
  CheckpointManifest,
  CheckpointPiece,
  CommandIdRow,
  CursorRow,
  LocalCheckpointRow,
  PartitionRow,
} from '../ports/state-codec.ts'
import { compileReadOfViews } from './avro/compile-read.ts'
import { type RecordCodec, recordCodec } from './record-codec.ts'

export const jobRow: RecordCodec<JobState> = recordCodec('JobRow')
export const runRow: RecordCodec<RunState> = recordCodec('RunRow')
export const commandIdRow: RecordCodec<CommandIdRow> = recordCodec('CommandIdRow')
export const partitionRow: RecordCodec<PartitionRow> = recordCodec('PartitionRow')
export const cursorRow: RecordCodec<CursorRow> = recordCodec('Cursor')
export const checkpointPiece: RecordCodec<CheckpointPiece> = recordCodec('CheckpointPiece', compileReadOfViews)
export const checkpointManifest: RecordCodec<CheckpointManifest> = recordCodec('CheckpointManifest')
export const localCheckpoint: RecordCodec<LocalCheckpointRow> = recordCodec('LocalCheckpoint')
