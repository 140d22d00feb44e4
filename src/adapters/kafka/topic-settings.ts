/**
 * The topics of a namespace and how they are set: pure data. The table is that of the design's section on topics; protocol
 * §1 says what lies in them.
 */
export interface TopicSetting {
  readonly name: string
  readonly value: string
  /** `exact`: another value breaks a promise. `at-least`: a greater one is as good. `initial`: the operator's to change. */
  readonly rule: 'exact' | 'at-least' | 'initial'
}

export interface DesiredTopic {
  /** Without the namespace. */
  readonly name: string
  /** Of a new one. */
  readonly partitions: number
  /** An existing one must have exactly as many. */
  readonly countMatters: boolean
  readonly settings: readonly TopicSetting[]
}

export interface TopicNumbers {
  /** Of events, commands, reports, state and replies. */
  readonly partitions: number
  readonly replicationFactor: number
  /** Partitions of `runs.<executor>`, by executor. */
  readonly executors: Readonly<Record<string, number>>
}

/** On Kafka a partition is the unit in which nodes share the load. */
export const DEFAULT_PARTITIONS = 12
export const DEFAULT_REPLICATION_FACTOR = 3

const DAY_MS = 86_400_000
const COMPACT_SEGMENT_MS = 600_000
/** Kafka's default, stated because a cluster may have a lower one: our batches have up to 1,000,000 bytes. */
const MAX_MESSAGE_BYTES = 1_048_588

const LOG_APPEND_TIME: TopicSetting = { name: 'message.timestamp.type', value: 'LogAppendTime', rule: 'exact' }

/** Two of three: one broker may be away, and what was acknowledged is on another one. */
function minInsync(copies: number): TopicSetting {
  return { name: 'min.insync.replicas', value: copies >= DEFAULT_REPLICATION_FACTOR ? '2' : '1', rule: 'at-least' }
}

/** One that has another number of copies than those that are made: more can't be in sync than there are. */
export function withCopies(topic: DesiredTopic, copies: number): DesiredTopic {
  const insync = minInsync(copies)
  return { ...topic, settings: topic.settings.map((setting) => (setting.name === insync.name ? insync : setting)) }
}

export function desiredTopics({ partitions, replicationFactor, executors }: TopicNumbers): DesiredTopic[] {
  const safe: TopicSetting[] = [
    minInsync(replicationFactor),
    { name: 'unclean.leader.election.enable', value: 'false', rule: 'exact' },
    { name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES), rule: 'at-least' },
  ]
  const kept = (days: number): TopicSetting[] => [
    { name: 'cleanup.policy', value: 'delete', rule: 'exact' },
    { name: 'retention.ms', value: String(days * DAY_MS), rule: 'initial' },
    ...safe,
  ]
  const forever: TopicSetting[] = [
    { name: 'cleanup.policy', value: 'delete', rule: 'exact' },
    { name: 'retention.ms', value: '-1', rule: 'exact' },
    { name: 'retention.bytes', value: '-1', rule: 'exact' },
    ...safe,
  ]
  const compacted: TopicSetting[] = [
    { name: 'cleanup.policy', value: 'compact', rule: 'exact' },
    { name: 'segment.ms', value: String(COMPACT_SEGMENT_MS), rule: 'initial' },
    { name: 'min.cleanable.dirty.ratio', value: '0.1', rule: 'initial' },
    ...safe,
  ]
  const parallel = { partitions, countMatters: true }
  return [
    { name: 'events', ...parallel, settings: [...forever, LOG_APPEND_TIME] },
    { name: 'commands', ...parallel, settings: [...kept(7), LOG_APPEND_TIME] },
    { name: 'reports', ...parallel, settings: [...kept(7), LOG_APPEND_TIME] },
    { name: 'state', ...parallel, settings: compacted },
    { name: 'control', partitions: 1, countMatters: true, settings: kept(7) },
    { name: 'replies', partitions, countMatters: false, settings: kept(1) },
    { name: 'dead-letters', partitions: 1, countMatters: false, settings: kept(30) },
    ...Object.entries(executors).map(([executor, count]) => ({
      name: `runs.${executor}`,
      partitions: count,
      countMatters: false,
      settings: [...kept(7), LOG_APPEND_TIME],
    })),
  ]
}
