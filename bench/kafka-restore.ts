/**
 * The state of a million jobs on a node that has no files of its own: restored from the state topic of a broker, and beside it
 * folded from the events.
 *
 * Boundary: from the open log to the state of all partitions. To open it, and to join the group, is not in it.
 */
import { randomUUID } from 'node:crypto'
import { openKafkaLog } from '../src/adapters/kafka/kafka-log.ts'
import { applyTopics } from '../src/adapters/kafka/topics.ts'
import type { CheckpointSource } from '../src/materializer/checkpoint/checkpoint-source.ts'
import { OwnedCheckpoints } from '../src/materializer/checkpoint/owned-checkpoints.ts'
import { StateTopic } from '../src/materializer/checkpoint/state-topic.ts'
import { TopicCheckpoints } from '../src/materializer/checkpoint/topic-checkpoints.ts'
import type { PartitionFold } from '../src/materializer/partition-fold.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import type { BenchLine } from './line.ts'
import { memory, timed } from './measure.ts'
import { clock, entropy, JOBS, newFold, partsOf, stateCodec, writeJobs } from './million-jobs.ts'

const PARTITIONS = 12

export async function benchKafkaRestore(brokers: readonly string[]): Promise<BenchLine[]> {
  const namespace = `bench-${randomUUID()}`
  await applyTopics({ brokers, namespace, partitions: PARTITIONS })
  const open = (): Promise<EventLog> => openKafkaLog({ brokers, namespace, now: () => clock.now() })
  const folded = await writeState(await open())
  const empty = memory()
  const log = await open()
  const { value: folds, seconds, cpuSeconds } = await timed(() => allPartitions((partition) => restore(log, partition)))
  const bytes = (memory() - empty) / JOBS
  await log.close()
  assertWhole(folds)
  const peer = 'folding the events of the same broker'
  const line = (what: string, unit: string, value: number): BenchLine => ({ bench: `kafka/${what}`, unit, value })
  return [
    {
      ...line('restore of 1 M jobs from the state topic', 's', seconds),
      peer,
      peerValue: folded,
      ratio: seconds / folded,
    },
    line('CPU of that', 's', cpuSeconds),
    line('memory of a restored job', 'bytes', bytes),
  ]
}

/** Seconds of the fold. */
async function writeState(log: EventLog): Promise<number> {
  await writeJobs(log)
  const { value: folds, seconds } = await timed(() => allPartitions((partition) => fold(log, partition)))
  assertWhole(folds)
  for (const [partition, { state, cursor }] of folds.entries()) {
    const source: CheckpointSource = { state, cursor, extra: () => new Uint8Array(0) }
    const topic = new StateTopic(log, stateCodec, partition)
    const owned = new OwnedCheckpoints(source, { topic, stateCodec, clock, entropy, partitions: PARTITIONS })
    await owned.writeNext()
    owned.end()
  }
  await log.close()
  return seconds
}

/** Together, as a node does it. */
function allPartitions(run: (partition: number) => Promise<PartitionFold>): Promise<PartitionFold[]> {
  return Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => run(partition)))
}

async function fold(log: EventLog, partition: number): Promise<PartitionFold> {
  const folding = newFold(log, partition)
  await folding.foldToEnd()
  return folding
}

async function restore(log: EventLog, partition: number): Promise<PartitionFold> {
  const restored = await new TopicCheckpoints(partsOf(log, partition)).restore()
  if (restored === null) throw new Error(`partition ${partition} has no checkpoint`)
  const folding = newFold(log, partition)
  folding.resume(restored.state, restored.cursor)
  await folding.foldToEnd()
  return folding
}

function assertWhole(folds: readonly PartitionFold[]): void {
  const jobs = folds.reduce((sum, { state }) => sum + state.jobCount, 0)
  if (jobs !== JOBS) throw new Error(`expected ${JOBS} jobs, got ${jobs}`)
}
