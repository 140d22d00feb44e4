/** The Kafka log keeps the promises of the log port, on a real broker. */
import { eventLogContract } from '../contract/event-log.ts'
import { describeOnKafka } from '../support/kafka/on-kafka.ts'
import { makeNamespace } from './namespace.ts'

describeOnKafka('on Kafka', () => {
  eventLogContract('the Kafka log', async () => {
    const namespace = await makeNamespace()
    const [log, reader] = await Promise.all([namespace.open(), namespace.open()])
    return { log, reader, dispose: namespace.close }
  })
})
