/**
 * What a producer in another language may have compressed. We write uncompressed, so nothing here compresses.
 *
 * Boundary: bytes in, bytes out, at most `MAX_BYTES` of them; what is not of the format is a `RangeError` or zlib's error.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'

/** A batch is about 1 MB as it came; more than this out of it is an attack on our memory. */
export const MAX_BYTES: number = 64 * 1024 * 1024

/** `codec`: the lowest three bits of a batch's attributes. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case 0:
      return bytes
    case 1:
      return gunzipSync(bytes, { maxOutputLength: MAX_BYTES })
    case 2:
      return snappy(bytes, MAX_BYTES)
    case 3:
      return lz4(bytes, MAX_BYTES)
    case 4:
      return zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES })
    default:
      throw new RangeError(`compression ${codec} is not known`)
  }
}
