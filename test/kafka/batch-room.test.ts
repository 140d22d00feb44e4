/** Events whose topic takes less than a batch of the design's: what is too large is decided in parts, and nobody stops. */
import { ConfigResourceTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { interval, Scheduler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { Heard } from '../support/heard.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import { kafkaUrl, shapedTopics } from './shaped-topics.ts'

describeOnKafka('events with a small max.message.bytes', () => {
  test('take many commands of one moment in parts, and refuse the one that is too large by itself', async () => {
    const namespace = await shapedTopics({ partitions: 1 })
    const scheduler = await Scheduler.open({ log: kafkaUrl(namespace), logger: SILENT })
    const heard = new Heard(scheduler)
    await scheduler.start()
    const admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
    const configEntries = [
      { name: 'max.message.bytes', value: '20000' },
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
    ]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: `${namespace}.events`, configEntries }],
    })
    await admin.disconnect()
    const add = (id: string, bytes: number) =>
      scheduler.addJob({ id, task: 'greet', payload: 'x'.repeat(bytes), trigger: interval('1h') })
    const large = add('large', 30_000).catch((err: unknown) => err)
    await Promise.all(Array.from({ length: 60 }, (_, index) => add(`job-${index}`, 1_000)))
    expect(await large).toMatchObject({ code: 'limit-exceeded' })
    expect(scheduler.getJobs()).toHaveLength(60)
    expect(heard.all('JobAdded')).toHaveLength(60)
    await scheduler.shutdown({ wait: false })
  })
})
