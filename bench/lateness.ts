/**
 * Lateness: from the scheduled time to the start of the handler, at 100 fires a second, the decision durable before the
 * start. Beside it a bare setTimeout aimed at the same instants in the same process at the same time.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interval, Scheduler } from '../src/index.ts'
import { exactNow } from './exact-now.ts'
import type { BenchLine } from './line.ts'
import { quantile } from './median.ts'

const JOBS = 10
const EVERY_MS = 100
const RUN_MS = 10_000

export async function benchLateness(): Promise<BenchLine[]> {
  const folder = await mkdtemp(join(tmpdir(), 'horolog-bench-'))
  const scheduler = await Scheduler.open({ log: `file:${folder}` })
  const ours: number[] = []
  const bare: number[] = []
  scheduler.task('measure', (context) => {
    ours.push(exactNow() - context.run.scheduledAt.getTime())
  })
  const start = Date.now() + 500
  for (let job = 0; job < JOBS; job += 1) {
    const first = start + (job * EVERY_MS) / JOBS
    await scheduler.addJob({ id: `every-${job}`, task: 'measure', trigger: interval(EVERY_MS, { start: first }) })
    repeatBare(first, start + RUN_MS, bare)
  }
  await scheduler.start()
  await new Promise((resolve) => setTimeout(resolve, start + RUN_MS - Date.now()))
  await scheduler.shutdown()
  await rm(folder, { recursive: true })
  return [0.5, 0.99].map((share) => {
    const value = quantile(ours, share)
    const peerValue = quantile(bare, share)
    const bench = `lateness/100-per-second/p${share * 100}`
    return { bench, unit: 'ms', value, peer: 'setTimeout in the same process', peerValue, ratio: value / peerValue }
  })
}

function repeatBare(at: number, until: number, into: number[]): void {
  if (at >= until) return
  setTimeout(() => {
    into.push(exactNow() - at)
    repeatBare(at + EVERY_MS, until, into)
  }, at - Date.now())
}
