/**
 * Reading a log that this process does not own, while its owner writes or when nobody does.
 *
 * Boundary: nothing is written, locked or announced, and no folder is made.
 */
import { openEmbeddedLogForReading } from '../adapters/embedded/reading-log.ts'
import { createEventCodec } from '../codec/event-codec.ts'
import type { State } from '../core/state.ts'
import { PartitionFold } from '../materializer/partition-fold.ts'
import type { EventLog } from '../ports/event-log.ts'
import { logFolder, mustHaveLog } from './log-folder.ts'

export interface ReadableLog {
  /** Absolute path. */
  readonly folder: string
  readonly log: EventLog
}

/** Opens the log, lets `use` read it and closes it. */
export async function reading<T>(given: string | undefined, use: (readable: ReadableLog) => Promise<T>): Promise<T> {
  const folder = logFolder(given)
  mustHaveLog(folder)
  const log = await openEmbeddedLogForReading({ folder })
  try {
    return await use({ folder, log })
  } finally {
    await log.close()
  }
}

/** The state of every partition as of the end of the log. */
export async function foldedStates(log: EventLog): Promise<readonly State[]> {
  const codec = createEventCodec()
  const states: State[] = []
  for (let partition = 0; partition < log.partitions; partition += 1) {
    const fold: PartitionFold = new PartitionFold({
      log,
      codec,
      topicPartition: { topic: 'events', partition },
      singleWriter: true,
      // Finished runs are not asked for: they must not pile up.
      accepted: () => void fold.state.takeRetired(),
      refused: () => undefined,
    })
    await fold.foldToEnd()
    states.push(fold.state)
  }
  return states
}
