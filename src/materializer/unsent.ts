/**
 * The accepted batches whose effects may not have left yet: those above the mark.
 *
 * A function of the accepted batches alone, so every follower has it when it takes over, and a checkpoint carries it.
 * Invariant: however long the mark stands still, a checkpoint can carry it: neighbours become one range.
 */
import type { Mark } from '../core/events.ts'

/** A batch by its place in the log: its events are read again when its effects have to be repeated. */
interface UnsentBatch extends Mark {
  /** Of its first event. */
  readonly offset: number
  /** Offset after its trailer. */
  readonly end: number
}

/** Batches of one owner in a row; `seq` and `end` are the last one's. */
export interface UnsentRange extends UnsentBatch {
  /** The `seq` of the first one. */
  readonly first: number
}

/** Some ten KB in a checkpoint. More are joined in pairs; only what is of different owners stays apart. */
const MAX_RANGES = 1_000

export class Unsent {
  #ranges: UnsentRange[] = []

  /** The first may begin below the mark. */
  get ranges(): readonly UnsentRange[] {
    return this.#ranges
  }

  /** A batch was accepted; `mark` is what its trailer says. */
  accepted(batch: UnsentBatch, mark: Mark): void {
    this.#ranges.push({ ...batch, first: batch.seq })
    const kept = this.#ranges.findIndex((one) => isAbove(one, mark))
    if (kept > 0) this.#ranges = this.#ranges.slice(kept)
    if (this.#ranges.length > MAX_RANGES) this.#ranges = joined(this.#ranges)
  }

  /** As a checkpoint had it; nothing, when all is folded anew. */
  restore(ranges: readonly UnsentRange[]): void {
    this.#ranges = [...ranges]
  }
}

function joined(ranges: readonly UnsentRange[]): UnsentRange[] {
  const pairs: UnsentRange[] = []
  let isPair = true
  for (const range of ranges) {
    const before = pairs.at(-1)
    isPair = !isPair && before?.epoch === range.epoch
    if (isPair && before !== undefined)
      pairs[pairs.length - 1] = { ...range, first: before.first, offset: before.offset }
    else pairs.push(range)
  }
  return pairs
}

export function isAbove(place: Mark, mark: Mark): boolean {
  return place.epoch > mark.epoch || (place.epoch === mark.epoch && place.seq > mark.seq)
}
