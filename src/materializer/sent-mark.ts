/**
 * Up to which batch all effects have left.
 *
 * Invariant: the mark never passes a batch of which one effect was not acknowledged.
 */
import type { Mark } from '../core/events.ts'

interface Batch {
  readonly place: Mark
  left: number
}

export class SentMark {
  readonly #moved: () => void
  readonly #batches: Batch[] = []
  #mark: Mark
  #last: Mark

  /** `moved`: called when the mark has risen. */
  constructor(mark: Mark, moved: () => void) {
    this.#mark = mark
    this.#last = mark
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
    const place = { epoch, seq }
    const batch = { place, left: effects }
    this.#batches.push(batch)
    if (effects === 0) this.#advance()
    else this.#last = place
    return () => {
      batch.left -= 1
      if (batch.left === 0) this.#advance()
    }
  }

  #advance(): void {
    let done = 0
    while (this.#batches[done]?.left === 0) done += 1
    const last = this.#batches[done - 1]
    if (last === undefined) return
    this.#mark = last.place
    this.#batches.splice(0, done)
    this.#moved()
  }
}
