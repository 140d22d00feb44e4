import { openEmbeddedLog } from '../../src/adapters/embedded/embedded-log.ts'
import { openEmbeddedLogForReading } from '../../src/adapters/embedded/reading-log.ts'
import { eventLogContract } from '../contract/event-log.ts'
import { temporaryFolder } from './temporary-folder.ts'

eventLogContract(
  'the embedded log',
  async () => {
    const { folder, remove } = temporaryFolder()
    const log = await openEmbeddedLog({ folder, partitions: 3, now: () => 1_000 })
    const reader = await openEmbeddedLogForReading({ folder })
    const dispose = async (): Promise<void> => {
      await Promise.all([log.close(), reader.close()])
      remove()
    }
    return { log, reader, dispose }
  },
  { isShared: false },
)
