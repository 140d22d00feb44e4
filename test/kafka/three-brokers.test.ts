// Three brokers: the death of any one of them loses nothing.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectedProducer, kafkaAt, leaderOf, makeTopic, produce, readValues } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeWithBrokers } from '../support/kafka/on-kafka.ts'

describeWithBrokers('three brokers of our own', () => {
  let broker: KafkaBroker

  beforeAll(async () => {
    broker = await startBroker({ nodes: 3 })
  })
  afterAll(() => broker.stop())

  test('another one takes over with every acknowledged record when the leader of a partition is killed', async () => {
    const kafka = kafkaAt(broker.brokers)
    const topic = await makeTopic(kafka)
    const producer = await connectedProducer(kafka)
    await produce(producer, topic, ['before 1', 'before 2'])
    const leader = await leaderOf(kafka, topic)

    await broker.kill(leader)
    expect(await produce(producer, topic, ['after'])).toBe('2')
    expect(await leaderOf(kafka, topic)).not.toBe(leader)
    await broker.restart(leader)

    expect(await readValues(kafka, topic, 3)).toEqual(['before 1', 'before 2', 'after'])
    await producer.disconnect()
  })
})
