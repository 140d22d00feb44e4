/** What the Kafka log is beside the promises of the port: what else may lie in its topics, and what it opens. */
import { CompressionTypes, ConfigResourceTypes } from 'kafkajs'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type KafkaLog, openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import type { TopicPartition } from '../../src/ports/event-log.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { batch, readAll, record, refusal, texts } from '../contract/event-log.ts'
import { kafkaAt } from '../support/kafka/batches.ts'
import { describeOnKafka, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'
import { type Namespace, makeNamespace } from './namespace.ts'

const EVENTS = { topic: 'events', partition: 0 }
const COMMANDS = { topic: 'commands', partition: 0 }
const STATE = { topic: 'state', partition: 0 }
const PATIENCE_MS = 15_000

/** How often a watcher was told, one after another. */
class Tellings {
  #told = 0
  #heard = 0
  #wake: () => void = () => undefined

  constructor(log: KafkaLog, place: TopicPartition) {
    log.watch(place, () => {
      this.#told++
      this.#wake()
    })
  }

  /** Resolves when it was told once more. */
  async next(): Promise<void> {
    this.#heard++
    while (this.#told < this.#heard) await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}

describeOnKafka('a Kafka log', () => {
  let namespace: Namespace
  let log: KafkaLog

  beforeEach(async () => {
    namespace = await makeNamespace()
    log = await namespace.open()
  })
  afterEach(() => namespace.close())

  test('says how many partitions each topic has', async () => {
    expect(log.partitions).toBe(3)
    expect(await log.partitionsOf('control')).toBe(1)
    expect(await log.partitionsOf('runs.default')).toBe(3)
    await expect(log.partitionsOf('runs.none')).rejects.toMatchObject(refusal('invalid-record'))
    await expect(log.append({ topic: 'control', partition: 1 }, [record('x')])).rejects.toMatchObject(
      refusal('invalid-record'),
    )
    await expect(log.read({ topic: 'runs.none', partition: 0 }, 0, 1)).rejects.toMatchObject(refusal('invalid-record'))
  })

  test('leaves records of aborted transactions out of commands, and tells of the others when they are committed', async () => {
    const producer = kafkaAt(kafkaBrokers()).producer({ transactionalId: uniqueName('tx'), maxInFlightRequests: 1 })
    await producer.connect()
    const topic = `${namespace.options.namespace}.commands`
    const aborted = await producer.transaction()
    await aborted.send({ topic, messages: [{ partition: 0, value: 'aborted' }] })
    await aborted.abort()
    const committed = await producer.transaction()
    await committed.send({ topic, messages: [{ partition: 0, value: 'committed' }] })
    const tellings = new Tellings(log, COMMANDS)
    // At the start, because there were records.
    await tellings.next()
    expect(texts(await readAll(log, COMMANDS))).toEqual([])
    await committed.commit()
    await tellings.next()
    expect(texts(await readAll(log, COMMANDS))).toEqual(['committed'])
    await log.append(COMMANDS, [record('plain')])
    expect(texts(await readAll(log, COMMANDS))).toEqual(['committed', 'plain'])
    expect(await log.end(COMMANDS)).toBe(5)
    await producer.disconnect()
  })

  test('tells of all that stands behind a transaction when that ends, though it is more than a poll keeps', async () => {
    const producer = kafkaAt(kafkaBrokers()).producer({ transactionalId: uniqueName('tx'), maxInFlightRequests: 1 })
    await producer.connect()
    const read: number[] = []
    let position = 0
    let reading = Promise.resolve()
    log.watch(COMMANDS, () => void (reading = reading.then(readOn)))
    const open = await producer.transaction()
    await open.send({ topic: `${namespace.options.namespace}.commands`, messages: [{ partition: 0, value: 'open' }] })
    const large = { key: null, value: new Uint8Array(100_000) }
    for (let round = 0; round < 15; round++) await log.append(COMMANDS, [large])
    // Whoever polls has come round by the time that it tells of another partition.
    const elsewhere = new Tellings(log, { ...COMMANDS, partition: 1 })
    await log.append({ ...COMMANDS, partition: 1 }, batch('elsewhere', 1))
    await elsewhere.next()
    await reading
    expect(read).toEqual([])
    await open.commit()
    await log.append(COMMANDS, [record('last')])
    expect(await until(async () => read.length === 17, PATIENCE_MS)).toBe(true)
    // The marker of the end may stand before the last one or behind it.
    expect(read.slice(0, 16)).toEqual([...Array(16).keys()])
    await producer.disconnect()

    async function readOn(): Promise<void> {
      for (let from = -1; from !== position;) {
        from = position
        const { records, next } = await log.read(COMMANDS, position, 1_000_000)
        read.push(...records.map(({ offset }) => offset))
        position = next
      }
    }
  })

  test('tells again, every half minute, of what was polled and nobody has read', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const watching = await namespace.open()
    let told = 0
    watching.watch(EVENTS, () => (told += 1))
    const large = { key: null, value: new Uint8Array(500_000) }
    for (let round = 0; round < 3; round++) await log.append(EVENTS, [large])
    for (let last = -1; last !== told;) {
      last = told
      for (let round = 0; round < 5; round++) await log.append(EVENTS, [record('a')])
    }
    const before = told
    vi.advanceTimersByTime(60_000)
    expect(await until(async () => told > before, PATIENCE_MS)).toBe(true)
  })

  test('reads events on while a stranger holds a transaction open in them', async () => {
    const producer = kafkaAt(kafkaBrokers()).producer({ transactionalId: uniqueName('tx'), maxInFlightRequests: 1 })
    await producer.connect()
    const open = await producer.transaction()
    await open.send({ topic: `${namespace.options.namespace}.events`, messages: [{ partition: 0, value: 'junk' }] })
    await log.append(EVENTS, batch('a', 1))
    expect(texts(await readAll(log, EVENTS))).toEqual(['junk', 'a 0'])
    await open.abort()
    await producer.disconnect()
  })

  test.each([COMMANDS, EVENTS])('passes over what nobody can unpack on %o, and tells of it', async (place) => {
    const warned: object[] = []
    const other = await namespace.open({ logger: { ...SILENT, warn: (details) => void warned.push(details) } })
    const tellings = new Tellings(other, { ...place, partition: 1 })
    other.watch(place, () => undefined)
    await log.append(place, batch('before', 1))
    await produceBomb(namespace.options.namespace, place)
    await log.append(place, batch('behind', 1))
    await log.append({ ...place, partition: 1 }, batch('elsewhere', 1))
    await tellings.next()
    for (const reader of [log, other]) {
      const { records, next, unreadable } = await reader.read(place, 0, 1_000_000)
      expect({ texts: texts(records), next }).toEqual({ texts: ['before 0'], next: 2 })
      expect(unreadable).toMatchObject({ from: 1, to: 2, why: expect.any(String) })
      expect(texts((await reader.read(place, 2, 1_000_000)).records)).toEqual(['behind 0'])
    }
    expect(warned).toMatchObject([{ ...place, from: 1, to: 2 }])
  })

  test('keeps header order, keys that are not UTF-8, and headers without a value', async () => {
    const producer = kafkaAt(kafkaBrokers()).producer({ allowAutoTopicCreation: false })
    await producer.connect()
    await producer.send({
      topic: `${namespace.options.namespace}.commands`,
      messages: [
        { partition: 0, key: Buffer.from([0xff, 0x61]), value: 'v', headers: { a: ['1', '2'], toString: 'x' } },
      ],
    })
    const [read] = await readAll(log, COMMANDS)
    expect(read?.key).toBe('\ufffda')
    expect(read?.headers.map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['toString', 'x'],
    ])
    await producer.disconnect()
  })

  test('keeps what a poll brought for the read that follows, also when the reader comes late', async () => {
    const told: number[] = []
    let heard: () => void = () => undefined
    log.watch(EVENTS, () => {
      told.push(1)
      heard()
    })
    const other = await namespace.open()
    const wanted = new Promise<void>((resolve) => (heard = resolve))
    await other.append(EVENTS, batch('a', 2))
    await wanted
    for (let round = 0; round < 30; round++) await other.append(EVENTS, [{ key: null, value: new Uint8Array(100_000) }])
    await other.append(EVENTS, batch('z', 1))
    const read = await readAll(log, EVENTS)
    expect(read).toHaveLength(33)
    expect(read.map(({ offset }) => offset)).toEqual(read.map((_, index) => index))
    const again = new Promise<void>((resolve) => (heard = resolve))
    await other.append(EVENTS, batch('last', 1))
    await again
    expect(texts((await log.read(EVENTS, 33, 1_000)).records)).toEqual(['last 0'])
  })
})

/** One record of some 80 KB that unpacks to 80 MB. */
async function produceBomb(prefix: string, { topic, partition }: TopicPartition): Promise<void> {
  const producer = kafkaAt(kafkaBrokers()).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const messages = [{ partition, value: Buffer.alloc(80 * 1024 * 1024) }]
  await producer.send({ topic: `${prefix}.${topic}`, messages, compression: CompressionTypes.GZIP })
  await producer.disconnect()
}

describeOnKafka('a Kafka log on a compacted topic', () => {
  test('reads over the holes that compaction made, and over batches that lost every record', async () => {
    const namespace = await makeNamespace()
    const log = await namespace.open()
    const kafka = kafkaAt(kafkaBrokers())
    const topic = `${namespace.options.namespace}.state`
    const admin = kafka.admin()
    await admin.connect()
    const configEntries = Object.entries({
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.01',
      'delete.retention.ms': '0',
    }).map(([name, value]) => ({ name, value }))
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    })
    await admin.disconnect()
    // The last batch of an idempotent producer stays, empty, when its records are compacted away.
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (let round = 0; round < 5; round++)
      await producer.send({ topic, messages: [{ partition: 0, key: 'k', value: `idempotent ${round}` }] })
    await producer.disconnect()
    // So large that a small read ends before it, with nothing but the empty batch.
    const large = Buffer.alloc(100_000)
    // Until the broker has rolled a segment and compacted it.
    for (let isCompacted = false; !isCompacted;) {
      await log.append(STATE, [{ key: 'k', value: large }])
      const read = await readAll(log, STATE)
      expect(read.at(-1)?.offset).toBe((await log.end(STATE)) - 1)
      isCompacted = !texts(read).some((text) => text.startsWith('idempotent'))
    }
    const portions = await readAll(log, STATE, 1)
    expect(portions.at(-1)?.offset).toBe((await log.end(STATE)) - 1)
    await log.append(STATE, [{ key: 'k', value: null }])
    expect((await readAll(log, STATE)).at(-1)?.value).toBeNull()
    await namespace.close()
  })
})

