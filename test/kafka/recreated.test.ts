/** A topic that an operator deletes and makes anew under a running owner. */
import { expect, test } from 'vitest'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import { Scheduler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { Heard } from '../support/heard.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

const PATIENCE_MS = 30_000
const LIMIT_MS = 90_000

describeOnKafka('a commands topic that is made anew', () => {
  test('is read from its start, and what it had is said to be gone', { timeout: LIMIT_MS }, async () => {
    const namespace = await shapedTopics({ partitions: 1 })
    const topic = `${namespace}.commands`
    const scheduler = await Scheduler.open({ log: kafkaUrl(namespace), logger: SILENT })
    const heard = new Heard(scheduler)
    await scheduler.start()
    const kafka = kafkaAt(kafkaBrokers())
    const [admin, producer] = [kafka.admin(), kafka.producer()]
    await Promise.all([admin.connect(), producer.connect()])
    const add = async (ids: readonly string[]): Promise<void> => {
      const headers = (id: string) => ({ 'horolog-id': id, 'horolog-task': 't', 'horolog-schedule': '@yearly' })
      await producer.send({ topic, messages: ids.map((id) => ({ partition: 0, value: 'x', headers: headers(id) })) })
    }
    const has = (count: number) => until(async () => scheduler.getJobs().length === count, PATIENCE_MS)
    await add(['a', 'b', 'c', 'd'])
    expect(await has(4)).toBe(true)
    await admin.deleteTopics({ topics: [topic] })
    await until(async () => !(await admin.listTopics()).includes(topic), PATIENCE_MS)
    await applyTopics({ brokers: kafkaBrokers(), namespace, partitions: 1 })
    await add(['e', 'f'])
    expect(await has(6)).toBe(true)
    expect(heard.all('InputLost')).toMatchObject([{ topic: 'commands', from: 0, to: 4 }])
    await Promise.all([admin.disconnect(), producer.disconnect()])
    await scheduler.shutdown({ wait: false })
  })
})
