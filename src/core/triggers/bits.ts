/**
 * Sets of small integers as bit masks, the representation that makes the next matching value one or two instructions.
 * `Bits` holds 0 to 59 in two 30-bit halves, because JavaScript's bit operators work on 32 bits and 30 divides 60.
 */

export interface Bits {
  /** Values 0 to 29, value v at bit v. */
  readonly low: number
  /** Values 30 to 59, value v at bit v - 30. */
  readonly high: number
}

/** Position of the lowest set bit of a mask that is not 0. */
export function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/** Smallest member of `from` or more, or -1. */
export function nextBit(bits: Bits, from: number): number {
  if (from < 30) {
    const low = bits.low & (-1 << from)
    if (low !== 0) return lowestBit(low)
    return bits.high === 0 ? -1 : 30 + lowestBit(bits.high)
  }
  // A shift by 32 would be a shift by 0; 60 - 30 is within bounds.
  const high = bits.high & (-1 << (from - 30))
  return high === 0 ? -1 : 30 + lowestBit(high)
}

export function hasBit(bits: Bits, value: number): boolean {
  return value < 30 ? ((bits.low >> value) & 1) === 1 : ((bits.high >> (value - 30)) & 1) === 1
}

export function bitsOf(values: Iterable<number>): Bits {
  let low = 0
  let high = 0
  for (const value of values) {
    if (value < 30) low |= 1 << value
    else high |= 1 << (value - 30)
  }
  return { low, high }
}

/** Members in rising order. */
export function membersOf(bits: Bits): number[] {
  const members: number[] = []
  for (let value = nextBit(bits, 0); value !== -1; value = nextBit(bits, value + 1)) members.push(value)
  return members
}
