/**
 * The last finished runs of each job, in the store only: `keepRuns` slots a job, written round and round.
 *
 * A cache: what is older, or of a job that is gone, is in the events.
 */
import type { JobState } from '../core/job/job-state.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { Retired } from '../core/state.ts'
import type { StateStore, StoreRow } from '../ports/state-store.ts'
import type { Logger } from '../ports/telemetry.ts'

interface Row {
  /** How many runs of the job had ended with this one. */
  readonly ended: number
  readonly run: FinishedRun
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
      const row: Row = { ended: job.endedRuns, run }
      rows.push({ key: key(job, job.endedRuns % keepRuns), value: text.encoder.encode(JSON.stringify(row)) })
    }
    for (const job of retired.jobs) {
      const slots = Math.min(job.definition.keepRuns, job.endedRuns)
      for (let slot = 0; slot <= slots; slot += 1) rows.push({ key: key(job, slot), value: null })
    }
    if (rows.length === 0) return
    this.#store.write(rows).catch((err: unknown) => {
      this.#logger.warn({ err }, 'finished runs were not stored: they are in the events')
    })
  }

  /** Those that are kept, the latest first. */
  async of(job: JobState): Promise<FinishedRun[]> {
    const { keepRuns } = job.definition
    const found: Row[] = []
    for (let slot = 0; slot < Math.min(keepRuns, job.endedRuns + 1); slot += 1) {
      const value = await this.#store.get(key(job, slot))
      const row = value === null ? null : (JSON.parse(text.decoder.decode(value)) as Row)
      if (row !== null && row.ended > job.endedRuns - keepRuns) found.push(row)
    }
    return found.toSorted((a, b) => b.ended - a.ended).map((row) => row.run)
  }
}

function key(job: JobState, slot: number): string {
  return `finished/${job.jobId}/${job.incarnation}/${slot}`
}
