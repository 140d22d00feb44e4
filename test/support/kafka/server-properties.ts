/** What a broker of ours is told: its properties file, and how it logs. */

export type ListenerProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface Listener {
  /** In capitals. */
  readonly name: string
  readonly protocol: ListenerProtocol
  readonly port: number
  /** Where its clients are told to come back: the same port, or that of a proxy. */
  readonly advertisedPort: number
}

interface NodeSettings {
  /** From 1. */
  readonly node: number
  readonly folder: string
  /** The first is the one on which the nodes talk with each other. */
  readonly listeners: readonly [Listener, ...Listener[]]
  readonly controllerPorts: readonly number[]
  /** Properties that win over ours. */
  readonly overrides: Readonly<Record<string, string>>
}

export const HOST = '127.0.0.1'

export function serverProperties(settings: NodeSettings): string {
  const { node, folder, listeners, controllerPorts } = settings
  const nodes = controllerPorts.length
  const copies = String(nodes)
  const inSync = String(Math.min(nodes, 2))
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node),
    'log.dirs': folder,
    // Every node votes, so that any one of three can die.
    'controller.quorum.voters': controllerPorts.map((port, i) => `${i + 1}@${HOST}:${port}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': listeners[0].name,
    listeners: [
      ...listeners.map(({ name, port }) => `${name}://${HOST}:${port}`),
      `CONTROLLER://${HOST}:${controllerPorts[node - 1]}`,
    ].join(','),
    'advertised.listeners': listeners
      .map(({ name, advertisedPort }) => `${name}://${HOST}:${advertisedPort}`)
      .join(','),
    'listener.security.protocol.map': [
      ...listeners.map(({ name, protocol }) => `${name}:${protocol}`),
      'CONTROLLER:PLAINTEXT',
    ].join(','),

    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,

    // A node that dies or stands still is noticed in seconds, not in ten.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'controller.quorum.election.timeout.ms': '500',
    'controller.quorum.fetch.timeout.ms': '1000',
    'replica.lag.time.max.ms': '4000',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '500',

    // Compaction runs while a test looks.
    'log.initial.task.delay.ms': '500',
    'log.cleaner.backoff.ms': '200',
    'log.cleaner.min.cleanable.ratio': '0.01',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...settings.overrides,
  }
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}

/** One line an event on the standard output; without the lists of all settings at every start. */
export const LOG4J_PROPERTIES = `rootLogger.level = INFO
rootLogger.appenderRef.stdout.ref = STDOUT
appender.stdout.type = Console
appender.stdout.name = STDOUT
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
logger.config.name = org.apache.kafka.common.config
logger.config.level = WARN
logger.kafkaConfig.name = kafka.server.KafkaConfig
logger.kafkaConfig.level = WARN
`
