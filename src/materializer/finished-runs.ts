/**
 * The last `keepRuns` finished runs of each job, in the store only.
 *
 * A cache: what is older, or of a job that is gone, is in the events.
 */
import type { JobState } from '../core/job/job-state.ts'
import { MAX_KEEP_RUNS } from '../core/limits.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { Retired } from '../core/state.ts'
import type { StateStore, StoreRow } from '../ports/state-store.ts'
import type { Logger } from '../ports/telemetry.ts'

interface Row {
  /** How many runs of the job had ended with this one. */
  readonly ended: number
  readonly run: Omit<FinishedRun, 'payload'> & {
    /** Base64. */
    readonly payload: string | null
  }
}

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export class FinishedRuns {
  readonly #store: StateStore
  readonly #logger: Logger

  constructor(store: StateStore, logger: Logger) {
    this.#store = store
    this.#logger = logger
  }

  /** When the store fails nothing is lost that the events don't have. */
  keep(retired: Retired): void {
    const rows: StoreRow[] = []
    for (const { job, run } of retired.finished) {
      const { keepRuns } = job.definition
      if (keepRuns === 0) continue
      if (job.endedRuns > keepRuns) rows.push({ key: key(job, job.endedRuns - keepRuns), value: null })
      rows.push({ key: key(job, job.endedRuns), value: encodeRow(job.endedRuns, run) })
    }
    for (const job of retired.jobs) {
      const first = Math.max(1, job.endedRuns - MAX_KEEP_RUNS + 1)
      for (let ended = first; ended <= job.endedRuns; ended += 1) rows.push({ key: key(job, ended), value: null })
    }
    if (rows.length === 0) return
    this.#store.write(rows).catch((err: unknown) => {
      this.#logger.warn({ err }, 'finished runs were not stored: they are in the events')
    })
  }

  /** Those that are kept, the latest first. */
  async of(job: JobState): Promise<FinishedRun[]> {
    const found: FinishedRun[] = []
    const first = Math.max(1, job.endedRuns - job.definition.keepRuns + 1)
    for (let ended = job.endedRuns; ended >= first; ended -= 1) {
      const value = await this.#store.get(key(job, ended))
      const row = value === null ? null : decodeRow(value)
      if (row?.ended === ended) found.push(row.run)
    }
    return found
  }
}

function encodeRow(ended: number, run: FinishedRun): Uint8Array {
  const payload = run.payload === null ? null : Buffer.from(run.payload).toString('base64')
  const row: Row = { ended, run: { ...run, payload } }
  return text.encoder.encode(JSON.stringify(row))
}

function decodeRow(value: Uint8Array): { readonly ended: number; readonly run: FinishedRun } {
  const { ended, run } = JSON.parse(text.decoder.decode(value)) as Row
  // Bytes of their own, as everywhere in the state: a small `Buffer` holds on to the pool that it was cut from.
  const payload = run.payload === null ? null : Uint8Array.from(Buffer.from(run.payload, 'base64'))
  return { ended, run: { ...run, payload } }
}

/** Slots are used round and round; a run's is the same whatever `keepRuns` is. */
function key(job: JobState, ended: number): string {
  return `finished/${job.jobId}/${job.incarnation}/${ended % MAX_KEEP_RUNS}`
}
