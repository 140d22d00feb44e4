/** A Kafka in a container, for machines where Docker runs and Java does not. No node of it can be killed or paused. */
import type { StartedKafkaContainer } from '@testcontainers/kafka'

/** Confluent's image of Kafka 4.1: the container class knows no other. */
const IMAGE = 'confluentinc/cp-kafka:8.1.0'
const CLIENT_PORT = 9093
/** A daemon that hangs must not hold up a machine that has Java. */
const DOCKER_ANSWER_MS = 5_000

/** Whether a container could be started now. */
export async function dockerAnswers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), DOCKER_ANSWER_MS)
  })
  const answer = getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

export async function startKafkaContainer(): Promise<{ brokers: string[]; stop: () => Promise<void> }> {
  const { KafkaContainer } = await import('@testcontainers/kafka')
  const container: StartedKafkaContainer = await new KafkaContainer(IMAGE)
    .withEnvironment({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
      KAFKA_LOG_INITIAL_TASK_DELAY_MS: '500',
      KAFKA_LOG_CLEANER_BACKOFF_MS: '200',
      KAFKA_LOG_CLEANER_MIN_CLEANABLE_RATIO: '0.01',
      KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE: '16777216',
    })
    .start()
  return {
    brokers: [`${container.getHost()}:${container.getMappedPort(CLIENT_PORT)}`],
    stop: async () => void (await container.stop()),
  }
}
