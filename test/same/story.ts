/** What is told of a whole node, whatever its log is. */
import type { JobClient } from '../../src/client/job-client.ts'
import type { EventType } from '../../src/core/events.ts'
import type { Scheduler, SchedulerOptions, TaskHandler, TaskOptions } from '../../src/index.ts'

export interface Story {
  readonly name: string
  readonly options?: Pick<SchedulerOptions, 'executors' | 'jobDefaults' | 'profile' | 'timezone'>
  /** Events that it is about: the comparison of nothing with nothing would be no test. */
  readonly shows: readonly EventType[]
  readonly play: (stage: Stage) => Promise<void>
}

export interface Stage {
  /** Started: it owns the log and executes. */
  readonly scheduler: Scheduler
  /** Who asks: the scheduler itself, or a client of its cluster. */
  readonly client: JobClient
  readonly clock: StoryClock
  /** Registers a task whose calls are waited for: time doesn't go on before they have begun. */
  readonly task: (name: string, handler: TaskHandler, options?: TaskOptions) => void
  /** Something to compare beside the events. */
  readonly note: (what: unknown) => void
  /** Notes the code and path with which it rejects. */
  readonly refused: (asked: Promise<unknown>) => Promise<void>
}

/** Moves on when everything has come that comes by itself. */
export interface StoryClock {
  readonly now: () => number
  /** Through all times on the way. */
  readonly advance: (ms: number) => Promise<void>
  /** A step of the clock, over the times on the way. */
  readonly jump: (ms: number) => Promise<void>
  readonly settle: () => Promise<void>
}
