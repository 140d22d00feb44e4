/**
 * The last `keepRuns` finished runs of each job, in the store only.
 *
 * A cache: what is older, or of a job that is gone, is in the events; so is what a store doesn't have because its state
 * was restored from elsewhere.
 */
import type { JobState } from '../core/job/job-state.ts'
import { MAX_KEEP_RUNS } from '../core/limits.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { Retired } from '../core/state.ts'
import { LogError } from '../ports/event-log.ts'
import type { StateStore, StoreRow } from '../ports/state-store.ts'
import type { Logger } from '../ports/telemetry.ts'
import type { Ended } from './read-finished.ts'

interface Row {
  /** How many runs of the job had ended with this one. */
  readonly ended: number
  readonly run: Omit<FinishedRun, 'payload'> & {
    /** Base64. */
    readonly payload: string | null
  }
}

/** As `readFinished` does of the partition. */
type ReadEvents = (see: (ended: readonly Ended[]) => Promise<void>) => Promise<void>

interface Stored {
  /** The latest first. */
  readonly runs: FinishedRun[]
  /** The latest that is not there ended by then; below all times: none is missing. */
  readonly missedBy: number
}

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export class FinishedRuns {
  readonly #store: StateStore
  readonly #logger: Logger
  readonly #jobOf: (jobId: string) => JobState | undefined
  readonly #readEvents: ReadEvents
  /** The runs of all jobs that ended up to this time were taken from the events, as far as these have them. */
  #takenThrough = Number.NEGATIVE_INFINITY
  /** Under way, one at a time. */
  #taking: Promise<void> | null = null
  /** The last write, which never rejects. */
  #writing: Promise<void> = Promise.resolve()

  /** `jobOf`: a job as it is by now. */
  constructor(
    store: StateStore,
    logger: Logger,
    jobOf: (jobId: string) => JobState | undefined,
    readEvents: ReadEvents,
  ) {
    this.#store = store
    this.#logger = logger
    this.#jobOf = jobOf
    this.#readEvents = readEvents
  }

  /** When the store fails nothing is lost that the events don't have. */
  keep(retired: Retired): void {
    const rows: StoreRow[] = []
    for (const { job, run } of retired.finished) {
      const { keepRuns } = job.definition
      if (keepRuns === 0) continue
      if (job.endedRuns > keepRuns) rows.push({ key: key(job, job.endedRuns - keepRuns), value: null })
      rows.push(row(job, run))
    }
    for (const job of retired.jobs) {
      const first = Math.max(1, job.endedRuns - MAX_KEEP_RUNS + 1)
      for (let ended = first; ended <= job.endedRuns; ended += 1) rows.push({ key: key(job, ended), value: null })
    }
    if (rows.length > 0) this.#writing = this.#write(rows)
  }

  /**
   * Those that are kept, the latest first. When the store has fewer than are to be kept of the job, those of all jobs are
   * taken from the events first, once; rejects with a `LogError` that may pass when they can't be read now.
   */
  async of(job: JobState): Promise<FinishedRun[]> {
    // Those that have just ended are on their way to the store.
    await this.#writing
    const kept = await this.#stored(job)
    if (kept.runs.length > job.endedRuns - firstKept(job)) return kept.runs
    while (this.#takenThrough < kept.missedBy) await this.#takeOnce(kept.missedBy)
    return (await this.#stored(job)).runs
  }

  /** null: it is not kept. Rejects as `of` does. */
  async find(job: JobState, runId: string): Promise<FinishedRun | null> {
    const isIt = (run: FinishedRun): boolean => run.runId === runId
    // Not of the events when the store has it, whatever else it lacks.
    return (await this.#stored(job)).runs.find(isIt) ?? (await this.of(job)).find(isIt) ?? null
  }

  async #stored(job: JobState): Promise<Stored> {
    const runs: FinishedRun[] = []
    let missedBy = Number.NEGATIVE_INFINITY
    let before = job.last?.at ?? job.addedAt
    for (let { endedRuns: ended } = job; ended >= firstKept(job); ended -= 1) {
      const value = await this.#store.get(key(job, ended))
      const there = value === null ? null : decodeRow(value)
      if (there?.ended === ended) {
        runs.push(there.run)
        before = there.run.finishedAt
      } else missedBy = Math.max(missedBy, before)
    }
    return { runs, missedBy }
  }

  #takeOnce(through: number): Promise<void> {
    this.#taking ??= this.#take(through).finally(() => (this.#taking = null))
    return this.#taking
  }

  /** Once it was tried, what ended until `through` and was not found is in the events no longer. */
  async #take(through: number): Promise<void> {
    let last = through
    try {
      await this.#readEvents(async (ended) => {
        last = Math.max(last, ended.at(-1)?.run.finishedAt ?? last)
        const rows = ended.filter((one) => this.#isKept(one.job)).map(({ job, run }) => row(job, run))
        if (rows.length > 0) await this.#write(rows)
      })
    } catch (err) {
      if (err instanceof LogError && (err.retryable || err.code === 'closed')) throw err
      this.#logger.warn({ err }, 'finished runs could not be taken from the events')
    }
    this.#takenThrough = Math.max(this.#takenThrough, last)
  }

  /** The run with which the job was like that. */
  #isKept(then: JobState): boolean {
    const job = this.#jobOf(then.jobId)
    return job !== undefined && job.incarnation === then.incarnation && then.endedRuns >= firstKept(job)
  }

  async #write(rows: readonly StoreRow[]): Promise<void> {
    try {
      await this.#store.write(rows)
    } catch (err) {
      this.#logger.warn({ err }, 'finished runs were not stored: they are in the events')
    }
  }
}

function row(job: JobState, run: FinishedRun): StoreRow {
  return { key: key(job, job.endedRuns), value: encodeRow(job.endedRuns, run) }
}

/** Counted from 1; above `endedRuns` when none is kept. */
function firstKept({ endedRuns, definition }: JobState): number {
  return Math.max(1, endedRuns - definition.keepRuns + 1)
}

function incarnationKey({ jobId, incarnation }: JobState): string {
  return `${jobId}/${incarnation}`
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
  return `finished/${incarnationKey(job)}/${ended % MAX_KEEP_RUNS}`
}
