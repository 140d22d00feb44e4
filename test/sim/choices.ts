/** Choices that one seed makes again and again in the same way. */
export interface Choices {
  /** In [0, 1). */
  next(): number
  /** 0 … below − 1. */
  below(limit: number): number
  chance(probability: number): boolean
  of<T>(items: readonly T[]): T
}

export function choices(seed: number): Choices {
  let state = (seed * 0x9e37_79b9) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    of(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new Error('there is nothing to choose from')
      return item
    },
  }
}
