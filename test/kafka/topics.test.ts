/** The topics of a namespace: made with the settings of the design, compared, mended when asked to, never spread anew. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Admin, ConfigResourceTypes } from 'kafkajs'
import { openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { type TopicsOptions, applyTopics, planTopics } from '../../src/adapters/kafka/topics.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { kafkaAt, topicMetadata } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeOnKafka, describeWithBrokers, kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'

const PATIENCE_MS = 10_000

async function settingsOf(admin: Admin, topic: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    includeSynonyms: false,
  })
  const entries = resources[0]?.configEntries ?? []
  return Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]))
}

/** kafkajs replaces all settings of the topic. */
async function setOnly(admin: Admin, topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  })
}

describeOnKafka('topics', () => {
  let admin: Admin
  let options: TopicsOptions & { namespace: string }

  beforeAll(async () => {
    admin = kafkaAt(kafkaBrokers()).admin()
    await admin.connect()
  })
  afterAll(() => admin.disconnect())
  beforeEach(() => {
    options = { brokers: kafkaBrokers(), namespace: uniqueName('topics'), executors: { default: 4, mail: 2 } }
  })

  test('are planned without being made', async () => {
    const plan = await planTopics(options)
    expect(plan.missing.map(({ name, partitions }) => [name, partitions])).toEqual([
      ['events', 12],
      ['commands', 12],
      ['reports', 12],
      ['state', 12],
      ['control', 1],
      ['replies', 12],
      ['dead-letters', 1],
      ['runs.default', 4],
      ['runs.mail', 2],
    ])
    expect(await planTopics(options)).toEqual(plan)
  })

  test('are made with the settings of the design, and then nothing is left to do', async () => {
    await applyTopics({ ...options, partitions: 2 })
    const { namespace } = options
    const week = String(7 * 86_400_000)
    const stamped = { 'message.timestamp.type': 'LogAppendTime', 'cleanup.policy': 'delete' }
    expect(await settingsOf(admin, `${namespace}.events`)).toMatchObject({ ...stamped, 'retention.ms': '-1' })
    for (const name of ['commands', 'reports', 'runs.mail'])
      expect(await settingsOf(admin, `${namespace}.${name}`)).toMatchObject({ ...stamped, 'retention.ms': week })
    expect(await settingsOf(admin, `${namespace}.state`)).toMatchObject({
      'cleanup.policy': 'compact',
      'segment.ms': '600000',
      'min.cleanable.dirty.ratio': '0.1',
    })
    expect(await settingsOf(admin, `${namespace}.replies`)).toMatchObject({ 'retention.ms': '86400000' })
    expect(await settingsOf(admin, `${namespace}.dead-letters`)).toMatchObject({ 'retention.ms': '2592000000' })
    const { missing, wrongCounts, wrongSettings } = await applyTopics(options)
    expect({ missing, wrongCounts, wrongSettings }).toEqual({ missing: [], wrongCounts: [], wrongSettings: [] })
  })

  test('for another executor are added to those that are there', async () => {
    await applyTopics({ ...options, partitions: 2 })
    const { missing } = await applyTopics({ ...options, executors: { slow: 3 } })
    expect(missing.map(({ topic }) => topic)).toEqual([`${options.namespace}.runs.slow`])
  })

  test('with wrong policies are refused with the difference, and mended one by one when asked to', async () => {
    await applyTopics({ ...options, partitions: 1 })
    const events = `${options.namespace}.events`
    await setOnly(admin, events, { 'retention.ms': '1000', 'flush.messages': '7', 'max.message.bytes': '2000000' })
    const { wrongSettings } = await planTopics(options)
    expect(wrongSettings).toEqual([
      { topic: events, setting: 'retention.ms', found: '1000', expected: '-1', orMore: false },
      {
        topic: events,
        setting: 'message.timestamp.type',
        found: 'CreateTime',
        expected: 'LogAppendTime',
        orMore: false,
      },
    ])
    await expect(applyTopics(options)).rejects.toMatchObject({
      code: 'wrong-log',
      message: expect.stringContaining(`${events} has retention.ms=1000, expected -1`),
    })
    await applyTopics({ ...options, fix: true })
    expect(await settingsOf(admin, events)).toMatchObject({
      'retention.ms': '-1',
      'message.timestamp.type': 'LogAppendTime',
      'flush.messages': '7',
      'max.message.bytes': '2000000',
    })
    expect((await planTopics(options)).wrongSettings).toEqual([])
  })

  test('with wrong policies are refused to who decides, with every difference and the command; not to who reads', async () => {
    await applyTopics({ ...options, partitions: 1 })
    const { namespace } = options
    await setOnly(admin, `${namespace}.events`, { 'cleanup.policy': 'compact', 'retention.ms': '604800000' })
    await setOnly(admin, `${namespace}.commands`, { 'message.timestamp.type': 'CreateTime' })
    await admin.deleteTopics({ topics: [`${namespace}.dead-letters`] })
    expect(await until(async () => (await planTopics(options)).missing.length > 0, PATIENCE_MS)).toBe(true)
    const open = { ...options, now: () => Date.now() }
    const refused = await openKafkaLog({ ...open, decides: true }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'LogError', code: 'wrong-log' })
    const { message } = refused as Error
    expect(message).toContain(`${namespace}.dead-letters is missing; `)
    expect(message).toContain(`${namespace}.events has cleanup.policy=compact, expected delete; `)
    expect(message).toContain(`${namespace}.events has retention.ms=604800000, expected -1; `)
    expect(message).toContain(`${namespace}.commands has message.timestamp.type=CreateTime, expected LogAppendTime; `)
    expect(message).toMatch(new RegExp(`mend it with: horolog topics apply --fix --log kafka://.*/${namespace}$`))
    await (await openKafkaLog(open)).close()

    await applyTopics({ ...options, fix: true })
    await (await openKafkaLog({ ...open, decides: true })).close()
  })

  test('with another number of partitions are refused, also when asked to mend, with the way to migrate', async () => {
    await applyTopics({ ...options, partitions: 2 })
    await expect(applyTopics({ ...options, partitions: 3, fix: true })).rejects.toMatchObject({
      code: 'wrong-log',
      message: expect.stringMatching(/events has 2 partitions, expected 3.*export the jobs/),
    })
  })

  test('are made by two at the same time as by one', async () => {
    await Promise.all([1, 2, 3].map(() => applyTopics({ ...options, partitions: 2 })))
    expect((await planTopics(options)).missing).toEqual([])
  })

  test('on one broker have one copy, which is said; more copies than brokers are refused in the words of the broker', async () => {
    const plan = await planTopics(options)
    expect([plan.replicationFactor, plan.warnings]).toEqual([1, [expect.stringContaining('one broker, one copy')]])
    await expect(applyTopics({ ...options, replicationFactor: 2 })).rejects.toMatchObject({
      name: 'LogError',
      message: expect.stringMatching(/replication factor/i),
    })
  })
})

