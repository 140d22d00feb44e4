/** CRC-64-AVRO, by which a record says with which schema it was written. avsc has no such fingerprint. */

// CRC-64-AVRO in two 32-bit halves: the polynomial, which is also the value of the empty text.
const EMPTY_HIGH = 0xc15d213a
const EMPTY_LOW = 0xa4d7a795

/** The fingerprint of a canonical form, as the 8 little-endian bytes that stand in a single-object header. */
export function fingerprint(canonical: string): Uint8Array {
  const { highs, lows } = crcTable()
  let high = EMPTY_HIGH
  let low = EMPTY_LOW
  for (const byte of new TextEncoder().encode(canonical)) {
    const at = (low ^ byte) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ (lows[at] ?? 0)
    high = (high >>> 8) ^ (highs[at] ?? 0)
  }
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, low >>> 0, true)
  view.setUint32(4, high >>> 0, true)
  return bytes
}

let table: { readonly highs: Int32Array; readonly lows: Int32Array } | null = null

function crcTable(): { readonly highs: Int32Array; readonly lows: Int32Array } {
  if (table !== null) return table
  const highs = new Int32Array(256)
  const lows = new Int32Array(256)
  for (let byte = 0; byte < 256; byte += 1) {
    let high = 0
    let low = byte
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = low & 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (odd) {
        high ^= EMPTY_HIGH
        low ^= EMPTY_LOW
      }
    }
    highs[byte] = high
    lows[byte] = low
  }
  table = { highs, lows }
  return table
}
