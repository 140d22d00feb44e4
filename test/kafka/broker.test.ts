// The broker that tests stand on: what it took survives its death, and its proxy does what its names say.
import type { Kafka, Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectedProducer, kafkaAt, makeTopic, produce, readValues } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeOnKafka, describeWithBrokers, kafkaBrokers } from '../support/kafka/on-kafka.ts'
import type { KafkaProxy } from '../support/kafka/proxy.ts'

/** What the client may call a connection that a proxy ended. */
const CONNECTION_LOST = /connection|ECONNRE/i

describeOnKafka("the run's broker", () => {
  test('gives back the batch that it took', async () => {
    const kafka = kafkaAt(kafkaBrokers())
    const topic = await makeTopic(kafka)
    const producer = await connectedProducer(kafka)

    expect(await produce(producer, topic, ['a', 'b', 'c'])).toBe('0')
    expect(await readValues(kafka, topic, 3)).toEqual(['a', 'b', 'c'])
    await producer.disconnect()
  })
})

describeWithBrokers('a broker of our own behind its proxy', () => {
  let broker: KafkaBroker
  let proxy: KafkaProxy
  let kafka: Kafka
  let topic: string
  let producer: Producer
  /** Sends a batch once. */
  let hasty: Producer

  beforeAll(async () => {
    broker = await startBroker({ proxied: true })
    proxy = broker.proxies[0] as KafkaProxy
    kafka = kafkaAt(broker.brokers)
  })
  afterAll(() => broker.stop())

  beforeEach(async () => {
    topic = await makeTopic(kafka)
    producer = await connectedProducer(kafka)
    hasty = await connectedProducer(kafkaAt(broker.brokers, 0))
    await produce(producer, topic, ['first'])
    await produce(hasty, topic, ['second'])
  })
  afterEach(async () => {
    await producer.disconnect()
    await hasty.disconnect()
  })

  test('has every acknowledged record after kill -9 and a restart', async () => {
    await broker.kill()
    await broker.restart()

    expect(await produce(producer, topic, ['third'])).toBe('2')
    expect(await readValues(kafka, topic, 3)).toEqual(['first', 'second', 'third'])
  })

  test('is silent while it is paused, and answers afterwards', async () => {
    broker.pause()
    let answered = false
    const handedOver = proxy.nextRequest('produce')
    const sent = produce(producer, topic, ['third']).finally(() => {
      answered = true
    })
    await handedOver
    expect(answered).toBe(false)
    broker.resume()

    expect(await sent).toBe('2')
  })

  test('has the batch whose reply the proxy dropped', async () => {
    const dropped = proxy.dropReply('produce')
    await expect(produce(hasty, topic, ['unanswered'])).rejects.toThrow(CONNECTION_LOST)
    await dropped

    expect(await readValues(kafkaAt(broker.direct), topic, 3)).toEqual(['first', 'second', 'unanswered'])
  })

  test('serves who comes through the proxy through the proxy only', async () => {
    await proxy.refuse()
    await expect(produce(hasty, topic, ['refused'])).rejects.toThrow(CONNECTION_LOST)
    expect(await readValues(kafkaAt(broker.direct), topic, 2)).toEqual(['first', 'second'])
    await proxy.accept()

    expect(await produce(producer, topic, ['third'])).toBe('2')
  })

  const cutAtRequest = async (): Promise<void> => {
    await proxy.nextRequest('produce')
    proxy.delay(0)
    proxy.cut()
  }

  test('loses a request in flight when the proxy cuts its connection', async () => {
    proxy.delay(60_000)
    const sent = Promise.all([cutAtRequest(), produce(hasty, topic, ['unanswered'])])
    await expect(sent).rejects.toThrow(CONNECTION_LOST)

    expect(await produce(producer, topic, ['next'])).toBe('3')
  })
})
