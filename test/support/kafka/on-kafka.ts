/**
 * What a test file needs to run on Kafka. `describeOnKafka` is for tests on the run's one broker, which they share: topics
 * and groups have names of their own (`uniqueName`). `describeWithBrokers` is for those that start their own and kill it.
 */
import { randomBytes } from 'node:crypto'
import { describe, inject } from 'vitest'

/** `describe`, skipped when the run has no Kafka. */
export const describeOnKafka: (name: string, tests: () => void) => void =
  inject('kafkaAddress') === null ? describe.skip : describe

/** `describe`, skipped when no brokers of one's own can be started. */
export const describeWithBrokers: (name: string, tests: () => void) => void =
  inject('jvmBrokerMissing') === null ? describe : describe.skip

/** `host:port` of the run's brokers. Throws outside of `describeOnKafka`. */
export function kafkaBrokers(): string[] {
  const address = inject('kafkaAddress')
  if (address === null) throw new Error('this run has no Kafka')
  return address.replace(/^kafka:\/\//, '').split(',')
}

/** For topics and groups on a broker that others use too. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}
