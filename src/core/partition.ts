/** Which partition a job lives in: Java's default partitioner, so that producers in any language agree. */

const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** MurmurHash2, 32 bits, as in Kafka's clients. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let h = (SEED ^ length) | 0
  const words = length >> 2
  for (let i = 0; i < words; i += 1) {
    const at = i * 4
    let k = byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
    k = Math.imul(k, M)
    k ^= k >>> R
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const tail = words * 4
  const rest = length & 3
  if (rest === 3) h ^= byte(bytes, tail + 2) << 16
  if (rest >= 2) h ^= byte(bytes, tail + 1) << 8
  if (rest >= 1) {
    h ^= byte(bytes, tail)
    h = Math.imul(h, M)
  }
  h ^= h >>> 13
  h = Math.imul(h, M)
  h ^= h >>> 15
  return h >>> 0
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

const utf8 = new TextEncoder()

/** `(murmur2(utf8(key)) & 0x7fffffff) % partitions` */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(utf8.encode(key)) & 0x7fffffff) % partitions
}

/** A number in [0, 1) that depends on the text alone. */
export function spreadOf(text: string): number {
  return murmur2(utf8.encode(text)) / 0x1_0000_0000
}
