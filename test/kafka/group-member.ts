/** A member of the owners' group in a process of its own, which a test may stop: says what it is told, a line each. */
import { openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'

const [brokers = '', namespace = '', sessionTimeoutMs = '', heartbeatIntervalMs = ''] = process.argv.slice(2)

const log = await openKafkaLog({
  brokers: brokers.split(','),
  namespace,
  sessionTimeoutMs: Number(sessionTimeoutMs),
  heartbeatIntervalMs: Number(heartbeatIntervalMs),
  now: () => Date.now(),
})
process.on('warning', (warning) => console.log(`warning ${warning.name}`))
await log.join({
  name: `process ${process.pid}`,
  assigned: ({ partitions, generation }) => console.log(`assigned ${generation} ${partitions.join()}`),
  lost: (partitions) => console.log(`lost ${partitions.join()}`),
})
