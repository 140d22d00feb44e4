/**
 * Short texts that come again and again in records, names and words of closed sets, as one string each: a state of a
 * million jobs holds each once, and finding it is cheaper than making it anew.
 */

/** Longer ones are mostly ids, which come once. */
export const CACHED_BYTES = 24

/** A text takes the place of another whose hash ends alike. */
const SLOTS = 4_096

export class TextCache {
  readonly #texts = new Array<string | undefined>(SLOTS)

  /** The text of these ASCII bytes, `CACHED_BYTES` at most. */
  text(bytes: Buffer, start: number, end: number): string {
    let hash = 0x811c9dc5
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
    const cached = this.#texts[slot]
    if (cached !== undefined && isText(cached, bytes, start, end)) return cached
    const text = bytes.toString('latin1', start, end)
    this.#texts[slot] = text
    return text
  }
}

function isText(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let at = start; at < end; at += 1) if (text.charCodeAt(at - start) !== bytes[at]) return false
  return true
}
