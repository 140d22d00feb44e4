/**
 * The Kafka of a test run: the one that HOROLOG_KAFKA names, else a container when Docker answers, else JVMs of our own.
 */
import { startBroker } from './broker.ts'
import { dockerAnswers, startKafkaContainer } from './docker.ts'
import { missingForJvmBroker } from './jars.ts'
import { clusterAt } from './probe.ts'
import { until } from './until.ts'

const NAMED_KAFKA_TIMEOUT_MS = 5_000

export interface TestKafka {
  /** `kafka://host:port[,host:port…]`. */
  readonly address: string
  readonly source: 'HOROLOG_KAFKA' | 'Docker' | 'JVM'
  /** Empty unless the source is our own JVM. */
  readonly logFiles: readonly string[]
  /** Leaves a named one alone. */
  readonly stop: () => Promise<void>
}

/** Null, and the reason, when this machine has none. Rejects when a named one does not answer. */
export async function kafkaForTests(named: string | undefined): Promise<TestKafka | { readonly missing: string }> {
  if (named !== undefined && named !== '') return namedKafka(named)
  if (await dockerAnswers()) {
    const { brokers, stop } = await startKafkaContainer()
    return { address: `kafka://${brokers.join(',')}`, source: 'Docker', logFiles: [], stop }
  }
  const missing = await missingForJvmBroker()
  if (missing !== null) return { missing: `HOROLOG_KAFKA is not set, Docker does not answer, and ${missing}` }
  const { address, logFiles, stop } = await startBroker()
  return { address, source: 'JVM', logFiles, stop }
}

async function namedKafka(named: string): Promise<TestKafka> {
  const brokers = named.replace(/^kafka:\/\//, '').split(',')
  const answers = async (): Promise<boolean> => {
    const clusters = await Promise.all(brokers.map((broker) => clusterAt(broker)))
    return clusters.some((cluster) => cluster !== null)
  }
  if (!(await until(answers, NAMED_KAFKA_TIMEOUT_MS))) throw new Error(`HOROLOG_KAFKA=${named}: nobody answers there`)
  return { address: `kafka://${brokers.join(',')}`, source: 'HOROLOG_KAFKA', logFiles: [], stop: async () => {} }
}
