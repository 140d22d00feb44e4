/** Topics of one partition, batches in, values out: kafkajs as the tests of the test broker use it. */
import { Kafka, type Producer, logLevel } from 'kafkajs'
// Mends kafkajs' timers: unmended, Node warns of each connection.
import '../../../src/adapters/kafka/kjs.ts'
import { uniqueName } from './on-kafka.ts'

/** Goes on until a broker that was killed is back; the tests' own time limit is the real one. */
const RETRY = { initialRetryTime: 50, maxRetryTime: 500, retries: 100 }

/** `retries`: 0 for clients that give up at the first failure. */
export function kafkaAt(brokers: readonly string[], retries: number = RETRY.retries): Kafka {
  const retry = { ...RETRY, retries }
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, requestTimeout: 10_000, retry })
}

/** A topic of one partition, with as many copies as the cluster's default. */
export async function makeTopic(kafka: Kafka): Promise<string> {
  const topic = uniqueName('topic')
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}

/** The node that leads the topic's partition. */
export async function leaderOf(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  await admin.disconnect()
  const leader = topics[0]?.partitions[0]?.leader
  if (leader === undefined) throw new Error(`${topic} has no leader`)
  return leader
}

export async function connectedProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  return producer
}

/** One batch, acknowledged by every copy in sync. Gives the offset of its first record. */
export async function produce(
  producer: Producer,
  topic: string,
  values: readonly string[],
): Promise<string | undefined> {
  const messages = values.map((value) => ({ value, partition: 0 }))
  const [metadata] = await producer.send({ topic, messages, acks: -1 })
  return metadata?.baseOffset
}

/** So many values of the topic, from its beginning. */
export async function readValues(kafka: Kafka, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
      values.push(String(message.value))
      if (values.length === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}
