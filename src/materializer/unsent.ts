/**
 * The accepted batches whose effects may not have left yet: those above the mark.
 *
 * A function of the accepted batches alone, so every follower has it when it takes over, and a checkpoint carries it.
 */
import type { Mark } from '../core/events.ts'

/** A batch by its place in the log: its events are read again when its effects have to be repeated. */
export interface UnsentBatch extends Mark {
  /** Of its first event. */
  readonly offset: number
  /** Offset after its trailer. */
  readonly end: number
}

export class Unsent {
  #batches: UnsentBatch[] = []

  get batches(): readonly UnsentBatch[] {
    return this.#batches
  }

  /** A batch was accepted; `mark` is what its trailer says. */
  accepted(batch: UnsentBatch, mark: Mark): void {
    this.#batches.push(batch)
    const kept = this.#batches.findIndex((one) => isAbove(one, mark))
    if (kept > 0) this.#batches = this.#batches.slice(kept)
  }

  /** As a checkpoint had it; nothing, when all is folded anew. */
  restore(batches: readonly UnsentBatch[]): void {
    this.#batches = [...batches]
  }
}

export function isAbove(place: Mark, mark: Mark): boolean {
  return place.epoch > mark.epoch || (place.epoch === mark.epoch && place.seq > mark.seq)
}
