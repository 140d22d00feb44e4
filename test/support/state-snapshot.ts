/** All that a state holds, as plain values that can be compared. */
import type { JobPause, JobState } from '../../src/core/job/job-state.ts'
import type { RunState } from '../../src/core/run/run-state.ts'
import type { PauseRule, State } from '../../src/core/state.ts'

export interface Snapshot {
  readonly jobs: readonly JobState[]
  readonly runs: readonly RunState[]
  /** In the order in which they will be forgotten. */
  readonly commands: readonly (readonly [id: string, time: number])[]
  readonly executors: readonly string[]
  readonly schedulePaused: JobPause | null
  readonly pauseRules: readonly PauseRule[]
  readonly lastTime: number
}

export function snapshot(state: State): Snapshot {
  return {
    jobs: [...state.jobs()].toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1)),
    runs: [...state.runs()].toSorted((a, b) => (a.runId < b.runId ? -1 : 1)),
    commands: [...state.commands()],
    executors: [...state.executors()].toSorted(),
    schedulePaused: state.schedulePaused,
    pauseRules: state.pauseRules,
    lastTime: state.lastTime,
  }
}
