/** The batches above the mark, as a checkpoint carries them: text, for they are few. */
import type { UnsentRange } from '../unsent.ts'

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export function encodeUnsent(ranges: readonly UnsentRange[]): Uint8Array {
  const rows = ranges.map(({ epoch, seq, offset, end, first }) => [epoch, seq, offset, end, first])
  return text.encoder.encode(JSON.stringify(rows))
}

/** Bytes of our own, which their checkpoint's hash has protected. A row without its last number is of one batch. */
export function decodeUnsent(extra: Uint8Array): UnsentRange[] {
  if (extra.length === 0) return []
  const rows = JSON.parse(text.decoder.decode(extra)) as [number, number, number, number, number?][]
  return rows.map(([epoch, seq, offset, end, first = seq]) => ({ epoch, seq, offset, end, first }))
}
