/** The outbox on Kafka: what leaves arrives, in order, and one bad record fails alone. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKafkaOutbox } from '../../src/adapters/kafka/kafka-outbox.ts'
import type { KafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { partitionOf } from '../../src/core/partition.ts'
import { LogError } from '../../src/ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../../src/ports/outbox.ts'
import { readAll, texts } from '../contract/event-log.ts'
import { createTopics, kafkaAt } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeOnKafka, describeWithBrokers, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { type Namespace, makeNamespace } from './namespace.ts'

const RUNS = 'runs.default'

function outgoing(value: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic: RUNS, key: 'a job', value: Buffer.from(value), headers: [], ...more }
}

async function foreignTopic(settings: Readonly<Record<string, string>> = {}, numPartitions = 1): Promise<string> {
  const topic = uniqueName('foreign')
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await createTopics(kafkaAt(kafkaBrokers()), [{ topic, numPartitions, configEntries }])
  return topic
}

const failed = (code: string): unknown => expect.objectContaining({ name: 'LogError', code })

describeOnKafka('the outbox', () => {
  let namespace: Namespace
  let log: KafkaLog
  let outbox: Outbox
  const read = (partition: number, topic: string = RUNS) => readAll(log, { topic, partition })

  beforeEach(async () => {
    namespace = await makeNamespace()
    log = await namespace.open()
    outbox = createKafkaOutbox(namespace.options)
  })
  afterEach(async () => {
    await outbox.close()
    await namespace.close()
  })

  test("spreads by the hash of Java's partitioner, else takes the partition that is named", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `run ${index}`)
    await Promise.all(names.map((name) => outbox.send(outgoing(name, { spreadBy: name }))))
    for (const partition of [0, 1, 2])
      expect(texts(await read(partition))).toEqual(names.filter((name) => partitionOf(name, 3) === partition))
    await outbox.send(outgoing('named', { partition: 2, topic: 'commands' }))
    await outbox.send(outgoing('by key', { key: 'k', topic: 'commands' }))
    expect(texts(await read(2, 'commands'))).toContain('named')
    expect(texts(await read(partitionOf('k', 3), 'commands'))).toContain('by key')
  })

  test('keeps the order of a partition, and the key and headers as they are', async () => {
    const sent = Array.from({ length: 2_000 }, (_, index) => outgoing(`${index}`, { partition: 0 }))
    await Promise.all(sent.map((one) => outbox.send(one)))
    expect(texts(await read(0))).toEqual(sent.map((_, index) => `${index}`))
    const rawKey = new Uint8Array([255, 1])
    const headers = [
      ['b', new Uint8Array([1])],
      ['a', new Uint8Array(0)],
    ] as const
    await outbox.send(outgoing('odd', { topic: 'control', key: '?', rawKey, headers, value: null }))
    const [odd] = await read(0, 'control')
    expect(odd).toMatchObject({ key: '\ufffd\u0001', value: null })
    expect(odd?.headers.map(([name, value]) => [name, [...value]])).toEqual([
      ['b', [1]],
      ['a', []],
    ])
  })

  test('fails a record that is too large for its topic alone, not those of its batch', async () => {
    const topic = await foreignTopic({ 'max.message.bytes': '20000' })
    const sizes = [10, 15_000, 30_000, 10, 15_000, 25_000, 10]
    const sent = sizes.map((size) => outbox.send(outgoing('', { topic, foreign: true, value: new Uint8Array(size) })))
    const settled = await Promise.allSettled(sent)
    const expected = sizes.map((size) =>
      size > 20_000 ? { status: 'rejected', reason: failed('too-large') } : { status: 'fulfilled', value: undefined },
    )
    expect(settled).toEqual(expected)
  })

  test('fails a record that a compacted topic refuses, not those of its batch', async () => {
    const topic = await foreignTopic({ 'cleanup.policy': 'compact' })
    const send = (key: string | null) => outbox.send(outgoing('v', { topic, foreign: true, key }))
    const [first, without, last] = await Promise.allSettled([send('a'), send(null), send('b')])
    expect([first?.status, last?.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(without).toEqual({ status: 'rejected', reason: failed('record-refused') })
  })

  test('fails a record whose timestamp its topic never takes, with what the broker says of it', async () => {
    const topic = await foreignTopic({ 'message.timestamp.before.max.ms': '60000' })
    const late = createKafkaOutbox({ ...namespace.options, now: () => Date.now() - 3_600_000 })
    await expect(late.send(outgoing('v', { topic, foreign: true }))).rejects.toMatchObject({
      code: 'record-refused',
      message: expect.stringContaining('INVALID_TIMESTAMP'),
    })
    await late.close()
  })

  test('spreads keys over the partitions that a topic has got, a minute later at most', async () => {
    let now = Date.now()
    const later = createKafkaOutbox({ ...namespace.options, now: () => now })
    const topic = await foreignTopic()
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
    const sendAll = (): Promise<unknown> =>
      Promise.all(keys.map((key) => later.send(outgoing(key, { topic, foreign: true, key }))))
    await sendAll()
    const admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
    await admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] })
    now += 60_000
    await sendAll()
    await later.close()
    const ends = await admin.fetchTopicOffsets(topic)
    await admin.disconnect()
    const inPartition = (one: number): number => keys.filter((key) => partitionOf(key, 6) === one).length
    expect(ends.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high))).toEqual(
      [0, 1, 2, 3, 4, 5].map((one) => inPartition(one) + (one === 0 ? keys.length : 0)),
    )
  })

  test('names a topic or partition that is not there, also one that was deleted', async () => {
    await expect(outbox.send(outgoing('x', { topic: 'nowhere', foreign: true }))).rejects.toEqual(
      failed('invalid-record'),
    )
    await expect(outbox.send(outgoing('x', { topic: 'no where' }))).rejects.toEqual(failed('invalid-record'))
    await expect(outbox.send(outgoing('x', { partition: 3 }))).rejects.toEqual(failed('invalid-record'))
    const topic = await foreignTopic()
    await outbox.send(outgoing('x', { topic, foreign: true }))
    const admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
    await admin.deleteTopics({ topics: [topic] })
    await admin.disconnect()
    await expect(outbox.send(outgoing('x', { topic, foreign: true }))).rejects.toEqual(failed('invalid-record'))
    await outbox.send(outgoing('still alive'))
  })

  test('refuses what no topic takes, and everything after it was closed', async () => {
    await expect(outbox.send(outgoing('', { value: new Uint8Array(1_100_000) }))).rejects.toEqual(failed('too-large'))
    await outbox.close()
    await outbox.close()
    await expect(outbox.send(outgoing('x'))).rejects.toEqual(failed('closed'))
  })
})

describeWithBrokers('the outbox on a broker that fails', () => {
  let broker: KafkaBroker
  let namespace: Namespace
  let log: KafkaLog

  beforeEach(async () => {
    broker = await startBroker({ proxied: true })
    namespace = await makeNamespace({ brokers: broker.brokers })
    log = await namespace.open()
  })
  afterEach(async () => {
    await namespace.close()
    await broker.stop()
  })

  test('tries again until the records are there, in their order, and gives up when it is closed', async () => {
    const outbox = createKafkaOutbox({ ...namespace.options, requestTimeoutMs: 2_000 })
    const send = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => outbox.send(outgoing(`${from + index}`, { partition: 0 })))
    await Promise.all(send(0, 10))
    const dropped = broker.proxies[0]!.dropReply('produce')
    const unsure = send(10, 20)
    await dropped
    await broker.kill()
    const later = send(20, 30)
    await broker.restart()
    await Promise.all([...unsure, ...later])
    const arrived = texts(await readAll(log, { topic: RUNS, partition: 0 }))
    const inOrder = Array.from({ length: 30 }, (_, index) => `${index}`)
    expect(arrived.filter((one, index) => arrived.lastIndexOf(one) === index)).toEqual(inOrder)

    await broker.proxies[0]!.refuse()
    const hopeless = outbox.send(outgoing('x', { partition: 0 })).catch((err: unknown) => err)
    await outbox.close()
    expect(await hopeless).toBeInstanceOf(LogError)
    expect(await hopeless).toEqual(failed('closed'))
    await broker.proxies[0]!.accept()
  })
})
