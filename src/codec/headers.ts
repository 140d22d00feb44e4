/** Headers of a record as texts. The last one of a name wins. */
import { isUtf8 } from 'node:buffer'

import type { RecordHeader } from '../ports/event-log.ts'
import { DecodeError } from './decode-error.ts'

export type HeaderTexts = ReadonlyMap<string, string>

/** Only those that `wanted` says yes to are read; they must be UTF-8. Throws DecodeError. */
export function headerTexts(headers: readonly RecordHeader[], wanted: (name: string) => boolean): HeaderTexts {
  const texts = new Map<string, string>()
  for (const [name, value] of headers) {
    if (!wanted(name)) continue
    if (!isUtf8(value)) throw new DecodeError(name, 'expected UTF-8')
    texts.set(name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8').trim())
  }
  return texts
}
