/** LZ4 frames. Format: lz4/lz4 `doc/lz4_Frame_format.md` and `lz4_Block_format.md`. Check sums are not looked at. */
import { GrowingBytes } from './growing-bytes.ts'

const MAGIC = 0x184d2204
const INDEPENDENT_BLOCKS = 0x20
const BLOCK_CHECKSUMS = 0x10
const CONTENT_SIZE = 0x08
const DICTIONARY_ID = 0x01
const UNCOMPRESSED = 0x80000000
const MIN_MATCH = 4

export function lz4(bytes: Buffer, limit: number): Buffer {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('not an LZ4 frame')
  const flags = bytes.readUInt8(4)
  // Magic, flags, block size, check sum of the header.
  let at = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4)
  const out = new GrowingBytes(limit)
  for (;;) {
    const word = bytes.readUInt32LE(at)
    at += 4
    if (word === 0) return out.written
    const end = at + (word & ~UNCOMPRESSED)
    if (end > bytes.length) throw new RangeError('an LZ4 block beyond its end')
    const content = bytes.subarray(at, end)
    if (word >= UNCOMPRESSED) out.append(content)
    else block(content, out, (flags & INDEPENDENT_BLOCKS) === 0 ? 0 : out.length)
    at = end + ((flags & BLOCK_CHECKSUMS) === 0 ? 0 : 4)
  }
}

function block(bytes: Buffer, out: GrowingBytes, from: number): void {
  let at = 0
  const length = (nibble: number): number => {
    let sum = nibble
    if (nibble < 15) return sum
    for (let more = 255; more === 255; sum += more) more = bytes.readUInt8(at++)
    return sum
  }
  while (at < bytes.length) {
    const token = bytes.readUInt8(at++)
    const literals = length(token >> 4)
    if (at + literals > bytes.length) throw new RangeError('LZ4 literals beyond their end')
    out.append(bytes.subarray(at, at + literals))
    at += literals
    // The last sequence has literals alone.
    if (at === bytes.length) return
    const distance = bytes.readUInt16LE(at)
    at += 2
    out.repeat(distance, length(token & 15) + MIN_MATCH, from)
  }
}
