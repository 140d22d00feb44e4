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

/** Calls `see` for each in the order in which they ended. Rejects with `LogError` when the events can't be read. */
export async function readFinished(reading: FinishedReading, see: (ended: Ended) => void): Promise<void> {
  const { log, codec, partition, singleWriter } = reading
  const fold = new PartitionFold({
    log,
    codec,
    topicPartition: { topic: 'events', partition },
    singleWriter,
    accepted: () => fold.state.takeRetired().finished.forEach(see),
    refused: () => {},
  })
  await fold.foldToEnd()
}
