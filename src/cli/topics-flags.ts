/** The flags that say which topics are wanted, for the verbs that plan and make them. */
import { type Command, InvalidArgumentError } from 'commander'
import type { TopicsOptions } from '../adapters/kafka/topics.ts'
import { clusterLog } from './log-address.ts'
import { addLogOption, addOutputOption, type LogOption, type OutputOption, wholeNumber } from './options.ts'

export interface TopicsFlags extends LogOption, OutputOption {
  readonly partitions?: number
  readonly executor?: Readonly<Record<string, number>>
  readonly replication?: number
}

/** More than a broker likes to have. */
const MAX_PARTITIONS = 10_000
const MAX_REPLICATION = 100

export function addTopicsFlags(command: Command): void {
  command
    .option(
      '--partitions <n>',
      'of events, commands, reports and state (default: as many as there are, else 12)',
      wholeNumber(1, MAX_PARTITIONS),
    )
    .option(
      '--executor <name=partitions>',
      'an executor and the partitions of its runs; may be repeated (default: default, as many as events)',
      executorPartitions,
    )
    .option(
      '--replication <n>',
      'copies of each (default: 3, or the number of brokers)',
      wholeNumber(1, MAX_REPLICATION),
    )
  addOutputOption(addLogOption(command))
}

export async function topicsOptions(flags: TopicsFlags): Promise<TopicsOptions> {
  const { kafkaConnection } = await import('../kafka-connection.ts')
  const { log, kafka } = await clusterLog(flags, 'only a cluster has topics')
  const { partitions, executor, replication } = flags
  return {
    ...kafkaConnection(log, kafka),
    ...(partitions === undefined ? {} : { partitions }),
    ...(executor === undefined ? {} : { executors: executor }),
    ...(replication === undefined ? {} : { replicationFactor: replication }),
  }
}

function executorPartitions(
  text: string,
  earlier: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const [, name = '', count = ''] = /^([A-Za-z0-9._-]{1,150})=(\d{1,5})$/.exec(text) ?? []
  const partitions = Number(count)
  if (name !== '' && partitions >= 1 && partitions <= MAX_PARTITIONS) return { ...earlier, [name]: partitions }
  throw new InvalidArgumentError(`Expected <name>=<partitions>, as reports=6, with 1 to ${MAX_PARTITIONS} partitions.`)
}
