/** A namespace of its own on the run's broker, or on another one, and logs on it. */
import { type KafkaLog, type KafkaLogOptions, openKafkaLog } from '../../src/adapters/kafka/kafka-log.ts'
import { applyTopics, type TopicsOptions } from '../../src/adapters/kafka/topics.ts'
import { kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'

/** Short enough for tests that wait for a session to end. */
export const FAST = { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 200 } as const

export interface Namespace {
  readonly options: KafkaLogOptions & { readonly namespace: string }
  readonly open: (more?: Partial<KafkaLogOptions>) => Promise<KafkaLog>
  /** Closes all logs that it opened. */
  readonly close: () => Promise<void>
}

/** With three partitions; default: on the run's broker. */
export async function makeNamespace(topics: Partial<TopicsOptions> = {}): Promise<Namespace> {
  const options = { brokers: kafkaBrokersUnless(topics), namespace: uniqueName('test'), now: () => Date.now(), ...FAST }
  await applyTopics({ ...options, partitions: 3, ...topics })
  const logs: KafkaLog[] = []
  return {
    options,
    open: async (more = {}) => {
      const log = await openKafkaLog({ ...options, ...more })
      logs.push(log)
      return log
    },
    close: async () => void (await Promise.all(logs.map((log) => log.close()))),
  }
}

function kafkaBrokersUnless({ brokers }: Partial<TopicsOptions>): readonly string[] {
  return brokers ?? kafkaBrokers()
}
