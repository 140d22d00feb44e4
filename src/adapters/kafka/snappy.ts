/**
 * Snappy, as producers write it: raw, or in the blocks of Java's stream format, which begins with a magic word.
 * Formats: google/snappy `format_description.txt`; the stream header is that of snappy-java.
 */
import { GrowingBytes } from './growing-bytes.ts'

const STREAM_MAGIC = Buffer.from('82534e4150505900', 'hex')
/** Magic, version and lowest compatible version. */
const STREAM_HEADER_BYTES = 16

export function snappy(bytes: Buffer, limit: number): Buffer {
  const out = new GrowingBytes(limit)
  if (!bytes.subarray(0, STREAM_MAGIC.length).equals(STREAM_MAGIC)) block(bytes, out)
  else {
    for (let at = STREAM_HEADER_BYTES; at < bytes.length;) {
      const end = at + 4 + bytes.readUInt32BE(at)
      if (end > bytes.length) throw new RangeError('a snappy block beyond its end')
      block(bytes.subarray(at + 4, end), out)
      at = end
    }
  }
  return out.written
}

function block(bytes: Buffer, out: GrowingBytes): void {
  const start = out.length
  let at = 0
  // The length of what comes out; the elements say it again.
  while ((bytes.readUInt8(at++) & 0x80) !== 0);
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at++)
    switch (tag & 3) {
      case 0: {
        const extra = Math.max(0, (tag >> 2) - 59)
        const length = (extra === 0 ? tag >> 2 : bytes.readUIntLE(at, extra)) + 1
        at += extra
        if (at + length > bytes.length) throw new RangeError('a snappy literal beyond its end')
        out.append(bytes.subarray(at, at + length))
        at += length
        break
      }
      case 1:
        out.repeat(((tag >> 5) << 8) | bytes.readUInt8(at++), ((tag >> 2) & 7) + 4, start)
        break
      case 2:
        out.repeat(bytes.readUInt16LE(at), (tag >> 2) + 1, start)
        at += 2
        break
      default:
        out.repeat(bytes.readUInt32LE(at), (tag >> 2) + 1, start)
        at += 4
    }
  }
}
