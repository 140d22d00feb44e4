/** What the client needs of a node, wherever it runs. */
import type { Command } from '../core/commands.ts'
import type { Event } from '../core/events.ts'
import type { JobState } from '../core/job/job-state.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { Pauses } from './job-hold.ts'

export interface AcceptedEvents {
  /** Alias of the store whose log has them. */
  readonly store: string
  readonly partition: number
  readonly events: readonly { readonly event: Event; readonly offset: number }[]
}

/** A job, the alias of the store that it is in, and what its partition knows of pauses as of the same moment. */
export interface StoredJob {
  readonly store: string
  readonly job: JobState
  readonly pauses: Pauses
}

/** Everywhere: `store` names one store; without it the job is looked for in all, and new ones go to `default`. */
export interface Backend {
  /** The command's events, durable. Rejects with an `OperationalError`. */
  submit(command: Command, store?: string): Promise<readonly Event[]>
  job(jobId: string, store?: string): StoredJob | undefined
  jobs(store?: string): readonly StoredJob[]
  /** A run without an outcome. */
  run(jobId: string, runId: string, store?: string): RunState | undefined
  /** The runs of the job that are kept after their end, the latest first. */
  finishedRuns(jobId: string, store?: string): Promise<readonly FinishedRun[]>
  /** All runs of that id's jobs that ended, the latest first, from the events: as long as the log takes to read. */
  history(jobId: string, store?: string): Promise<readonly FinishedRun[]>
  /** Calls `see` for each accepted event of the job's partition, from the beginning: as long as the log takes to read. */
  replay(jobId: string, see: (event: Event, offset: number) => void, store?: string): Promise<void>
  /** Called for every batch that a log accepts from now on. Returns the function that stops it. */
  subscribe(listener: (accepted: AcceptedEvents) => void): () => void
  /** Calls `listener` when the node is shut down: nothing is told any more. */
  onClose(listener: () => void): void
  /** Epoch ms. */
  now(): number
  /** A fresh id for a command that its caller gave none. */
  newCommandId(): string
}
