/**
 * The state of a million jobs: folded from the log, restored from the local store, restored from the state topic; how long a
 * checkpoint holds up its partition; and what a job takes in memory.
 *
 * Boundary: the log is in memory, so that it is our work that is measured; the local store is on the working directory's disk.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createMemoryCluster } from '../src/adapters/memory/memory-log.ts'
import { createSeededEntropy } from '../src/adapters/memory/seeded-entropy.ts'
import { openRocksStore } from '../src/adapters/rocksdb/rocksdb-store.ts'
import { createSystemClock } from '../src/adapters/system/system-clock.ts'
import { createEventCodec } from '../src/codec/event-codec.ts'
import { createStateCodec } from '../src/codec/state-codec.ts'
import type { Event } from '../src/core/events.ts'
import { DEFAULT_SETTINGS } from '../src/core/job/resolve-definition.ts'
import { step } from '../src/core/engine.ts'
import { Overlay, State } from '../src/core/state.ts'
import type { CheckpointSource } from '../src/materializer/checkpoint/checkpoint-source.ts'
import { LocalCheckpoint } from '../src/materializer/checkpoint/local-checkpoint.ts'
import { OwnedCheckpoints } from '../src/materializer/checkpoint/owned-checkpoints.ts'
import { freeze } from '../src/materializer/checkpoint/state-rows.ts'
import { StateTopic } from '../src/materializer/checkpoint/state-topic.ts'
import { TopicCheckpoints } from '../src/materializer/checkpoint/topic-checkpoints.ts'
import { PartitionFold } from '../src/materializer/partition-fold.ts'
import type { EventLog } from '../src/ports/event-log.ts'
import { SILENT } from '../src/ports/telemetry.ts'
import type { BenchLine } from './line.ts'

const JOBS = 1_000_000
const JOBS_PER_BATCH = 900
const EVENTS = { topic: 'events', partition: 0 }
const PEER = 'folding the log'

const eventCodec = createEventCodec()
const stateCodec = createStateCodec()
const clock = createSystemClock()
const entropy = createSeededEntropy(1)

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

function partsOf(log: EventLog) {
  return { log, stateCodec, eventCodec, clock, entropy, logger: SILENT, partition: 0 }
}

/** As an owner writes them: decided, with a trailer for each batch. */
async function writeJobs(log: EventLog): Promise<void> {
  const owner = entropy.bytes(16)
  const state = new State()
  let chain: Uint8Array = new Uint8Array(32)
  const append = async (events: readonly Event[]): Promise<void> => {
    const { values } = eventCodec.encode(events)
    chain = eventCodec.chain(chain, values)
    await log.append(
      EVENTS,
      values.map((value) => ({ key: null, value })),
    )
  }
  const time = clock.now()
  const announced = {
    node: 'bench',
    generation: 1,
    partitions: 1,
    hash: 'murmur2',
    format: 1,
    logId: entropy.bytes(16),
  }
  await append([{ type: 'OwnerAnnounced', epoch: 1, seq: 0, index: 0, time, owner, ...announced }])
  for (let done = 0, seq = 1; done < JOBS; seq += 1) {
    const overlay = new Overlay(state)
    const events: Event[] = []
    for (; done < JOBS && events.length < JOBS_PER_BATCH; done += 1) addJob(overlay, events, done, { epoch: 1, seq })
    const count = events.length
    const progress = { commandsThrough: -1, reportsThrough: -1, dispatchedThrough: { epoch: 0, seq: 0 } }
    const at = { epoch: 1, seq, index: count, time: overlay.lastTime }
    await append([...events, { type: 'BatchCommitted', ...at, owner, count, prev: chain, ...progress }])
  }
}

/** A job of some 250 bytes: an hourly one, with a payload of its own. */
function addJob(overlay: Overlay, into: Event[], number: number, batch: { epoch: number; seq: number }): void {
  const payload = Buffer.from(JSON.stringify({ customer: number, report: 'monthly', format: 'pdf', locale: 'en-GB' }))
  const trigger = { type: 'interval', every: 'PT1H' }
  const command = {
    type: 'AddJob',
    jobId: `report-${String(number).padStart(8, '0')}`,
    job: { task: 'send-report', payload, trigger },
    ifExists: 'replace',
    commandId: `bench-${number}`,
    commandGiven: false,
    actor: null,
    commandOffset: null,
  } as const
  const liveness = { since: 0, heardOf: () => undefined }
  const [event] = step(
    overlay,
    { kind: 'command', command },
    { batch, now: clock.now(), liveness, settings: DEFAULT_SETTINGS },
    into,
  )
  if (event?.type !== 'JobAdded') throw new Error(`a job was not added: ${JSON.stringify(event)}`)
}

function newFold(log: EventLog): PartitionFold {
  const ignore = (): void => {}
  const place = { log, codec: eventCodec, topicPartition: EVENTS, singleWriter: true }
  return new PartitionFold({ ...place, accepted: ignore, refused: ignore })
}

interface Timed<T> {
  readonly value: T
  readonly seconds: number
  /** Of all threads: what a machine without neighbours would take, or less. */
  readonly cpuSeconds: number
}

async function timed<T>(run: () => Promise<T>): Promise<Timed<T>> {
  const began = performance.now()
  const cpu = process.cpuUsage()
  const value = await run()
  const { user, system } = process.cpuUsage(cpu)
  return { value, seconds: (performance.now() - began) / 1_000, cpuSeconds: (user + system) / 1e6 }
}

/** The longest time in which nothing else could run. */
async function heldUp(run: () => Promise<void>): Promise<{ readonly seconds: number; readonly longestMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const { seconds } = await timed(run)
  delay.disable()
  return { seconds, longestMs: delay.max / 1e6 }
}

/** Bytes of live objects and of their buffers. */
function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
