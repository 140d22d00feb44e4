/**
 * Makes the topics of a namespace, and says how those that are there differ from what they should be.
 *
 * Boundary: `planTopics` changes nothing. `applyTopics` creates what is missing; settings it changes only when asked to, each
 * alone, so that the operator's own stay; the number of partitions never, because job ids are spread over it.
 */
import { LogError } from '../../ports/event-log.ts'
import { type Logger, SILENT } from '../../ports/telemetry.ts'
import { Connections } from './connections.ts'
import { TOPIC_ALREADY_EXISTS, topicError } from './errors.ts'
import { type KafkaOptions, type KafkaSettings, kafkaSettings } from './kafka-options.ts'
import { Reader } from './reader.ts'
import type { WireRequest } from './requests.ts'
import { type TopicAnswer, alterTopicRequest, createTopicsRequest, describeTopicsRequest } from './topic-requests.ts'
import { TopicMap, anyBroker } from './topic-map.ts'
import {
  type WrongCopies,
  type WrongCount,
  type WrongSetting,
  copiesWarning,
  countText,
  settingText,
} from './topic-differences.ts'
import {
  DEFAULT_PARTITIONS,
  DEFAULT_REPLICATION_FACTOR,
  type DesiredTopic,
  type TopicSetting,
  desiredTopics,
  withCopies,
} from './topic-settings.ts'

interface Wanted {
  /** Of events, commands, reports and state. Default: as many as events has, else 12. */
  readonly partitions?: number
  /** Default: 3, or the number of brokers where there are fewer. */
  readonly replicationFactor?: number
  /** Executors whose run topics are wanted, with their number of partitions. `default` is one, with as many as events. */
  readonly executors?: Readonly<Record<string, number>>
}

export interface TopicsOptions extends KafkaOptions, Wanted {
  readonly logger?: Logger
}

export interface PresentTopic {
  readonly topic: string
  readonly partitions: number
}

export interface TopicPlan {
  /** Those that are there, right or wrong. */
  readonly present: readonly PresentTopic[]
  /** Not there yet, with the settings that they will have. */
  readonly missing: readonly (DesiredTopic & { readonly topic: string })[]
  readonly wrongCounts: readonly WrongCount[]
  readonly wrongSettings: readonly WrongSetting[]
  /** Nothing here gives a topic more: that moves data between brokers. */
  readonly tooFewCopies: readonly WrongCopies[]
  /** Of new ones. */
  readonly replicationFactor: number
  /** For people. */
  readonly warnings: readonly string[]
}

/** Rejects with `LogError`. */
export function planTopics(options: TopicsOptions): Promise<TopicPlan> {
  return withCluster(options, (cluster) => topicPlan(cluster, options))
}

/**
 * Creates what is missing, and with `fix` sets what is wrong. Gives the plan that it carried out. Rejects with `LogError`:
 * `wrong-log` for counts that differ, and for settings that do, without `fix`; nothing was changed then.
 */
export function applyTopics(options: TopicsOptions & { readonly fix?: boolean }): Promise<TopicPlan> {
  return withCluster(options, async (cluster) => {
    const planned = await topicPlan(cluster, options)
    const [count] = planned.wrongCounts
    if (count !== undefined) throw new LogError('wrong-log', countText(count))
    const wrong = planned.wrongSettings.map(settingText).join('; ')
    if (wrong !== '' && options.fix !== true) throw new LogError('wrong-log', `${wrong}; set it, or let --fix do it`)
    for (const setting of planned.wrongSettings) await alter(cluster, setting)
    await create(cluster, planned)
    return planned
  })
}

/** What a plan is made with. */
export interface Cluster {
  readonly settings: KafkaSettings
  readonly connections: Connections
  readonly topics: TopicMap
}
interface ReadableCluster extends Cluster {
  readonly reader: Reader
}

async function withCluster<T>(options: TopicsOptions, task: (cluster: ReadableCluster) => Promise<T>): Promise<T> {
  const settings = kafkaSettings(options)
  const connections = new Connections(settings, options.logger ?? SILENT)
  const topics = new TopicMap(connections, settings.brokers)
  const reader = new Reader({ connections, topics, patienceMs: settings.requestTimeoutMs })
  try {
    return await task({ settings, connections, topics, reader })
  } finally {
    await connections.close()
  }
}

