/** Jobs whose runs are records on the user's own topics. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type KafkaMessage,
  type Kafka,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
} from 'kafkajs'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import { interval, Scheduler, type SchedulerOptions } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { Heard } from '../support/heard.ts'
import { createTopics, kafkaAt } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeOnKafka, describeWithBrokers, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

const RETRY = { maxAttempts: 2, initial: '50ms', jitter: 0 } as const

async function createTopic(
  kafka: Kafka,
  topic: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await createTopics(kafka, [{ topic, numPartitions: 1, configEntries }])
}

/** The first records of the topic. */
async function messages(kafka: Kafka, topic: string, count: number): Promise<readonly KafkaMessage[]> {
  const consumer = kafka.consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const found: KafkaMessage[] = []
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: KafkaMessage }): Promise<void> => {
      if (found.push(message) === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return found
}

describeOnKafka('a job that delivers', () => {
  const kafka = (): Kafka => kafkaAt(kafkaBrokers())
  const orders = uniqueName('orders')
  const later = uniqueName('later')
  const small = uniqueName('small')
  const strict = uniqueName('strict')
  let scheduler: Scheduler
  let heard: Heard

  beforeAll(async () => {
    await createTopic(kafka(), orders)
    await createTopic(kafka(), small, { 'max.message.bytes': '2000' })
    await createTopic(kafka(), strict, { 'message.timestamp.before.max.ms': '0' })
  })
  beforeEach(async () => {
    const log = kafkaUrl(await shapedTopics({ partitions: 1 }))
    scheduler = await Scheduler.open({ log, logger: SILENT, deliverTopics: [orders, later, small, strict] })
    heard = new Heard(scheduler)
    await scheduler.start()
  })
  afterEach(() => scheduler.shutdown({ wait: false }))

  test('has succeeded when the broker has the record, which says of which run and attempt it is', async () => {
    const deliver = { topic: orders, key: 'a customer', headers: { shop: '7' } }
    await scheduler.addJob({ id: 'order', deliver, payload: { n: 1 } })
    const { runId, attempt } = await heard.until('RunSucceeded')
    const [message] = await messages(kafka(), orders, 1)
    expect([String(message?.key), String(message?.value)]).toEqual(['a customer', '{"n":1}'])
    const headers = Object.entries(message?.headers ?? {}).map(([name, value]) => [name, String(value)])
    expect(Object.fromEntries(headers)).toMatchObject({
      shop: '7',
      'content-type': 'application/json',
      'horolog-run-id': runId,
      'horolog-attempt': String(attempt),
      'horolog-job-id': 'order',
    })
  })

  test('fails while its topic is not there, and succeeds with the attempt after it was made', async () => {
    await scheduler.addJob({ id: 'early', deliver: { topic: later }, retry: { ...RETRY, maxAttempts: 50 } })
    expect(await heard.until('RunRetryScheduled')).toMatchObject({
      reason: 'failed',
      error: { name: 'UnknownTopicError', message: expect.stringContaining(later) },
    })
    await createTopic(kafka(), later)
    const { runId, attempt } = await heard.until('RunSucceeded')
    expect(attempt).toBe(heard.all('RunRetryQueued').length + 1)
    const [message] = await messages(kafka(), later, 1)
    expect(String(message?.headers?.['horolog-run-id'])).toBe(runId)
    expect(String(message?.headers?.['horolog-attempt'])).toBe(String(attempt))
  })

  test('fails by its policy when the record is too large for its topic', async () => {
    await scheduler.addJob({ id: 'large', deliver: { topic: small }, payload: 'x'.repeat(5_000), retry: RETRY })
    expect(await heard.until('RunFailed')).toMatchObject({ attempt: 2, error: { name: 'RecordTooLargeError' } })
    expect(heard.all('RunRetryScheduled')).toHaveLength(1)
  })

  test('fails by its policy when its topic never takes such a record', async () => {
    // What arrives in the millisecond of its timestamp is taken; not all do.
    await scheduler.addJob({ id: 'late', deliver: { topic: strict }, trigger: interval('50ms'), retry: RETRY })
    const failed = await heard.until('RunFailed')
    expect(failed).toMatchObject({ attempt: 2, error: { name: 'RecordRefusedError' } })
  })

  test('is refused when its topic is not among those that jobs may deliver to', async () => {
    const deliver = { topic: uniqueName('secret') }
    await expect(scheduler.addJob({ id: 'spy', deliver })).rejects.toMatchObject({ code: 'topic-not-allowed' })
    expect(scheduler.getJobs()).toEqual([])
  })
})

describeWithBrokers('a job that delivers to a topic that its owner may not write to', () => {
  const namespace = uniqueName('deliver')
  const [closed, open] = [uniqueName('closed'), `${namespace}.open`]
  const password = 'a password'
  let broker: KafkaBroker

  beforeAll(async () => {
    broker = await startBroker({
      listeners: { SASL: 'SASL_PLAINTEXT' },
      properties: {
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.sasl.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_node="${password}";`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    })
    await applyTopics({ brokers: broker.brokers, namespace, partitions: 1 })
    await createTopic(kafkaAt(broker.brokers), closed)
    await createTopic(kafkaAt(broker.brokers), open)
    await mayUse(namespace)
  })
  afterAll(() => broker.stop())

  /** All topics and groups of the namespace, and no others. */
  async function mayUse(prefix: string): Promise<void> {
    const admin = kafkaAt(broker.brokers).admin()
    await admin.connect()
    const acl = [AclResourceTypes.TOPIC, AclResourceTypes.GROUP].map((resourceType) => ({
      resourceType,
      resourceName: prefix,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: 'User:node',
      host: '*',
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.ALLOW,
    }))
    await admin.createAcls({ acl })
    await admin.disconnect()
  }

  test('fails by its policy, and the others go on', async () => {
    const options: SchedulerOptions = {
      log: `kafka://${broker.listenerAddress('SASL').join(',')}/${namespace}`,
      kafka: { sasl: { mechanism: 'plain', username: 'node', password } },
      deliverTopics: [closed, open],
    }
    const scheduler = await Scheduler.open({ ...options, logger: SILENT })
    const heard = new Heard(scheduler)
    await scheduler.start()
    await scheduler.addJob({ id: 'closed', deliver: { topic: closed }, retry: RETRY })
    await scheduler.addJob({ id: 'open', deliver: { topic: open } })
    expect(await heard.until('RunSucceeded')).toMatchObject({ jobId: 'open' })
    const failed = await heard.until('RunFailed')
    expect(failed).toMatchObject({ jobId: 'closed', attempt: 2, error: { name: 'TopicAuthorizationError' } })
    await scheduler.shutdown()
  })
})
