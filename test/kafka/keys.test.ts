/** Keys of records that others put into the commands, as they come out again on a real broker (protocol §3). */
import { expect, test } from 'vitest'
import { partitionOf } from '../../src/core/partition.ts'
import { Scheduler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { Heard } from '../support/heard.ts'
import { connectedProducer, kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

const AVRO_KEY = Buffer.from('00000007deadbeef', 'hex')

/** Keys by values of so many records of a topic, from its beginning. */
async function keysOf(topic: string, count: number): Promise<Record<string, Buffer | null>> {
  const consumer = kafkaAt(kafkaBrokers()).consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 200 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const found: [string, Buffer | null][] = []
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
    const eachMessage = async ({
      message,
    }: {
      message: { key: Buffer | null; value: Buffer | null }
    }): Promise<void> => {
      if (found.push([String(message.value), message.key]) === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return Object.fromEntries(found)
}

describeOnKafka('keys', () => {
  test('that are no text are the same when a command went home, and on dead letters, where long ones are cut', async () => {
    const namespace = await shapedTopics({ partitions: 2 })
    const scheduler = await Scheduler.open({ log: kafkaUrl(namespace), logger: SILENT, roles: ['owner'] })
    const heard = new Heard(scheduler)
    const producer = await connectedProducer(kafkaAt(kafkaBrokers()))
    const id = ['a', 'b', 'c', 'd'].find((one) => partitionOf(one, 2) === 1)!
    const headers = { 'horolog-task': 'greet', 'horolog-schedule': '@yearly', 'horolog-id': id }
    const messages = [
      { partition: 0, key: AVRO_KEY, value: 'a job', headers },
      { partition: 0, key: AVRO_KEY, value: 'rubbish' },
      { partition: 0, key: 'k'.repeat(5_000), value: 'rubbish, too' },
    ]
    await producer.send({ topic: `${namespace}.commands`, messages })
    await producer.disconnect()
    await heard.until('JobAdded', ({ jobId, partition }) => jobId === id && partition === 1)
    expect(await keysOf(`${namespace}.dead-letters`, 2)).toEqual({
      rubbish: AVRO_KEY,
      'rubbish, too': Buffer.from('k'.repeat(200)),
    })
    const commands = await keysOf(`${namespace}.commands`, 4)
    expect(commands['a job']).toEqual(AVRO_KEY)
    await scheduler.shutdown({ wait: false })
  })
})
