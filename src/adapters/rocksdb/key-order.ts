/**
 * Keys as bytes whose order is that of the port: by UTF-16 code units.
 *
 * Each code unit is written as UTF-8 writes it, the halves of a surrogate pair too (CESU-8). UTF-8 itself would put what lies
 * beyond U+FFFF last, where the port has it before U+E000.
 */
const SURROGATE = /[\uD800-\uDFFF]/

export function keyBytes(key: string): Uint8Array {
  if (!SURROGATE.test(key)) return Buffer.from(key, 'utf8')
  const bytes: number[] = []
  for (let at = 0; at < key.length; at += 1) {
    const unit = key.charCodeAt(at)
    if (unit < 0x80) bytes.push(unit)
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f))
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f))
  }
  return Uint8Array.from(bytes)
}

/** Bytes that `keyBytes` made. */
export function keyText(bytes: Buffer): string {
  if (!hasSurrogate(bytes)) return bytes.toString('utf8')
  const units: string[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3
    let unit = length === 1 ? first : first & (length === 2 ? 0x1f : 0x0f)
    for (let next = at + 1; next < at + length; next += 1) unit = (unit << 6) | ((bytes[next] ?? 0) & 0x3f)
    units.push(String.fromCharCode(unit))
    at += length
  }
  return units.join('')
}

/** The first bytes that are behind all that begin with these; null: none are. */
export function behindPrefix(prefix: Uint8Array): Uint8Array | null {
  const last = prefix.at(-1)
  if (last === undefined) return null
  // No byte of a key is 0xff.
  const behind = Uint8Array.from(prefix)
  behind[behind.length - 1] = last + 1
  return behind
}

function hasSurrogate(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if ((bytes[at + 1] ?? 0) >= 0xa0) return true
  }
  return false
}
