/** Whether a Kafka log says that a partition may have come to another leader, while no append failed. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { KafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { LogError } from '../../src/ports/event-log.ts'
import { batch, record } from '../contract/event-log.ts'
import { kafkaAt, leaderOf } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeWithBrokers } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { type Namespace, makeNamespace } from './namespace.ts'

const EVENTS = { topic: 'events', partition: 0 }
const ELSEWHERE = { topic: 'events', partition: 1 }
const PATIENCE_MS = 30_000

describeWithBrokers('an append to a Kafka log', () => {
  let broker: KafkaBroker
  let namespace: Namespace
  let log: KafkaLog

  beforeAll(async () => {
    broker = await startBroker({ proxied: true })
  })
  afterAll(() => broker.stop())
  beforeEach(async () => {
    namespace = await makeNamespace({ brokers: broker.brokers })
    log = await namespace.open({ requestTimeoutMs: 3_000 })
  })
  afterEach(() => namespace.close())

  test('is of the same term as the one before, also of others at the same time', async () => {
    const first = await log.append(EVENTS, batch('a', 2))
    const more = await Promise.all([1, 2, 3].map(() => log.append(EVENTS, batch('b', 1))))
    expect(more.map(({ term }) => term)).toEqual([first.term, first.term, first.term])
  })

  test('is of another term when the connection was lost since the one before', async () => {
    const before = [await log.append(EVENTS, [record('a')]), await log.append(ELSEWHERE, [record('a')])]
    broker.proxies[0]!.cut()
    const after = [await appendUntilTaken(log, EVENTS), await appendUntilTaken(log, ELSEWHERE)]
    const terms = [...before.map(({ term }) => term), ...after]
    expect(new Set(terms).size).toBe(4)
    expect((await log.append(EVENTS, [record('c')])).term).toBe(after[0])
  })

  test('of another term has those who watch read again, though what was polled for them fills its place', async () => {
    let told = 0
    log.watch(EVENTS, () => (told += 1))
    const large = { key: null, value: new Uint8Array(500_000) }
    for (let round = 0; round < 3; round++) await log.append(EVENTS, [large])
    // What is full is not polled on: nobody is told of more, however long one waits.
    expect(await until(async () => told > 1, PATIENCE_MS)).toBe(true)
    await appendUntilUntold()
    const dropped = broker.proxies[0]!.dropReply('listOffsets', { cut: false })
    const before = told
    await log.append(EVENTS, [record('b')])
    await dropped
    expect(await until(async () => told > before, PATIENCE_MS)).toBe(true)

    async function appendUntilUntold(): Promise<void> {
      for (let last = -1; last !== told;) {
        last = told
        for (let round = 0; round < 5; round++) await log.append(EVENTS, [record('a')])
      }
    }
  })

  test('is of another term when the broker did not say who leads', async () => {
    const { term } = await log.append(EVENTS, [record('a')])
    const dropped = broker.proxies[0]!.dropReply('listOffsets', { cut: false })
    const unknown = await log.append(EVENTS, [record('b')])
    await dropped
    expect(unknown.baseOffset).toBe(1)
    expect(unknown.term).not.toBe(term)
  })
})

describeWithBrokers('an append to a Kafka log on three brokers', () => {
  test('is of another term when its leader had lost the partition and got it back, and kept the connection', async () => {
    const broker = await startBroker({ nodes: 3 })
    const namespace = await makeNamespace({ brokers: broker.brokers, replicationFactor: 1, partitions: 1 })
    const log = await namespace.open()
    try {
      const topic = `${namespace.options.namespace}.events`
      const [first, home] = [await log.append(EVENTS, [record('a')]), await leaderOf(kafkaAt(broker.brokers), topic)]
      await moveTo(broker, topic, (home % 3) + 1)
      await moveTo(broker, topic, home)
      const second = await log.append(EVENTS, [record('b')])
      expect(second).toMatchObject({ baseOffset: 1 })
      expect(second.term).not.toBe(first.term)
      expect((await log.append(EVENTS, [record('c')])).term).toBe(second.term)
    } finally {
      await namespace.close()
      await broker.stop()
    }
  })
})

async function appendUntilTaken(log: KafkaLog, to: typeof EVENTS): Promise<number | undefined> {
  for (;;) {
    try {
      return (await log.append(to, [record('again')])).term
    } catch (err) {
      if (!(err instanceof LogError) || !err.retryable) throw err
    }
  }
}

/** Has another broker keep the only copy. */
async function moveTo(broker: KafkaBroker, topic: string, node: number): Promise<void> {
  const admin = kafkaAt(broker.brokers).admin()
  await admin.connect()
  await admin.alterPartitionReassignments({
    topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [node] }] }],
  })
  await admin.disconnect()
  const hasMoved = async (): Promise<boolean> => (await leaderOf(kafkaAt(broker.brokers), topic)) === node
  expect(await until(hasMoved, PATIENCE_MS), `broker ${node} leads`).toBe(true)
}