describeWithBrokers('topics on three brokers', () => {
  let broker: KafkaBroker
  beforeAll(async () => {
    broker = await startBroker({ nodes: 3 })
  })
  afterAll(() => broker.stop())

  test('have three copies of which two must be in sync', async () => {
    const options = { brokers: broker.brokers, namespace: uniqueName('topics'), partitions: 2 }
    const plan = await applyTopics(options)
    expect([plan.replicationFactor, plan.warnings]).toEqual([3, []])
    const admin = kafkaAt(broker.brokers).admin()
    await admin.connect()
    expect(await settingsOf(admin, `${options.namespace}.events`)).toMatchObject({ 'min.insync.replicas': '2' })
    const { partitions } = await topicMetadata(admin, `${options.namespace}.state`)
    expect(partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3])
    await admin.disconnect()
  })

  test('that have fewer copies differ, and no more of them are asked to be in sync', async () => {
    const namespace = uniqueName('topics')
    const options = { brokers: broker.brokers, namespace, partitions: 2 }
    await applyTopics({ ...options, replicationFactor: 1 })
    const topic = `${namespace}.events`
    const plan = await applyTopics({ ...options, fix: true })
    expect(plan.wrongSettings).toEqual([])
    expect(plan.tooFewCopies).toContainEqual({ topic, found: 1, expected: 3 })
    expect(plan.warnings).toEqual([expect.stringContaining(`fewer copies than 3: ${topic} (1), `)])
    expect((await planTopics({ ...options, replicationFactor: 1 })).tooFewCopies).toEqual([])

    const told: string[] = []
    const logger = { ...SILENT, warn: (_details: object, message: string) => void told.push(message) }
    await (await openKafkaLog({ ...options, now: () => Date.now(), decides: true, logger })).close()
    expect(told).toEqual([expect.stringContaining('fewer copies than 3')])
  })
})
