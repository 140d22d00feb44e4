/**
 * Repeatable randomness for tests and simulations: xoshiro128** seeded by splitmix32. Not for secrets.
 *
 * Boundary: the same seed gives the same bytes on every machine, for the same sequence of calls.
 */
import type { Entropy } from '../../ports/entropy.ts'

/** `seed`: any whole number; its low 32 bits count. */
export function createSeededEntropy(seed: number): Entropy {
  const next = xoshiro128(seed)
  return {
    bytes(count) {
      const out = new Uint8Array(count)
      for (let at = 0; at < count; at += 4) {
        const word = next()
        for (let byte = 0; byte < 4 && at + byte < count; byte++) out[at + byte] = word >>> (8 * byte)
      }
      return out
    },
  }
}

function xoshiro128(seed: number): () => number {
  const seeder = splitmix32(seed)
  let a = seeder()
  let b = seeder()
  let c = seeder()
  let d = seeder()
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return result
  }
}

function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
