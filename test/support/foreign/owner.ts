/** A namespace of its own on the run's broker, and a scheduler in this process that owns its partitions and executes nothing. */
import { applyTopics } from '../../../src/adapters/kafka/topics.ts'
import { type EventType, Scheduler, type SchedulerOptions } from '../../../src/index.ts'
import { kafkaBrokers, uniqueName } from '../kafka/on-kafka.ts'
import { Heard } from './heard.ts'

/** More than one, so that a record can be misrouted. */
export const PARTITIONS = 3

export interface ForeignOwner {
  readonly namespace: string
  readonly bootstrap: string
  readonly scheduler: Scheduler
  readonly heard: Heard
  readonly stop: () => Promise<void>
}

export async function startOwner(
  executors: readonly string[],
  types: readonly EventType[],
  more: Partial<SchedulerOptions> = {},
): Promise<ForeignOwner> {
  const brokers = kafkaBrokers()
  const namespace = uniqueName('foreign')
  const counts = Object.fromEntries(['default', ...executors].map((name) => [name, PARTITIONS]))
  await applyTopics({ brokers, namespace, partitions: PARTITIONS, executors: counts })
  const scheduler = await Scheduler.open({
    log: `kafka://${brokers.join(',')}/${namespace}?sessionTimeoutMs=2000&heartbeatIntervalMs=250`,
    roles: ['owner'],
    executors: Object.fromEntries(executors.map((name) => [name, {}])),
    ...more,
  })
  const heard = new Heard(scheduler, types)
  await scheduler.start()
  return { namespace, bootstrap: brokers.join(','), scheduler, heard, stop: () => scheduler.shutdown() }
}
