/** One store of this process: a log, the materializer over it, and what runs its jobs. */
import type { Command } from './core/commands.ts'
import type { Event } from './core/events.ts'
import type { Materializer } from './materializer/materializer.ts'
import type { StoreQueries } from './store-queries.ts'

export interface Store {
  readonly alias: string
  readonly materializer: Materializer
  /** What it answers from its fold, whoever owns its partitions. */
  readonly queries: StoreQueries
  /** Folds the log, and becomes an owner where this process is one: from then on commands are answered. */
  open(): Promise<void>
  /** Timers count and runs are executed. */
  start(): Promise<void>
  /**
   * Takes no run any more; resolves when what runs here is over, or soon after `deadline` (epoch ms). A store whose log is
   * its own fires no more; a cluster goes on firing, for its other executors, until the partitions are given back.
   */
  drain(deadline: number): Promise<void>
  /** Lets go of everything, soon after `deadline` (epoch ms) at the latest where others share the log. */
  close(deadline: number): Promise<void>
  /** Lets go of the log without more, after a failed `open`. */
  abandon(): Promise<void>
  /** Rejects with `invalid-option` when it can't be added. */
  addExecutor(name: string, concurrency: number): Promise<void>
  removeExecutor(name: string, deadline: number): Promise<void>
  /** Runs that waited for an executor are handed over. */
  handOver(): void
  /** The command's events, durable; without a job id it is for every partition, and answered when all have answered. */
  submit(command: Command): Promise<readonly Event[]>
}
