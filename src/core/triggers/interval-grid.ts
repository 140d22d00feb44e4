/**
 * The common instants of two interval grids, exactly. Stepping from one grid to the other can need millions of rounds
 * before they meet (intervals of 99,991 ms and 100,003 ms meet after 100,000); arithmetic needs none.
 */

import { MAX_INSTANT_MS } from './limits.ts'

/** The instants startMs + k × everyMs up to endMs, k ≥ 0. */
export interface IntervalGrid {
  readonly startMs: number
  readonly everyMs: number
  readonly endMs: number
}

/** The grid of instants that are on both; null if they have none up to the end of 9999 or of a grid. */
export function commonGrid(a: IntervalGrid, b: IntervalGrid): IntervalGrid | null {
  // Chinese remainder theorem: x = a.start + a.every × k with x ≡ b.start modulo b.every.
  const everyA = BigInt(a.everyMs)
  const everyB = BigInt(b.everyMs)
  const { divisor, inverse } = extendedGcd(everyA, everyB)
  const distance = BigInt(b.startMs) - BigInt(a.startMs)
  if (distance % divisor !== 0n) return null
  const modulus = everyB / divisor
  const k = modulo((distance / divisor) * inverse, modulus)
  const period = everyA * modulus
  const met = BigInt(a.startMs) + everyA * k
  const earliest = BigInt(Math.max(a.startMs, b.startMs))
  // k ≥ 0, so `met` is not before a's start; it may be before b's.
  const first = met >= earliest ? met : met + ((earliest - met + period - 1n) / period) * period
  const endMs = Math.min(a.endMs, b.endMs)
  if (first > BigInt(Math.min(endMs, MAX_INSTANT_MS))) return null
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  return { startMs: Number(first), everyMs: Number(period > most ? most : period), endMs }
}

/** Greatest common divisor of a and b, and x with a × x ≡ divisor modulo b. */
function extendedGcd(a: bigint, b: bigint): { readonly divisor: bigint; readonly inverse: bigint } {
  let [rest, nextRest] = [a, b]
  let [x, nextX] = [1n, 0n]
  while (nextRest !== 0n) {
    const quotient = rest / nextRest
    ;[rest, nextRest] = [nextRest, rest - quotient * nextRest]
    ;[x, nextX] = [nextX, x - quotient * nextX]
  }
  return { divisor: rest, inverse: x }
}

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus
}