describeOnKafka('opening a Kafka log', () => {
  const options = () => ({ brokers: kafkaBrokers(), namespace: uniqueName('open'), now: () => Date.now() })

  test('without its topics says the command that makes them', async () => {
    const { namespace, ...rest } = options()
    await expect(openKafkaLog({ ...rest, namespace })).rejects.toMatchObject({
      code: 'wrong-log',
      message: expect.stringMatching(
        new RegExp(`there is no topic ${namespace}\\.events.*horolog topics apply --log kafka://.*/${namespace}$`),
      ),
    })
  })

  test('with topics that do not fit names the topic, what was expected and what is there', async () => {
    const given = options()
    await applyTopics({ ...given, partitions: 2 })
    const admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
    await admin.createPartitions({ topicPartitions: [{ topic: `${given.namespace}.reports`, count: 3 }] })
    await admin.disconnect()
    await expect(openKafkaLog(given)).rejects.toMatchObject({
      code: 'wrong-log',
      message: expect.stringMatching(/reports has 3 partitions.*events has, 2/),
    })
  })

  test('where nobody listens is unavailable, by whichever address', async () => {
    const brokers = ['127.0.0.1:1', '127.0.0.1:2']
    await expect(openKafkaLog({ ...options(), brokers })).rejects.toMatchObject(refusal('unavailable'))
    const log = await makeNamespace({ brokers: [...brokers, ...kafkaBrokers()] })
    expect((await log.open()).partitions).toBe(3)
    await log.close()
  })
})
