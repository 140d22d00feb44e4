/** The Kafka log keeps the promises of the log port, on a real broker. */
import { describeOnKafka, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { eventLogContract } from '../contract/event-log.ts'
import { openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'

describeOnKafka('on Kafka', () => {
  eventLogContract('the Kafka log', async () => {
    const options = { brokers: kafkaBrokers(), namespace: uniqueName('contract'), now: () => Date.now() }
    await applyTopics({ ...options, partitions: 3 })
    const [log, reader] = await Promise.all([openKafkaLog(options), openKafkaLog(options)])
    return { log, reader, dispose: async () => void (await Promise.all([log.close(), reader.close()])) }
  })
})
