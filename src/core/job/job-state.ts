/** What the state knows of a job. Values: evolve replaces them, nothing changes them in place. */
import type { JobDefinition } from './definition.ts'

export interface JobPause {
  readonly reason: string | null
  /** Epoch ms at which it ends by itself; null: never. */
  readonly until: number | null
}

export type Outcome = 'succeeded' | 'failed' | 'timed-out' | 'cancelled' | 'missed' | 'lost'

export interface LastOutcome {
  readonly runId: string
  readonly outcome: Outcome
  readonly at: number
}

/** How often something happened to the job since it was added. */
export interface JobCounts {
  readonly succeeded: number
  readonly failed: number
  /** Runs that ended timed-out, cancelled or lost. */
  readonly stopped: number
  readonly missed: number
  readonly skipped: number
}

export interface JobState {
  readonly jobId: string
  /** `epoch-seq-index` of the JobAdded. */
  readonly incarnation: string
  readonly version: number
  readonly definition: JobDefinition
  /** Start of an interval without one. */
  readonly anchor: number
  /** The next scheduled time to be decided, without jitter; null: none. */
  readonly nextFireTime: number | null
  /** The time-zone database by which that was computed; null: not known. */
  readonly zoneData: string | null
  /** The last scheduled time decided, whatever was decided; null before the first (invariant I2). */
  readonly decidedThrough: number | null
  /** Scheduled times decided so far: what `repeat` counts. */
  readonly decidedCount: number
  readonly paused: JobPause | null
  /** Scheduled times up to here came due during a pause that is over: they are skipped. null: none to judge so. */
  readonly heldThrough: number | null
  /** Scheduled times up to here have their run: they are coalesced into it. null: none to judge so. */
  readonly coalescedThrough: number | null
  /** Runs without an outcome, oldest first. */
  readonly openRuns: readonly string[]
  /** Runs that have an outcome. */
  readonly endedRuns: number
  readonly addedAt: number
  readonly last: LastOutcome | null
  readonly counts: JobCounts
}
