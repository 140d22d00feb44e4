/**
 * The state of a million jobs: folded from the log, restored from the local store, restored from the state topic; how long a
 * checkpoint holds up its partition; and what a job takes in memory.
 *
 * Boundary: the log is in memory, so that it is our work that is measured; the local store is on the working directory's disk.
 * On a broker: `kafka-restore.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createMemoryCluster } from '../src/adapters/memory/memory-log.ts'
import { openRocksStore } from '../src/adapters/rocksdb/rocksdb-store.ts'
import type { CheckpointSource } from '../src/materializer/checkpoint/checkpoint-source.ts'
import { LocalCheckpoint } from '../src/materializer/checkpoint/local-checkpoint.ts'
import { OwnedCheckpoints } from '../src/materializer/checkpoint/owned-checkpoints.ts'
import { freeze } from '../src/materializer/checkpoint/state-rows.ts'
import { StateTopic } from '../src/materializer/checkpoint/state-topic.ts'
import { TopicCheckpoints } from '../src/materializer/checkpoint/topic-checkpoints.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import type { BenchLine } from './line.ts'
import { heldUp, memory, timed } from './measure.ts'
import { clock, entropy, JOBS, newFold, partsOf, stateCodec, writeJobs } from './million-jobs.ts'

const PEER = 'folding the log'

type Add = (bench: string, unit: string, value: number, peerValue?: number) => void

export async function benchRestore(): Promise<BenchLine[]> {
  const log = createMemoryCluster({ now: () => clock.now() }).connect('bench')
  await writeJobs(log)
  const lines: BenchLine[] = []
  const add: Add = (bench, unit, value, peerValue) => {
    const beside = peerValue === undefined ? {} : { peer: PEER, peerValue, ratio: value / peerValue }
    lines.push({ bench: `restore/${bench}`, unit, value, ...beside })
  }
  const folder = mkdtempSync(join(process.cwd(), '.bench-restore-'))
  try {
    // One state at a time is in memory.
    const folded = await foldAndCheckpoint(log, folder, add)
    await restoreLocal(log, folder, add, folded)
    const { value, seconds, cpuSeconds } = await timed(() => new TopicCheckpoints(partsOf(log)).restore())
    add('1 M jobs from the state topic', 's', seconds, folded)
    add('CPU of that', 's', cpuSeconds)
    if (value?.state.jobCount !== JOBS) throw new Error('the checkpoint on the topic is not whole')
    return lines
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Seconds of the fold. */
async function foldAndCheckpoint(log: EventLog, folder: string, add: Add): Promise<number> {
  const empty = memory()
  const fold = newFold(log)
  const { seconds, cpuSeconds } = await timed(() => fold.foldToEnd())
  add('1 M jobs by folding the log', 's', seconds)
  add('CPU of that', 's', cpuSeconds)
  add('memory of a folded job', 'bytes', (memory() - empty) / JOBS)
  const frozen = await timed(async () => freeze(fold.state).jobs.length)
  add('hold-up at the beginning of a full checkpoint', 'ms', frozen.seconds * 1_000)

  const source: CheckpointSource = { state: fold.state, cursor: fold.cursor, extra: () => new Uint8Array(0) }
  const store = await openRocksStore(folder)
  const local = new LocalCheckpoint({ ...partsOf(log), store })
  local.begin(source)
  const onDisk = await heldUp(() => local.close())
  add('write to the local store', 's', onDisk.seconds)
  add('longest hold-up meanwhile, local store', 'ms', onDisk.longestMs)
  await store.close()

  const topic = new StateTopic(log, stateCodec, 0)
  const owned = new OwnedCheckpoints(source, { topic, stateCodec, clock, entropy, partitions: 1 })
  const onTopic = await heldUp(() => owned.writeNext())
  owned.end()
  add('write to the state topic and read back', 's', onTopic.seconds)
  add('longest hold-up meanwhile, state topic', 'ms', onTopic.longestMs)
  return seconds
}

async function restoreLocal(log: EventLog, folder: string, add: Add, folded: number): Promise<void> {
  const before = memory()
  const store = await openRocksStore(folder)
  const local = new LocalCheckpoint({ ...partsOf(log), store })
  const { value, seconds, cpuSeconds } = await timed(() => local.restore())
  add('1 M jobs from the local store', 's', seconds, folded)
  add('CPU of that', 's', cpuSeconds)
  await store.close()
  add('memory of a restored job', 'bytes', (memory() - before) / JOBS)
  if (value?.state.jobCount !== JOBS) throw new Error('the local checkpoint is not whole')
}
