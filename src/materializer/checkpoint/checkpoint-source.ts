/** What a checkpoint is taken of, and what is made of one again. */
import type { State } from '../../core/state.ts'
import type { Cursor } from '../cursor.ts'

/** Looked at when a checkpoint is taken: between two batches, state and cursor are of the same moment. */
export interface CheckpointSource {
  readonly state: State
  readonly cursor: Cursor
  /** Bytes of the owner's that are stored with the cursor. */
  readonly extra: () => Uint8Array
}

export interface Restored {
  readonly state: State
  readonly cursor: Cursor
  readonly extra: Uint8Array
}
