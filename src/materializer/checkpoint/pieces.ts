/** Rows in pieces of a bounded size, encoded in slices of a few milliseconds: the partition decides in between. */
import type { StateCodec } from '../../ports/state-codec.ts'
import { nextTurn } from '../settle.ts'
import { type EncodedRow, encodedRows, type Frozen } from './state-rows.ts'

/** Rows and keys of one piece: a reader refuses a record with many more items. */
const MAX_PIECE_ITEMS = 10_000

/** Encoded without a break: about a millisecond. */
const SLICE_BYTES = 64 * 1024

/** What an item costs beside its bytes, at most. */
const ITEM_BYTES = 4

export interface Piece {
  readonly rows: readonly EncodedRow[]
  readonly deleted: readonly string[]
}

/** A row larger than `maxBytes` is a piece of its own. There is at least one piece. */
export async function* inPieces(frozen: Frozen, codec: StateCodec, maxBytes: number): AsyncGenerator<Piece> {
  let rows: EncodedRow[] = []
  let deleted: string[] = []
  let bytes = 0
  let slice = 0
  const fits = (size: number): boolean => {
    const count = rows.length + deleted.length
    return count === 0 || (bytes + size <= maxBytes && count < MAX_PIECE_ITEMS)
  }
  const take = (): Piece => {
    const piece = { rows, deleted }
    rows = []
    deleted = []
    bytes = 0
    return piece
  }
  for (const row of encodedRows(frozen, codec)) {
    const size = row.value.length + ITEM_BYTES
    if (!fits(size)) yield take()
    rows.push(row)
    bytes += size
    slice += size
    if (slice < SLICE_BYTES) continue
    slice = 0
    await nextTurn()
  }
  for (const key of frozen.deleted) {
    // Three bytes a code unit at most.
    const size = key.length * 3 + ITEM_BYTES
    if (!fits(size)) yield take()
    deleted.push(key)
    bytes += size
  }
  yield take()
}
