/** Where a reader stands in a partition's events, and all that the reader's rule needs to go on from there. */
import type { Mark } from '../core/events.ts'

export interface Cursor {
  /** The next offset to read. */
  readonly offset: number
  readonly epoch: number
  /** Owner id of the accepted announcement, empty before the first. */
  readonly owner: Uint8Array
  /** The last batch accepted of this epoch; 0 is the announcement. */
  readonly seq: number
  /** Hash chain over the accepted history. */
  readonly chain: Uint8Array
  readonly commandsThrough: number
  readonly reportsThrough: number
  /** Effects up to here were acknowledged. */
  readonly dispatchedThrough: Mark
  /** Empty before the first announcement. */
  readonly logId: Uint8Array
  /** The last accepted batch: its first offset, the first after it, and the chain before it. */
  readonly batchOffset: number
  readonly batchEnd: number
  readonly prev: Uint8Array
}

export const CHAIN_BYTES = 32
export const NOBODY: Uint8Array = new Uint8Array(0)

/** The cursor of a reader that has seen nothing. */
export const START: Cursor = Object.freeze({
  offset: 0,
  epoch: 0,
  owner: NOBODY,
  seq: 0,
  chain: new Uint8Array(CHAIN_BYTES),
  commandsThrough: -1,
  reportsThrough: -1,
  dispatchedThrough: Object.freeze({ epoch: 0, seq: 0 }),
  logId: NOBODY,
  batchOffset: 0,
  batchEnd: 0,
  prev: new Uint8Array(CHAIN_BYTES),
})

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}
