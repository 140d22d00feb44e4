import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { eventLogContract } from '../contract/event-log.ts'

eventLogContract('the memory log', async () => {
  const cluster = createMemoryCluster({ partitions: 3, now: () => 1_000 })
  const log = cluster.connect('writer')
  const reader = cluster.connect('reader')
  return { log, reader, dispose: async () => void (await Promise.all([log.close(), reader.close()])) }
})
