/**
 * Random bytes of the operating system.
 *
 * Boundary: with `system-clock.ts` the only place that reads ambient time or randomness.
 */
import { randomBytes } from 'node:crypto'
import type { Entropy } from '../../ports/entropy.ts'

export function createSystemEntropy(): Entropy {
  return { bytes: (count) => new Uint8Array(randomBytes(count)) }
}
