/**
 * Starts the Kafka of a run of the test project `kafka`, once, and stops it at the end. Its address is provided as
 * `kafkaAddress`; on-kafka.ts takes it.
 *
 * Without any Kafka the tests that want one are skipped, and this says so; with HOROLOG_REQUIRE_KAFKA=1 the run fails.
 */
import type { TestProject } from 'vitest/node'
import { missingForJvmBroker } from './jars.ts'
import { type TestKafka, kafkaForTests } from './kafka-for-tests.ts'
import { tailOf } from './tail.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `kafka://host:port[,host:port…]` of the run's Kafka; null: there is none. */
    kafkaAddress: string | null
    /** What is missing to start brokers of one's own; null: nothing. */
    jvmBrokerMissing: string | null
  }
}

let kafka: TestKafka | null = null
let failedTests = (): number => 0

export async function setup(project: TestProject): Promise<void> {
  failedTests = () => project.vitest.state.getCountOfFailedTests()
  const jvmBrokerMissing = await missingForJvmBroker()
  if (jvmBrokerMissing !== null) skipOrFail('the tests that kill brokers', jvmBrokerMissing)
  const found = await kafkaForTests(process.env['HOROLOG_KAFKA'])
  if ('missing' in found) {
    skipOrFail('the tests on Kafka', found.missing)
  } else {
    kafka = found
    console.log(`Kafka for the tests (${kafka.source}): ${kafka.address}`)
  }
  project.provide('kafkaAddress', kafka?.address ?? null)
  project.provide('jvmBrokerMissing', jvmBrokerMissing)
}

function skipOrFail(what: string, reason: string): void {
  if (process.env['HOROLOG_REQUIRE_KAFKA'] === '1') throw new Error(`HOROLOG_REQUIRE_KAFKA is set, but ${reason}`)
  console.log(`\nSKIPPED: ${what}, because ${reason}\n`)
}

export async function teardown(): Promise<void> {
  if (failedTests() > 0) {
    for (const file of kafka?.logFiles ?? []) console.log(`the end of the broker's log, ${file}:\n${tailOf(file)}`)
  }
  await kafka?.stop()
}
