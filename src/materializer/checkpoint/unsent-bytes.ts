/** The batches above the mark, as a checkpoint carries them: text, for they are few. */
import type { UnsentBatch } from '../unsent.ts'

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export function encodeUnsent(batches: readonly UnsentBatch[]): Uint8Array {
  return text.encoder.encode(JSON.stringify(batches.map(({ epoch, seq, offset, end }) => [epoch, seq, offset, end])))
}

/** Bytes of our own, which their checkpoint's hash has protected. */
export function decodeUnsent(extra: Uint8Array): UnsentBatch[] {
  if (extra.length === 0) return []
  const rows = JSON.parse(text.decoder.decode(extra)) as [number, number, number, number][]
  return rows.map(([epoch, seq, offset, end]) => ({ epoch, seq, offset, end }))
}
