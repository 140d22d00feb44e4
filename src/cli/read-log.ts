/**
 * Reading a log that this process does not own, while its owner writes or when nobody does.
 *
 * Boundary: nothing is written, locked or announced, and no folder is made.
 */
import { openEmbeddedLogForReading } from '../adapters/embedded/reading-log.ts'
import type { State } from '../core/state.ts'
import type { EventLog } from '../ports/event-log.ts'
import { LogFold } from './log-fold.ts'
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
  const fold = new LogFold(log)
  await fold.toEnd()
  return fold.states
}
