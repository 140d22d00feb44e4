/**
 * Attempts that wait for a slot: first come first served, over those whose place has room.
 *
 * Invariant: within a place the order is that of coming; an attempt whose place is full holds up no other place.
 */
import type { Place } from './task-registry.ts'

interface Waiting<T> {
  readonly number: number
  readonly item: T
}

const PLACES: readonly Place[] = ['here', 'worker', 'process']

export class RunQueue<T> {
  readonly #lines: Readonly<Record<Place, Line<Waiting<T>>>> = {
    here: new Line(),
    worker: new Line(),
    process: new Line(),
  }
  #next = 0

  push(place: Place, item: T): void {
    this.#lines[place].push({ number: this.#next, item })
    this.#next += 1
  }

  /** Before all that wait for the place. */
  pushFirst(place: Place, item: T): void {
    this.#lines[place].pushFirst({ number: -1, item })
  }

  /** The one that has waited longest for a place with room; undefined when there is none. */
  take(hasRoom: (place: Place) => boolean): T | undefined {
    let longest: Line<Waiting<T>> | null = null
    for (const place of PLACES) {
      const line = this.#lines[place]
      if (line.head === undefined || !hasRoom(place)) continue
      if (longest?.head === undefined || line.head.number < longest.head.number) longest = line
    }
    return longest?.shift()?.item
  }
}

/** A list with a cheap start: what was taken is cut off when it is half of the list. */
class Line<T> {
  #items: T[] = []
  #from = 0

  get head(): T | undefined {
    return this.#items[this.#from]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  pushFirst(item: T): void {
    if (this.#from === 0) {
      this.#items.unshift(item)
      return
    }
    this.#from -= 1
    this.#items[this.#from] = item
  }

  shift(): T | undefined {
    const item = this.head
    if (item === undefined) return undefined
    this.#from += 1
    if (this.#from * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#from)
      this.#from = 0
    }
    return item
  }
}
