/** The accepted events of a partition, from the beginning of the log: for who folds them in a way of its own. */
import type { Event } from '../core/events.ts'
import { PartitionFold } from './partition-fold.ts'
import type { FinishedReading } from './read-finished.ts'

/**
 * Calls `see` for each, in the order of the log, up to where it ends when this is called. Rejects with `LogError` when the
 * events can't be read.
 */
export async function readAccepted(
  { log, codec, partition, singleWriter }: FinishedReading,
  see: (event: Event, offset: number) => void,
): Promise<void> {
  const fold = new PartitionFold({
    log,
    codec,
    topicPartition: { topic: 'events', partition },
    singleWriter,
    accepted: () => {},
    refused: () => {},
  })
  // In place of the fold's own state.
  await fold.foldToEnd((events) => {
    for (const { event, offset } of events) see(event, offset)
  })
}
