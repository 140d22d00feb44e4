/** What a store answers from its fold, whoever owns its partitions. */
import type { AcceptedEvents, StoredJob } from './client/backend.ts'
import { createEventCodec } from './codec/event-codec.ts'
import { partitionOf } from './core/partition.ts'
import type { FinishedRun } from './core/run/finished-run.ts'
import type { RunState } from './core/run/run-state.ts'
import type { Materializer } from './materializer/materializer.ts'
import { readFinished } from './materializer/read-finished.ts'
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
    const { alias, materializer } = this.#queried
    const job = materializer.job(jobId)
    return job === undefined ? undefined : { store: alias, job }
  }

  jobs(): StoredJob[] {
    const { alias, materializer } = this.#queried
    return materializer.jobs().map((job) => ({ store: alias, job }))
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
    const { log, singleWriter } = this.#queried
    const found: FinishedRun[] = []
    const partition = partitionOf(jobId, log.partitions)
    await readFinished({ log, codec: createEventCodec(), partition, singleWriter }, ({ run }) => {
      if (run.jobId === jobId) found.push(run)
    })
    return found.toReversed()
  }
}
