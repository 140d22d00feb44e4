/** Durable add → succeeded: one-shot jobs added by concurrent callers, until the log has the last success. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Scheduler } from '../src/index.ts'
import type { BenchLine } from './line.ts'
import { median } from './median.ts'

const JOBS = 30_000
const CALLERS = 200
const ROUNDS = 3

export async function benchJobs(): Promise<BenchLine[]> {
  const durable: number[] = []
  const memory: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const folder = await mkdtemp(join(tmpdir(), 'horolog-bench-'))
    durable.push(await jobsPerSecond(`file:${folder}`))
    memory.push(await jobsPerSecond('memory:'))
    await rm(folder, { recursive: true })
  }
  const value = median(durable)
  const peerValue = median(memory)
  const peer = 'the same on a log in memory'
  return [{ bench: 'jobs/add-to-succeeded', unit: 'jobs/s', value, peer, peerValue, ratio: value / peerValue }]
}

async function jobsPerSecond(log: string): Promise<number> {
  const scheduler = await Scheduler.open({ log, executors: { default: { concurrency: 1_000 } } })
  scheduler.task('nothing', () => null)
  await scheduler.start()
  let left = JOBS
  const allSucceeded = new Promise<void>((resolve) => {
    scheduler.on('RunSucceeded', () => {
      left -= 1
      if (left === 0) resolve()
    })
  })
  const started = performance.now()
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < JOBS) {
      next += 1
      await scheduler.addJob({ id: `job-${next}`, task: 'nothing' })
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  await allSucceeded
  const seconds = (performance.now() - started) / 1_000
  await scheduler.shutdown()
  return JOBS / seconds
}
