/** What a store answers from its fold, whoever owns its partitions. */
import type { AcceptedEvents, StoredJob } from './client/backend.ts'
import { createEventCodec } from './codec/event-codec.ts'
import type { Event } from './core/events.ts'
import { partitionOf } from './core/partition.ts'
import type { FinishedRun } from './core/run/finished-run.ts'
import type { RunState } from './core/run/run-state.ts'
import type { Materializer } from './materializer/materializer.ts'
import { readAccepted } from './materializer/read-accepted.ts'
import { type FinishedReading, readFinished } from './materializer/read-finished.ts'
import type { EventLog } from './ports/event-log.ts'

export interface Queried {
  readonly alias: string
  readonly log: EventLog
  /** Nobody else can write to this log. */
  readonly singleWriter: boolean
  readonly materializer: Materializer
}

export class StoreQueries {
  readonly #queried: Queried

  constructor(queried: Queried) {
    this.#queried = queried
  }

  get isPaused(): boolean {
    return this.#queried.materializer.isPaused
  }

  job(jobId: string): StoredJob | undefined {
    const { alias, log, materializer } = this.#queried
    const state = materializer.partitions()[partitionOf(jobId, log.partitions)]?.state
    const job = state?.job(jobId)
    return state === undefined || job === undefined ? undefined : { store: alias, job, pauses: state }
  }

  jobs(): StoredJob[] {
    const { alias, materializer } = this.#queried
    return materializer.partitions().flatMap(({ state }) => {
      return [...state.jobs()].map((job) => ({ store: alias, job, pauses: state }))
    })
  }

  run(jobId: string, runId: string): RunState | undefined {
    return this.#queried.materializer.run(jobId, runId)
  }

  finishedRuns(jobId: string): Promise<readonly FinishedRun[]> {
    return this.#queried.materializer.finishedRuns(jobId)
  }

  /** Called for every batch that the log accepts from now on. Returns the function that stops it. */
  subscribe(listener: (accepted: AcceptedEvents) => void): () => void {
    const { alias, materializer } = this.#queried
    return materializer.subscribe((partition, events) => listener({ store: alias, partition, events }))
  }

  /** All runs of jobs of that id that ended, the latest first: reads the log from its beginning. */
  async history(jobId: string): Promise<FinishedRun[]> {
    const found: FinishedRun[] = []
    await readFinished(this.#reading(jobId), async (ended) => {
      for (const { run } of ended) if (run.jobId === jobId) found.push(run)
    })
    return found.toReversed()
  }

  /** Calls `see` for each accepted event of the job's partition: reads the log from its beginning. */
  replay(jobId: string, see: (event: Event, offset: number) => void): Promise<void> {
    return readAccepted(this.#reading(jobId), see)
  }

  #reading(jobId: string): FinishedReading {
    const { log, singleWriter } = this.#queried
    return { log, codec: createEventCodec(), partition: partitionOf(jobId, log.partitions), singleWriter }
  }
}
