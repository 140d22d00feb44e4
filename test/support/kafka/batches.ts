/** Topics of one partition, batches in, values out: kafkajs as the tests of the test broker use it. */
import {
  type Admin,
  type ITopicConfig,
  type ITopicMetadata,
  Kafka,
  KafkaJSProtocolError,
  type Producer,
  logLevel,
} from 'kafkajs'
// Mends kafkajs' timers: unmended, Node warns of each connection.
import '../../../src/adapters/kafka/kjs.ts'
import { uniqueName } from './on-kafka.ts'
import { until } from './until.ts'

/** Goes on until a broker that was killed is back; the tests' own time limit is the real one. */
const RETRY = { initialRetryTime: 50, maxRetryTime: 500, retries: 100 }

/** `retries`: 0 for clients that give up at the first failure. */
export function kafkaAt(brokers: readonly string[], retries: number = RETRY.retries): Kafka {
  const retry = { ...RETRY, retries }
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, requestTimeout: 10_000, retry })
}

/** Brokers hear of a new topic within milliseconds. */
const HEARD_WITHIN_MS = 30_000

/** A topic of one partition, with as many copies as the cluster's default. */
export async function makeTopic(kafka: Kafka): Promise<string> {
  const topic = uniqueName('topic')
  await createTopics(kafka, [{ topic, numPartitions: 1 }])
  return topic
}

/** Resolves when they have leaders. */
export async function createTopics(kafka: Kafka, topics: ITopicConfig[]): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.createTopics({ topics, waitForLeaders: false })
    for (const { topic } of topics) await topicMetadata(admin, topic)
  })
}

/** The node that leads the topic's partition. */
export async function leaderOf(kafka: Kafka, topic: string): Promise<number> {
  const { partitions } = await withAdmin(kafka, (admin) => topicMetadata(admin, topic))
  return partitions[0]!.leader
}

/** Asks until the broker that answers has heard of the topic and of its leaders: the others may know before. */
export async function topicMetadata(admin: Admin, topic: string): Promise<ITopicMetadata> {
  let found: ITopicMetadata | undefined
  const isKnown = async (): Promise<boolean> => {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      found = topics[0]
      return found !== undefined && found.partitions.every(({ leader }) => leader >= 0)
    } catch (error) {
      if (error instanceof KafkaJSProtocolError) return false
      throw error
    }
  }
  if (!(await until(isKnown, HEARD_WITHIN_MS)) || found === undefined) throw new Error(`no broker knows of ${topic}`)
  return found
}

async function withAdmin<T>(kafka: Kafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await ask(admin)
  } finally {
    await admin.disconnect()
  }
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
