/** Prints how many bytes of memory a job at rest takes, before and after its first run. A process of its own: nothing else is in its memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createStateCodec } from '../../src/codec/state-codec.ts'
import { DEFAULT_DEFINITION } from '../../src/core/job/resolve-definition.ts'
import type { JobState } from '../../src/core/job/job-state.ts'
import { runIdOf } from '../../src/core/run/run-id.ts'
import { State } from '../../src/core/state.ts'
import { JOB_ROW } from '../golden/samples.ts'

const JOBS = 100_000
const codec = createStateCodec()

/** The record of an hourly job. */
function row(number: number, hasRun: boolean): Uint8Array {
  const payload = Buffer.from(JSON.stringify({ customer: number, report: 'monthly', format: 'pdf', locale: 'en-GB' }))
  const trigger = { type: 'interval', every: 'PT1H' } as const
  const jobId = `report-${String(number).padStart(8, '0')}`
  const incarnation = `1-${number}-7`
  const at = JOB_ROW.anchor + number
  const job: JobState = {
    ...JOB_ROW,
    jobId,
    incarnation,
    definition: { ...DEFAULT_DEFINITION, task: 'send-report', payload, trigger },
    nextFireTime: at + 3_600_000,
    paused: null,
    openRuns: [],
    decidedThrough: hasRun ? at : null,
    last: hasRun ? { runId: runIdOf(jobId, incarnation, at, null), outcome: 'succeeded', at } : null,
    counts: { succeeded: hasRun ? number : 0, failed: 0, stopped: 0, missed: 0, skipped: 0 },
  }
  return codec.encodeRow({ kind: 'job', row: job })
}

function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function restore(rows: readonly Uint8Array[]): State {
  const state = new State()
  for (const value of rows) {
    const decoded = codec.decodeRow(value)
    if (decoded.kind === 'job') state.putJob(decoded.row)
  }
  return state
}

function bytesEach(hasRun: boolean): number {
  const rows = Array.from({ length: JOBS }, (_, number) => row(number, hasRun))
  restore(rows.slice(0, 1_000))
  const before = liveBytes()
  const state = restore(rows)
  const bytes = (liveBytes() - before) / JOBS
  // What is still asked for is not collected.
  if (state.jobCount !== JOBS || rows.length !== JOBS) throw new Error('it is not whole')
  return bytes
}

process.stdout.write(JSON.stringify({ added: bytesEach(false), hasRun: bytesEach(true) }))
