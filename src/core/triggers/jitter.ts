/**
 * Jitter: a delay that spreads jobs with equal schedules, the same on every node and in every replay. The nominal time
 * stays the identity and the anchor of a fire; only the moment of dispatch moves.
 */

import { createHash } from 'node:crypto'

const TWO_TO_48 = 2 ** 48

/**
 * Delay in milliseconds, uniform in 0 to `jitterMs` inclusive: floor(h / 2^48 × (jitterMs + 1)), where h is the first
 * 48 bits, big endian, of SHA-256 of the UTF-8 text `jobId`, newline, `nominalMs` in decimal.
 */
export function jitterDelayMs(jobId: string, nominalMs: number, jitterMs: number): number {
  if (jitterMs <= 0) return 0
  const digest = createHash('sha256').update(`${jobId}\n${nominalMs}`, 'utf8').digest()
  return Math.floor((digest.readUIntBE(0, 6) / TWO_TO_48) * (jitterMs + 1))
}
