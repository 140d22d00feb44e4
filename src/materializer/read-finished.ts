/** The runs of a partition that ended, by its events: a fold of its own, from the beginning of the log. */
import type { Retired } from '../core/state.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import type { EventLog } from '../ports/event-log.ts'
import { PartitionFold } from './partition-fold.ts'

/** A run, and its job as it was when the run had ended. */
export type Ended = Retired['finished'][number]

export interface FinishedReading {
  readonly log: EventLog
  readonly codec: EventCodec
  readonly partition: number
  /** Nobody else can write to this log. */
  readonly singleWriter: boolean
}

/**
 * Calls `see` for what one read from the log has of them, in the order in which they ended, and goes on when it is done.
 * Rejects with `LogError` when the events can't be read.
 */
export async function readFinished(
  reading: FinishedReading,
  see: (ended: readonly Ended[]) => Promise<void>,
): Promise<void> {
  const { log, codec, partition, singleWriter } = reading
  const topicPartition = { topic: 'events', partition } as const
  const fold = new PartitionFold({ log, codec, topicPartition, singleWriter, accepted: () => {}, refused: () => {} })
  const end = await log.end(topicPartition)
  for (let from = -1; from < fold.cursor.offset && fold.cursor.offset < end;) {
    from = fold.cursor.offset
    await fold.foldTo(from + 1)
    await see(fold.state.takeRetired().finished)
  }
}
