/** Limits of the codec beside those of `core/limits.ts`. Checked before memory is taken for what a message claims. */

/**
 * Items of all arrays and maps of one message together. More of ours don't fit a record; without the limit a message of
 * one-byte items would take a hundred times its size in memory.
 */
export const MAX_ITEMS = 50_000

/** A zigzag varint of 64 bits takes at most 10 bytes. */
export const MAX_VARINT_BYTES = 10

/**
 * Longs lie within ±2^52: all of ours do, and beyond avsc writes wrong bytes. Nothing larger is read either, so what came
 * in can be written again.
 */
export const MAX_LONG: number = 2 ** 52

export function isLong(value: unknown): value is number {
  return typeof value === 'number' && value >= -MAX_LONG && value <= MAX_LONG && Math.floor(value) === value
}
