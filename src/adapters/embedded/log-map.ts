/**
 * What is known of the log in memory: its segments, the end of each partition, and where to look for an offset.
 *
 * Boundary: filled by the scan at opening and by the writer after durability; reads nothing itself.
 * Kept invariants:
 * 1. Only durable batches are entered, in log order, so `end` is never ahead of the disk.
 * 2. The frames of a partition between two places of its index lie within `INDEX_STRIDE` of the first.
 */
import type { TopicPartition } from '../../ports/event-log.ts'
import type { Segment } from './segment.ts'

/** An index place for each 64 KiB of log: 10 GiB take some 3 MB of memory, and a look-up scans at most this much. */
export const INDEX_STRIDE: number = 65_536

export interface PartitionMap {
  readonly topic: string
  readonly partition: number
  /** Offset after the last durable record. */
  end: number
  /** Offset after the last record that is being written; the writer's own. */
  next: number
  /** The places of the index: base offsets, rising, and where their frames begin. */
  readonly placeOffsets: number[]
  readonly placePositions: number[]
  /** Where the last read ended, for the next one that goes on there. */
  resume: { readonly offset: number; readonly position: number } | null
  readonly listeners: Set<() => void>
}

/** Where something stands in the files. */
export interface FilePlace {
  readonly segment: Segment
  readonly byte: number
}

export class LogMap {
  readonly segments: Segment[] = []
  readonly #partitions = new Map<string, PartitionMap[]>()

  /** The state of a partition, made empty when it has none yet. */
  at(place: TopicPartition): PartitionMap {
    let topic = this.#partitions.get(place.topic)
    if (topic === undefined) {
      topic = []
      this.#partitions.set(place.topic, topic)
    }
    const known = topic[place.partition]
    if (known !== undefined) return known
    const fresh: PartitionMap = {
      topic: place.topic,
      partition: place.partition,
      end: 0,
      next: 0,
      placeOffsets: [],
      placePositions: [],
      resume: null,
      listeners: new Set(),
    }
    topic[place.partition] = fresh
    return fresh
  }

  all(): PartitionMap[] {
    return [...this.#partitions.values()].flatMap((topic) => topic.filter((state) => state !== undefined))
  }

  /** Enters a batch that begins at `state.end`. */
  enter(state: PartitionMap, records: number, position: number): void {
    const last = state.placePositions.at(-1)
    if (last === undefined || position - last >= INDEX_STRIDE) {
      state.placeOffsets.push(state.end)
      state.placePositions.push(position)
    }
    state.end += records
    state.next = Math.max(state.next, state.end)
  }

  /** Returns the function that stops it. */
  watch(place: TopicPartition, listener: () => void): () => void {
    const { listeners } = this.at(place)
    const own = (): void => listener()
    listeners.add(own)
    return () => void listeners.delete(own)
  }

  /** Stops all watching. */
  unwatch(): void {
    for (const state of this.all()) state.listeners.clear()
  }

  /** The file place of a position of the log, which must lie in a known segment. */
  find(position: number): FilePlace {
    const segment = this.segments[lastAtOrBelow(this.segments.length, (at) => this.segments[at]!.base, position)]
    if (segment === undefined || position >= segment.base + segment.size) {
      throw new Error(`position ${position} lies in no segment`)
    }
    return { segment, byte: position - segment.base }
  }
}

/** The last index place at or before an offset that the partition has. */
export function placeFor(state: PartitionMap, offset: number): number {
  return lastAtOrBelow(state.placeOffsets.length, (at) => state.placeOffsets[at]!, offset)
}

/** Tells the listeners of a partition, each on its own so that one that throws stops nothing here. */
export function tell(state: PartitionMap): void {
  for (const listener of state.listeners) {
    queueMicrotask(() => {
      if (state.listeners.has(listener)) listener()
    })
  }
}

/** Index of the last of `count` rising numbers that is at or below `wanted`; −1 when none is. */
function lastAtOrBelow(count: number, numberAt: (index: number) => number, wanted: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberAt(middle) <= wanted) low = middle + 1
    else high = middle
  }
  return low - 1
}
