/**
 * Makes the topics of a namespace, and says how those that are there differ from what they should be.
 *
 * Boundary: `planTopics` changes nothing. `applyTopics` creates what is missing; settings it changes only when asked to, each
 * alone, so that the operator's own stay; the number of partitions never, because job ids are spread over it.
 */
import { LogError } from '../../ports/event-log.ts'
import { type Logger, SILENT } from '../../ports/telemetry.ts'
import { Connections } from './connections.ts'
import { requestError } from './errors.ts'
import { type KafkaOptions, type KafkaSettings, kafkaSettings } from './kafka-options.ts'
import { adminClient } from './kjs.ts'
import { Reader } from './reader.ts'
import { alterTopicRequest } from './requests.ts'
import { TopicMap, anyBroker } from './topic-map.ts'
import {
  DEFAULT_PARTITIONS,
  DEFAULT_REPLICATION_FACTOR,
  type DesiredTopic,
  type TopicSetting,
  desiredTopics,
} from './topic-settings.ts'

export interface TopicsOptions extends KafkaOptions {
  /** Of events, commands, reports and state. Default: as many as events has, else 12. */
  readonly partitions?: number
  /** Default: 3, or the number of brokers where there are fewer. */
  readonly replicationFactor?: number
  /** Executors whose run topics are wanted, with their number of partitions. Default: `default`, as many as events. */
  readonly executors?: Readonly<Record<string, number>>
  readonly logger?: Logger
}

export interface WrongCount {
  /** The full name, also below. */
  readonly topic: string
  readonly found: number
  readonly expected: number
}
export interface WrongSetting {
  readonly topic: string
  readonly setting: string
  readonly found: string
  readonly expected: string
}

export interface TopicPlan {
  /** Not there yet, with the settings that they will have. */
  readonly missing: readonly (DesiredTopic & { readonly topic: string })[]
  readonly wrongCounts: readonly WrongCount[]
  readonly wrongSettings: readonly WrongSetting[]
  readonly replicationFactor: number
  /** For people. */
  readonly warnings: readonly string[]
}

/** A compacted topic's policy is asked for by name; 2 is Kafka's number for a topic. */
const TOPIC_RESOURCE = 2

/** Rejects with `LogError`. */
export function planTopics(options: TopicsOptions): Promise<TopicPlan> {
  return withCluster(options, (cluster) => plan(cluster, options))
}

/**
 * Creates what is missing, and with `fix` sets what is wrong. Gives the plan that it carried out. Rejects with `LogError`:
 * `wrong-log` for counts that differ, and for settings that do, without `fix`; nothing was changed then.
 */
export function applyTopics(options: TopicsOptions & { readonly fix?: boolean }): Promise<TopicPlan> {
  return withCluster(options, async (cluster) => {
    const planned = await plan(cluster, options)
    const [count] = planned.wrongCounts
    if (count !== undefined) throw new LogError('wrong-log', countText(count))
    const [wrong] = planned.wrongSettings
    if (wrong !== undefined && options.fix !== true) throw new LogError('wrong-log', settingText(wrong))
    for (const setting of planned.wrongSettings) await alter(cluster, setting)
    await create(cluster, planned)
    return planned
  })
}

function countText({ topic, found, expected }: WrongCount): string {
  return (
    `${topic} has ${found} partitions, expected ${expected}. A count is never changed in place, since it decides where a job ` +
    'lives: export the jobs, make a new namespace with the count that you want, and import them there'
  )
}

function settingText({ topic, setting, found, expected }: WrongSetting): string {
  return `${topic} has ${setting}=${found}, expected ${expected}; set it yourself, or let --fix do it`
}

interface Cluster {
  readonly settings: KafkaSettings
  readonly logger: Logger
  readonly connections: Connections
  readonly topics: TopicMap
  readonly reader: Reader
}

async function withCluster<T>(options: TopicsOptions, task: (cluster: Cluster) => Promise<T>): Promise<T> {
  const settings = kafkaSettings(options)
  const logger = options.logger ?? SILENT
  const connections = new Connections(settings, logger)
  const topics = new TopicMap(connections, settings.brokers)
  const reader = new Reader({ connections, topics, patienceMs: settings.requestTimeoutMs })
  try {
    return await task({ settings, logger, connections, topics, reader })
  } finally {
    await connections.close()
  }
}

