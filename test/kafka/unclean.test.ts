/** An owner whose partition loses acknowledged events by an unclean election, between two of its batches. */
import { ConfigResourceTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import { interval, Scheduler } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { checkRecords } from '../checker/check-log.ts'
import { readTopic } from '../faults/read-events.ts'
import { kafkaAt, leaderOf } from '../support/kafka/batches.ts'
import { type KafkaBroker, startBroker } from '../support/kafka/broker.ts'
import { describeWithBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { until } from '../support/kafka/until.ts'

const PATIENCE_MS = 40_000
const HOURLY = { task: 'greet', trigger: interval('1h') }
/** Not the node whose death would end the test: any two of three make a quorum. */
const [LEADER, FOLLOWER] = [2, 3]

describeWithBrokers('an owner on a cluster that prefers any leader to none', () => {
  test('notices that its log lost its tail and grew back to where it stands, rebuilds, says so, and goes on', async () => {
    const broker = await startBroker({ nodes: 3 })
    const namespace = uniqueName('unclean')
    const topic = `${namespace}.events`
    const errors: string[] = []
    await applyTopics({ brokers: broker.brokers, namespace, partitions: 1 })
    await copyOnlyOn(broker, topic)
    const owner = await Scheduler.open({
      // Its session outlasts the cluster's trouble: it is never told to give the partition back.
      log: `kafka://${broker.brokers.join(',')}/${namespace}?sessionTimeoutMs=60000`,
      roles: ['owner'],
      logger: { ...SILENT, error: (_details, message) => void errors.push(message) },
    })
    try {
      await allowUnclean(broker, topic)
      await owner.addJob({ id: 'kept', ...HOURLY })
      await broker.kill(FOLLOWER)
      await owner.addJob({ id: 'lost', ...HOURLY })
      const end = await endOf(broker, topic)
      await broker.kill(LEADER)
      await broker.restart(FOLLOWER)
      const leads = async (): Promise<boolean> => (await leaderOf(kafkaAt(broker.brokers), topic)) === FOLLOWER
      expect(await until(leads, PATIENCE_MS), 'who lacks the last batch leads').toBe(true)
      const left = await endOf(broker, topic)
      expect(left).toBeLessThan(end)
      await write(broker, topic, end - left)
      const asked = await owner.addJob({ id: 'next', ...HOURLY }).catch((error: unknown) => error)
      expect(asked).toMatchObject({ code: 'unknown-outcome' })
      expect(errors).toContain('the log lost its tail: rebuilding from it')
      const owns = async (): Promise<boolean> => owner.partitions.owned.length === 1
      expect(await until(owns, PATIENCE_MS), 'it announces itself anew').toBe(true)
      expect(owner.getJobs().map(({ id }) => id)).toEqual(['kept'])
      await owner.addJob({ id: 'new', ...HOURLY })
      const report = checkRecords(await readTopic(broker.brokers, topic), { shared: true })
      // What was written to grow the log is nobody's.
      expect(report.violations.filter(({ kind }) => kind !== 'unreadable-record')).toEqual([])
    } finally {
      await owner.shutdown({ wait: false })
      await broker.stop()
    }
  })
})

/** Two copies. */
async function copyOnlyOn(broker: KafkaBroker, topic: string): Promise<void> {
  const admin = kafkaAt(broker.brokers).admin()
  await admin.connect()
  const copy = async (replicas: number[]): Promise<void> => {
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition: 0, replicas }] }] })
    const isDone = async (): Promise<boolean> => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const found = topics[0]!.partitions[0]!
      return found.leader === LEADER && [found.isr, found.replicas].every(({ length }) => length === replicas.length)
    }
    expect(await until(isDone, PATIENCE_MS), `the copies are on ${replicas.join()}`).toBe(true)
  }
  await copy([LEADER])
  await copy([LEADER, FOLLOWER])
  await admin.disconnect()
}

/** One that lacks something may lead: no owner begins on a topic that is set so. */
async function allowUnclean(broker: KafkaBroker, topic: string): Promise<void> {
  const admin = kafkaAt(broker.brokers).admin()
  await admin.connect()
  const settings = {
    'min.insync.replicas': '1',
    'unclean.leader.election.enable': 'true',
    'message.timestamp.type': 'LogAppendTime',
  }
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
  await admin.alterConfigs({ validateOnly: false, resources })
  await admin.disconnect()
}

async function endOf(broker: KafkaBroker, topic: string): Promise<number> {
  const admin = kafkaAt(broker.brokers).admin()
  await admin.connect()
  const [of] = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return Number(of?.high)
}

/** So many records that are nobody's, in one batch. */
async function write(broker: KafkaBroker, topic: string, count: number): Promise<void> {
  const producer = kafkaAt(broker.brokers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  await producer.send({ topic, messages: Array.from({ length: count }, () => ({ partition: 0, value: 'x' })) })
  await producer.disconnect()
}
