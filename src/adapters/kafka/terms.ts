/**
 * Terms of partitions: spans of time in which one leader had them, over one connection, so that nothing which it had
 * acknowledged can have got lost in between.
 *
 * Boundary: knows what it is told at each append. A leader may have gone and come back while its connection stayed, so the
 * connection alone doesn't tell; a broker may have restarted within one epoch, so the epoch alone doesn't either.
 */
import type { Place } from './requests.ts'

interface Term {
  readonly number: number
  /** Of the connection; another one after each time it was lost. */
  readonly socket: object | null
  readonly leaderEpoch: number
}

export class Terms {
  readonly #terms = new Map<string, Term>()
  readonly #changed: (place: Place) => void
  #last = 0

  /** `changed` is called when a partition's term begins, the first one as well. */
  constructor(changed: (place: Place) => void) {
    this.#changed = changed
  }

  /** The number of the term. `leaderEpoch` null: the leader doesn't say it, so it may be a new one. */
  at(place: Place, socket: object | null, leaderEpoch: number | null): number {
    const key = `${place.topic}/${place.partition}`
    const known = this.#terms.get(key)
    if (known !== undefined && known.socket === socket && known.leaderEpoch === leaderEpoch) return known.number
    this.#last += 1
    if (leaderEpoch === null) this.#terms.delete(key)
    else this.#terms.set(key, { number: this.#last, socket, leaderEpoch })
    this.#changed(place)
    return this.#last
  }
}
