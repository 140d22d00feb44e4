/** The chain over the accepted batches (design §3): SHA-256(chain ‖ for each value: uint32be length ‖ value). */
import { createHash } from 'node:crypto'

/** Values are gathered to pieces of this size: a call of `update` costs as much as hashing 500 bytes. */
const PIECE_BYTES = 64 * 1024
const LENGTH_BYTES = 4

export function chainOf(chain: Uint8Array, values: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(chain)
  const whole = asOnePiece(values)
  if (whole !== null) return new Uint8Array(hash.update(whole).digest())
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  let used = 0
  for (const value of values) {
    if (used + LENGTH_BYTES + value.length > PIECE_BYTES) {
      hash.update(piece.subarray(0, used))
      used = 0
    }
    used = piece.writeUInt32BE(value.length, used)
    if (used + value.length > PIECE_BYTES) {
      hash.update(piece.subarray(0, used)).update(value)
      used = 0
    } else {
      piece.set(value, used)
      used += value.length
    }
  }
  return new Uint8Array(hash.update(piece.subarray(0, used)).digest())
}

/** The bytes to hash, where each value lies behind its length in one buffer, as the codec leaves them; else null. */
function asOnePiece(values: readonly Uint8Array[]): Uint8Array | null {
  const first = values[0]
  if (first === undefined || first.byteOffset < LENGTH_BYTES) return null
  const start = first.byteOffset - LENGTH_BYTES
  const bytes = new DataView(first.buffer)
  let end = start
  for (const value of values) {
    if (value.buffer !== first.buffer || value.byteOffset !== end + LENGTH_BYTES) return null
    if (bytes.getUint32(end) !== value.length) return null
    end = value.byteOffset + value.length
  }
  return new Uint8Array(first.buffer, start, end - start)
}