/** As `planTopics`, over connections that are there. */
export async function topicPlan(cluster: Cluster, options: Wanted): Promise<TopicPlan> {
  const { topics, settings } = cluster
  const fullName = (name: string): string => `${settings.namespace}.${name}`
  const existing = await topics.count(fullName('events'))
  const brokers = topics.brokerCount
  const replicationFactor = options.replicationFactor ?? Math.min(DEFAULT_REPLICATION_FACTOR, brokers)
  const partitions = options.partitions ?? existing ?? DEFAULT_PARTITIONS
  const executors = { default: partitions, ...options.executors }
  const desired = desiredTopics({ partitions, replicationFactor, executors })
  const missing: (DesiredTopic & { topic: string })[] = []
  const wrongCounts: WrongCount[] = []
  const tooFewCopies: WrongCopies[] = []
  const present: (DesiredTopic & PresentTopic)[] = []
  for (const topic of desired) {
    const full = fullName(topic.name)
    const [found, copies] = [await topics.count(full), await topics.copies(full)]
    if (found === null || copies === null) {
      missing.push({ ...topic, topic: full })
      continue
    }
    present.push({ ...withCopies(topic, copies), topic: full, partitions: found })
    if (topic.countMatters && found !== topic.partitions)
      wrongCounts.push({ topic: full, found, expected: topic.partitions })
    if (copies < replicationFactor) tooFewCopies.push({ topic: full, found: copies, expected: replicationFactor })
  }
  const wrongSettings = present.length === 0 ? [] : await compare(cluster, present)
  const told = present.map(({ topic, partitions: found }) => ({ topic, partitions: found }))
  const warnings = [...brokersWarning(replicationFactor, brokers), ...copiesWarning(tooFewCopies)]
  return { present: told, missing, wrongCounts, wrongSettings, tooFewCopies, replicationFactor, warnings }
}

function brokersWarning(replicationFactor: number, brokers: number): string[] {
  if (replicationFactor >= DEFAULT_REPLICATION_FACTOR) return []
  const copies = replicationFactor === 1 ? 'one copy of everything' : `${replicationFactor} copies of everything`
  return [`${brokers === 1 ? 'one broker' : `${brokers} brokers`}, ${copies}: a lost disk may lose acknowledged events`]
}

/** A setting that the cluster does not tell, as services with Kafka's protocol leave out some, can't differ. */
async function compare(cluster: Cluster, present: readonly DesiredTopic[]): Promise<WrongSetting[]> {
  const fullName = (name: string): string => `${cluster.settings.namespace}.${name}`
  const described = await ask(cluster, describeTopicsRequest(present.map(({ name }) => fullName(name))))
  return present.flatMap(({ name, settings: wanted }) => {
    const found = described.find(({ topic }) => topic === fullName(name))?.settings
    return wanted
      .map((setting) => ({ setting, value: found?.get(setting.name) }))
      .filter(({ setting, value }) => value !== undefined && !fits(setting, value))
      .map(({ setting, value = '' }) => ({
        topic: fullName(name),
        setting: setting.name,
        found: value,
        expected: setting.value,
        orMore: setting.rule === 'at-least',
      }))
  })
}

function fits({ value, rule }: TopicSetting, found: string): boolean {
  if (rule === 'initial') return true
  return rule === 'exact' ? found === value : Number(found) >= Number(value)
}

async function create(cluster: ReadableCluster, { missing, replicationFactor }: TopicPlan): Promise<void> {
  if (missing.length === 0) return
  const { settings, topics, reader } = cluster
  const fresh = missing.map((topic) => ({ ...topic, replicationFactor }))
  await ask(cluster, createTopicsRequest(fresh, settings.requestTimeoutMs))
  // A broker says yes before all of them, and the leaders themselves, have heard of it.
  for (const { topic } of missing) await topics.appears(topic)
  const places = missing.flatMap(({ topic, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  )
  await Promise.all(places.map((place) => reader.end(place, 0)))
}

async function alter(cluster: Cluster, { topic, setting, expected }: WrongSetting): Promise<void> {
  await ask(cluster, alterTopicRequest(topic, setting, expected))
}

/** Asks one broker after another. A topic that another has created meanwhile is as good. */
async function ask<T extends readonly TopicAnswer[]>(
  { connections, topics }: Cluster,
  request: WireRequest<T>,
): Promise<T> {
  return anyBroker(topics.addresses(), async (address) => {
    const answer = await connections.request(address, request)
    const failed = answer.find(({ errorCode }) => errorCode !== 0 && errorCode !== TOPIC_ALREADY_EXISTS)
    if (failed !== undefined) throw topicError(failed.errorCode, failed.topic, failed.message)
    return answer
  })
}
