/** How long partitions stood still when their owner was taken away: the longest pause of each after each kill. */
import type { EventRecord } from './read-events.ts'

/** Jobs fire every 100 ms: a longer pause than this, begun before, has another reason. */
const WINDOW_MS = 15_000

export interface Failovers {
  readonly line: string
  /** Of the pauses, in ms. */
  readonly median: number
}

export function failovers(records: readonly EventRecord[], takenAt: readonly number[]): Failovers {
  const pauses = takenAt.flatMap((at) => {
    const longest = [0, 1, 2].map((partition) =>
      pauseAfter(
        records.filter((one) => one.partition === partition),
        at,
      ),
    )
    return longest.filter((pause) => pause !== null)
  })
  const sorted = pauses.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  const line = `pauses after a kill: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, longest ${at(1)} ms`
  return { line, median: at(0.5) }
}

/** From the last record before the kill to the first of the next owner; null: the partition was another's. */
function pauseAfter(records: readonly EventRecord[], at: number): number | null {
  let longest = 0
  for (const [index, { appendedAt }] of records.entries()) {
    const before = records[index - 1]
    if (before === undefined || appendedAt <= at || before.appendedAt > at + WINDOW_MS) continue
    if (before.appendedAt > at + 200) break
    longest = Math.max(longest, appendedAt - before.appendedAt)
  }
  return longest > 400 ? longest : null
}