async function plan(cluster: Cluster, options: TopicsOptions): Promise<TopicPlan> {
  const { topics, settings } = cluster
  const fullName = (name: string): string => `${settings.namespace}.${name}`
  const existing = await topics.count(fullName('events'))
  const brokers = topics.brokerCount
  const replicationFactor = options.replicationFactor ?? Math.min(DEFAULT_REPLICATION_FACTOR, brokers)
  const partitions = options.partitions ?? existing ?? DEFAULT_PARTITIONS
  const executors = options.executors ?? { default: partitions }
  const desired = desiredTopics({ partitions, replicationFactor, executors })
  const missing: (DesiredTopic & { topic: string })[] = []
  const wrongCounts: WrongCount[] = []
  const present: DesiredTopic[] = []
  for (const topic of desired) {
    const found = await topics.count(fullName(topic.name))
    if (found === null) missing.push({ ...topic, topic: fullName(topic.name) })
    else present.push(topic)
    if (found !== null && topic.countMatters && found !== topic.partitions)
      wrongCounts.push({ topic: fullName(topic.name), found, expected: topic.partitions })
  }
  const wrongSettings = present.length === 0 ? [] : await compare(cluster, present)
  return { missing, wrongCounts, wrongSettings, replicationFactor, warnings: warnings(replicationFactor, brokers) }
}

function warnings(replicationFactor: number, brokers: number): string[] {
  if (replicationFactor >= DEFAULT_REPLICATION_FACTOR) return []
  const copies = replicationFactor === 1 ? 'one copy of everything' : `${replicationFactor} copies of everything`
  return [`${brokers === 1 ? 'one broker' : `${brokers} brokers`}, ${copies}: a lost disk may lose acknowledged events`]
}

async function compare({ settings, logger }: Cluster, present: readonly DesiredTopic[]): Promise<WrongSetting[]> {
  const fullName = (name: string): string => `${settings.namespace}.${name}`
  const admin = adminClient(settings, logger)
  try {
    await admin.connect()
    const { resources } = await admin.describeConfigs({
      resources: present.map(({ name }) => ({ type: TOPIC_RESOURCE, name: fullName(name) })),
      includeSynonyms: false,
    })
    return present.flatMap(({ name, settings: wanted }) => {
      const entries = resources.find(({ resourceName }) => resourceName === fullName(name))?.configEntries ?? []
      const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
      return wanted
        .filter((setting) => !fits(setting, found.get(setting.name) ?? ''))
        .map((setting) => ({
          topic: fullName(name),
          setting: setting.name,
          found: found.get(setting.name) ?? '',
          expected: setting.rule === 'at-least' ? `${setting.value} or more` : setting.value,
        }))
    })
  } finally {
    await admin.disconnect()
  }
}

function fits({ value, rule }: TopicSetting, found: string): boolean {
  if (rule === 'initial') return true
  return rule === 'exact' ? found === value : Number(found) >= Number(value)
}

async function create({ settings, logger, topics, reader }: Cluster, planned: TopicPlan): Promise<void> {
  const { missing, replicationFactor } = planned
  if (missing.length === 0) return
  const admin = adminClient(settings, logger)
  try {
    await admin.connect()
    await admin.createTopics({
      topics: missing.map(({ topic, partitions, settings: wanted }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: wanted.map(({ name, value }) => ({ name, value })),
      })),
      // Its way of waiting fails on a topic that a broker has not heard of yet.
      waitForLeaders: false,
    })
  } finally {
    await admin.disconnect()
  }
  await Promise.all(
    missing.flatMap(({ topic, partitions }) =>
      Array.from({ length: partitions }, async (_, partition) => {
        await topics.appears(topic)
        await reader.end({ topic, partition }, 0)
      }),
    ),
  )
}

async function alter({ connections, topics }: Cluster, { topic, setting, expected }: WrongSetting): Promise<void> {
  const [value = expected] = expected.split(' ')
  const request = alterTopicRequest(topic, setting, value)
  const code = await anyBroker(topics.addresses(), (address) => connections.request(address, request))
  if (code !== 0) throw requestError(code, topic)
}
