/**
 * Reads records that mostly repeat the one before: the definitions of jobs, which differ in a payload or a label.
 *
 * The bytes of a record are compared with those of one that was read before. A member whose bytes are the same has the same
 * value, so it is not read again, and a record with nothing but such members is the one from before. What is not read takes
 * no memory either: its items don't count against the limit of a message.
 *
 * Invariant: what a later record may share is frozen, once, when it becomes the known one. Bytes are not, because they
 * cannot be: who gives them to others gives a copy.
 */
import type { Read } from './compile-read.ts'
import type { Reader } from './reader.ts'

type Members = Record<string, unknown>

/** Of a record with more members that differ, the next one is thought to be more like it than like the one before. */
const MAX_DIFFERENT = 3

/** The members in the order in which they lie in the bytes, and how each is read; `composed`: those of several values. */
export function readSimilar(names: readonly string[], reads: readonly Read[], composed: readonly string[]): Read {
  const count = names.length
  let known: Members = Object.fromEntries(names.map((name) => [name, null]))
  let bytes: Uint8Array = new Uint8Array(0)
  /** Where each member ends: of the known record, and of the one that is read. */
  let knownEnds = new Uint32Array(count)
  let ends = new Uint32Array(count)

  return (reader: Reader) => {
    const start = reader.position
    let record: Members | null = null
    let different = 0
    for (let at = 0; at < count;) {
      const knownStart = at === 0 ? 0 : (knownEnds[at - 1] as number)
      const reach = knownStart + reader.sameAhead(bytes, knownStart)
      const shift = reader.position - start - knownStart
      while (at < count && (knownEnds[at] as number) <= reach && bytes.length > 0) {
        ends[at] = (knownEnds[at] as number) + shift
        at += 1
      }
      reader.position = at === 0 ? start : start + (ends[at - 1] as number)
      if (at === count) break
      record ??= { ...known }
      record[names[at] as string] = (reads[at] as Read)(reader)
      ends[at] = reader.position - start
      different += 1
      at += 1
    }
    if (record === null) return known
    if (different > MAX_DIFFERENT || bytes.length === 0) {
      known = record
      for (const name of composed) freeze(known[name])
      Object.freeze(known)
      bytes = reader.copyFrom(start)
      const spare = knownEnds
      knownEnds = ends
      ends = spare
    }
    return record
  }
}

/** With all that is in it: what is frozen already is so all through. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return
  for (const member of Object.values(value)) freeze(member)
  Object.freeze(value)
}
