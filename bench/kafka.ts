/**
 * One process on a real Kafka broker: submit → succeeded, fires, lateness at 100 fires a second, and the restore of a
 * million jobs. Beside the first three plain kafkajs: producing the same records, and a bare append + produce + consume.
 *
 * Boundary: the broker is HOROLOG_KAFKA's, or one that is started for it.
 */
import { randomUUID } from 'node:crypto'
import { applyTopics } from '../src/adapters/kafka/topics.ts'
import { openKafkaLog } from '../src/adapters/kafka/kafka-log.ts'
import { interval, Scheduler } from '../src/index.ts'
import { startBroker } from '../test/support/kafka/broker.ts'
import { exactNow } from './exact-now.ts'
import { bareLoop } from './kafka-bare-loop.ts'
import { benchKafkaRestore } from './kafka-restore.ts'
import { produceAgain, type Produced } from './kafka-plain.ts'
import type { BenchLine } from './line.ts'
import { quantile } from './median.ts'

const JOBS = 30_000
/** Until the code is compiled. */
const WARM_UP = 10_000
/** With fewer the process waits for answers a fifth of the time. */
const CALLERS = 2_000
const EVERY_MS = 100
const PER_SECOND = 100
const RUN_MS = 10_000
const PARTITIONS = 12
const TOPICS = ['commands', 'events', 'runs.default', 'reports'] as const

export async function benchKafka(): Promise<BenchLine[]> {
  const given = process.env['HOROLOG_KAFKA']?.replace(/^kafka:\/\//, '')
  const started = given === undefined ? await startBroker() : null
  const brokers = given?.split(',') ?? started?.brokers ?? []
  try {
    return [...(await throughput(brokers)), ...(await lateness(brokers)), ...(await benchKafkaRestore(brokers))]
  } finally {
    await started?.stop()
  }
}

async function cluster(brokers: readonly string[]): Promise<{ namespace: string; log: string }> {
  const namespace = `bench-${randomUUID()}`
  await applyTopics({ brokers, namespace, partitions: PARTITIONS, executors: { default: PARTITIONS } })
  return { namespace, log: `kafka://${brokers.join(',')}/${namespace}` }
}

async function throughput(brokers: readonly string[]): Promise<BenchLine[]> {
  const { namespace, log } = await cluster(brokers)
  const scheduler = await Scheduler.open({ log, executors: { default: { concurrency: 1_000 } } })
  scheduler.task('nothing', () => null)
  await scheduler.start()
  const warm = succeeded(scheduler, WARM_UP)
  await addJobs(scheduler, 'warm-up', WARM_UP)
  await warm
  const before = await records(brokers, namespace)
  const submitted = await seconds(async () => {
    const done = succeeded(scheduler, JOBS)
    await addJobs(scheduler, 'job', JOBS)
    await done
  })
  const afterSubmit = await records(brokers, namespace)
  await scheduler.pause()
  await addJobs(scheduler, 'waiting', JOBS)
  const beforeFires = await records(brokers, namespace)
  const fired = await seconds(async () => {
    const done = succeeded(scheduler, JOBS)
    await scheduler.resume()
    await done
  })
  const afterFires = await records(brokers, namespace)
  await scheduler.shutdown()
  return [
    line('submit-to-succeeded', submitted, await produceAgain(brokers, namespace, before, afterSubmit)),
    line('fires', fired, await produceAgain(brokers, namespace, beforeFires, afterFires)),
  ]
}

function line(what: string, ours: number, plain: Produced): BenchLine {
  const peer = `the same ${plain.records} records produced by plain kafkajs`
  const value = JOBS / ours
  const peerValue = JOBS / plain.seconds
  return { bench: `kafka/${what}`, unit: 'runs/s', value, peer, peerValue, ratio: value / peerValue }
}

async function addJobs(scheduler: Scheduler, name: string, count: number): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await scheduler.addJob({ id: `${name}-${next}`, task: 'nothing' })
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

function succeeded(scheduler: Scheduler, count: number): Promise<void> {
  let left = count
  return new Promise((resolve) => {
    const heard = (): void => {
      left -= 1
      if (left > 0) return
      scheduler.off('RunSucceeded', heard)
      resolve()
    }
    scheduler.on('RunSucceeded', heard)
  })
}

async function seconds(act: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await act()
  return (performance.now() - started) / 1_000
}

type Ends = ReadonlyMap<string, number>

/** Where each partition of the topics ends. */
async function records(brokers: readonly string[], namespace: string): Promise<Ends> {
  const log = await openKafkaLog({ brokers, namespace, now: Date.now })
  const ends = new Map<string, number>()
  for (const topic of TOPICS) {
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      ends.set(`${topic}/${partition}`, await log.end({ topic, partition }))
    }
  }
  await log.close()
  return ends
}

async function lateness(brokers: readonly string[]): Promise<BenchLine[]> {
  const { namespace, log } = await cluster(brokers)
  const scheduler = await Scheduler.open({ log })
  const ours: number[] = []
  scheduler.task('measure', (context) => void ours.push(exactNow() - context.run.scheduledAt.getTime()))
  const jobs = (PER_SECOND * EVERY_MS) / 1_000
  const start = Date.now() + 2_000
  for (let job = 0; job < jobs; job += 1) {
    const first = start + (job * EVERY_MS) / jobs
    await scheduler.addJob({ id: `every-${job}`, task: 'measure', trigger: interval(EVERY_MS, { start: first }) })
  }
  await scheduler.start()
  const bare = await bareLoop(brokers, namespace, { start, everyMs: 1_000 / PER_SECOND, until: start + RUN_MS })
  await scheduler.shutdown()
  return [0.5, 0.99].map((share) => {
    const value = quantile(ours, share)
    const peerValue = quantile(bare, share)
    const bench = `kafka/lateness/100-per-second/p${share * 100}`
    const peer = 'a bare append, produce and consume in the same process'
    return { bench, unit: 'ms', value, peer, peerValue, ratio: value / peerValue }
  })
}
