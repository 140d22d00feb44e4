/**
 * Reading a log that this process does not own, while its owner writes or when nobody does.
 *
 * Boundary: nothing is written, locked or announced, and no folder is made.
 */
import type { State } from '../core/state.ts'
import type { EventLog } from '../ports/event-log.ts'
import { type ClusterLog, type FolderLog, lastingLog, mustHaveLog } from './log-address.ts'
import { LogFold } from './log-fold.ts'
import type { LogOption } from './options.ts'

export interface ReadableLog {
  /** The folder's absolute path, or the address of the cluster. */
  readonly name: string
  readonly log: EventLog
  /** Several may write to it: what a fenced owner left behind is no damage. */
  readonly isShared: boolean
}

/** Opens the log, lets `use` read it and closes it. */
export async function reading<T>(options: LogOption, use: (readable: ReadableLog) => Promise<T>): Promise<T> {
  const named = await lastingLog(options)
  const log = await open(named)
  try {
    return await use({ name: named.name, log, isShared: named.kind === 'kafka' })
  } finally {
    await log.close()
  }
}

async function open(named: FolderLog | ClusterLog): Promise<EventLog> {
  if (named.kind === 'file') {
    mustHaveLog(named.name)
    const { openEmbeddedLogForReading } = await import('../adapters/embedded/reading-log.ts')
    return openEmbeddedLogForReading({ folder: named.name })
  }
  const { openKafkaLog } = await import('../adapters/kafka/kafka-log.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { kafkaConnection } = await import('../kafka-connection.ts')
  const clock = createSystemClock()
  return openKafkaLog({ ...kafkaConnection(named.log, named.kafka), now: () => clock.now() })
}

export interface NamedStates {
  readonly name: string
  /** Of every partition, as of the end of the log. */
  readonly states: readonly State[]
}

/** On a cluster by a node that only follows, which needs no more of the log than a checkpoint and what came after it. */
export async function currentStates(options: LogOption): Promise<NamedStates> {
  const named = await lastingLog(options)
  if (named.kind === 'kafka') return { name: named.name, states: await followedStates(named) }
  return reading(options, async (readable) => {
    const fold = new LogFold(readable)
    await fold.toEnd()
    return { name: readable.name, states: fold.states }
  })
}

async function followedStates({ log, kafka }: ClusterLog): Promise<readonly State[]> {
  const { openNode } = await import('../open-node.ts')
  const { node, clock } = await openNode({ log, kafka }, [])
  const states = node.materializer.partitions().map(({ state }) => state)
  await node.shutdown(clock.now())
  return states
}
