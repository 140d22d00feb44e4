/** A namespace whose operator has made some topics with settings of his own, before the others were made. */
import { kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'
import { applyTopics } from '../../src/adapters/kafka/topics.ts'
import { createTopics, kafkaAt } from '../support/kafka/batches.ts'
import { FAST } from './namespace.ts'

export interface ShapedTopic {
  /** Without the namespace. */
  readonly name: string
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

export interface Shape {
  readonly partitions: number
  readonly executors?: Readonly<Record<string, number>>
  readonly topics?: readonly ShapedTopic[]
}

/** Any time of records that say it themselves, from the past or the future, and none too old to be kept. */
export const ANY_TIME: Readonly<Record<string, string>> = {
  'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
  'retention.ms': '-1',
}

/** Every few records a segment, and no more time for what is to go than a test has. */
export const COMPACTING: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'delete.retention.ms': '0',
}

/** Gives the namespace. */
export async function shapedTopics({ partitions, executors = {}, topics = [] }: Shape): Promise<string> {
  const brokers = kafkaBrokers()
  const namespace = uniqueName('shaped')
  const shaped = topics.map(({ name, partitions: numPartitions, settings }) => ({
    topic: `${namespace}.${name}`,
    numPartitions,
    configEntries: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
  }))
  await createTopics(kafkaAt(brokers), shaped)
  await applyTopics({ brokers, namespace, partitions, executors: { default: partitions, ...executors } })
  return namespace
}

/** A namespace for a clock that shows another time than the broker's. */
export function timelessTopics(partitions: number, executors: Readonly<Record<string, number>> = {}): Promise<string> {
  const topics = [
    { name: 'control', partitions: 1, settings: { 'cleanup.policy': 'delete', ...ANY_TIME } },
    { name: 'state', partitions, settings: { 'cleanup.policy': 'compact', ...ANY_TIME } },
    { name: 'replies', partitions, settings: { 'cleanup.policy': 'delete', ...ANY_TIME } },
    { name: 'dead-letters', partitions: 1, settings: { 'cleanup.policy': 'delete', ...ANY_TIME } },
  ]
  return shapedTopics({ partitions, executors, topics })
}

type SessionTimes = Readonly<Record<keyof typeof FAST, number>>

/** The address of a log of the namespace, with times short enough for tests that wait for a session to end. */
export function kafkaUrl(namespace: string, times: SessionTimes = FAST): string {
  const { sessionTimeoutMs, heartbeatIntervalMs } = times
  const query = `sessionTimeoutMs=${sessionTimeoutMs}&heartbeatIntervalMs=${heartbeatIntervalMs}`
  return `kafka://${kafkaBrokers().join(',')}/${namespace}?${query}`
}
