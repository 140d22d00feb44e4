/**
 * Up to which batch all effects have left.
 *
 * Invariants:
 * 1. The mark never passes a batch of which one effect was not acknowledged.
 * 2. Only batches of which effects have not left are remembered, however many come after the first of them.
 */
import type { Mark } from '../core/events.ts'

interface Waiting {
  /** The batch before it: so far the mark may rise. */
  readonly before: Mark
  left: number
}

export class SentMark {
  readonly #moved: () => void
  /** In their order. */
  readonly #waiting = new Set<Waiting>()
  #mark: Mark
  #last: Mark
  /** The last batch that came, with effects or without. */
  #newest: Mark

  /** `moved`: called when the mark has risen. */
  constructor(mark: Mark, moved: () => void) {
    this.#mark = mark
    this.#last = mark
    this.#newest = mark
    this.#moved = moved
  }

  /** The last batch that had effects. */
  get last(): Mark {
    return this.#last
  }

  get mark(): Mark {
    return this.#mark
  }

  /** Batches come in their order. Returns the function that says that one of the batch's effects has left. */
  add({ epoch, seq }: Mark, effects: number): () => void {
    const batch = { before: this.#newest, left: effects }
    this.#newest = { epoch, seq }
    if (effects === 0) this.#advance()
    else {
      this.#waiting.add(batch)
      this.#last = this.#newest
    }
    return () => {
      batch.left -= 1
      if (batch.left > 0) return
      this.#waiting.delete(batch)
      this.#advance()
    }
  }

  #advance(): void {
    const [first] = this.#waiting
    const mark = first?.before ?? this.#newest
    if (mark === this.#mark) return
    this.#mark = mark
    this.#moved()
  }
}
