/**
 * From where an owner reads the log again, to see whether it still leads to what was folded: from a place some way back, so
 * that a stray copy of the last batch in its old place doesn't pass for the log.
 *
 * Boundary: remembers cursors. Two of them are kept and the older one counts, so what is read again has a bound.
 */
import { type Cursor, START } from './cursor.ts'

/** Records: some 10 MB, read and hashed in about 0.1 s. At most twice as many are read again. */
const RETRACED_RECORDS = 50_000

export class Retraced {
  #older: Cursor = START
  #newer: Cursor = START

  /** The best one first; where the log is not kept from there on, the next. */
  get places(): readonly Cursor[] {
    return [this.#older, this.#newer]
  }

  /** All before the cursor is taken as it is: a checkpoint was restored, or all is folded anew. */
  reset(cursor: Cursor): void {
    this.#older = cursor
    this.#newer = cursor
  }

  /** A batch was accepted that names its past. */
  accepted(cursor: Cursor): void {
    if (cursor.offset - this.#newer.offset < RETRACED_RECORDS) return
    this.#older = this.#newer
    this.#newer = cursor
  }
}
