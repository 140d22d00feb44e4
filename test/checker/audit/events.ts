/**
 * The members of events that the checker looks at, as the schemas name them. Instants are epoch milliseconds.
 *
 * Boundary: types only; that a value has these members was checked when it was decoded by its schema.
 */

export interface Stamp {
  readonly epoch: number
  readonly seq: number
  readonly index: number
  readonly time: number
}

export interface CausedBy {
  readonly commandId: string | null
  readonly commandGiven: boolean
}

export interface Times {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly listed: readonly number[]
}

export interface Definition {
  readonly trigger: string | null
  readonly labels: ReadonlyMap<string, string>
  readonly misfireGraceMs: number | null
  readonly coalesce: string
  readonly maxCatchUp: number
  readonly maxInstances: number
  readonly overlap: string
  readonly delivery: string
  readonly retry: { readonly maxAttempts: number }
}

export interface OwnerAnnounced extends Stamp {
  readonly type: 'OwnerAnnounced'
  readonly owner: Buffer
  readonly partitions: number
  readonly hash: string
  readonly format: number
  readonly logId: Buffer
}

export interface BatchCommitted extends Stamp {
  readonly type: 'BatchCommitted'
  readonly owner: Buffer
  readonly count: number
  readonly prev: Buffer
  readonly commandsThrough: number
  readonly reportsThrough: number
  readonly dispatchedThrough: { readonly epoch: number; readonly seq: number }
}

export interface JobDefined extends Stamp, CausedBy {
  readonly type: 'JobAdded' | 'JobModified'
  readonly jobId: string
  readonly version: number
  readonly definition: Definition
  readonly anchor: number
  readonly nextFireTime: number | null
  /** Of JobAdded alone. */
  readonly paused?: boolean
}

export interface JobPaused extends Stamp, CausedBy {
  readonly type: 'JobPaused'
  readonly jobId: string
  readonly until: number | null
}

export interface JobResumed extends Stamp, CausedBy {
  readonly type: 'JobResumed'
  readonly jobId: string
  readonly skipped: Times | null
  readonly nextFireTime: number | null
}

export interface JobGone extends Stamp {
  readonly type: 'JobRemoved' | 'JobFinished'
  readonly jobId: string
}

export interface JobsRemoved extends Stamp, CausedBy {
  readonly type: 'JobsRemoved'
  readonly count: number
  readonly cancelledRuns: number
}

export interface PausedMany extends Stamp, CausedBy {
  readonly type: 'JobsPaused' | 'JobsResumed' | 'SchedulePaused' | 'ScheduleResumed'
  /** Of those by labels. */
  readonly labels?: ReadonlyMap<string, string>
  /** Of pauses. */
  readonly until?: number | null
}

export interface RunQueued extends Stamp, CausedBy {
  readonly type: 'RunQueued'
  readonly jobId: string
  readonly runId: string
  readonly scheduledAt: number
  readonly dueAt: number
  readonly cause: string
  readonly jobVersion: number
  readonly startBefore: number | null
  readonly after: string | null
  readonly coalesced: Times | null
  readonly nextFireTime: number | null
}

export interface TimesPassed extends Stamp {
  readonly type: 'RunSkipped' | 'RunMissed'
  readonly jobId: string
  /** null: times that never became a run; else the outcome of that run. */
  readonly runId: string | null
  /** Of RunMissed alone. */
  readonly attempt?: number | null
  /** Of RunSkipped alone. */
  readonly why?: string
  readonly times: Times
  readonly nextFireTime: number | null
}

export interface AttemptEvent extends Stamp {
  readonly type:
    | 'RunStarted'
    | 'RunGranted'
    | 'RunRetryScheduled'
    | 'RunRetryQueued'
    | 'RunCancelRequested'
    | 'RunSucceeded'
    | 'RunFailed'
    | 'RunTimedOut'
    | 'RunCancelled'
    | 'RunLost'
  readonly jobId: string
  readonly runId: string
  readonly attempt: number
  /** Of outcomes. */
  readonly scheduledAt?: number
  /** Of RunRetryScheduled. */
  readonly retryAt?: number
  readonly reason?: string | null
}

export interface Answer extends Stamp, CausedBy {
  readonly type: 'CommandApplied' | 'CommandRejected' | 'CommandForwarded'
  readonly jobId: string | null
  /** Of CommandApplied. */
  readonly duplicate?: boolean
}

/** What the checker reads nothing of but the stamp and the command. */
export interface OtherEvent extends Stamp {
  readonly type: 'InputLost' | 'ClockStepped' | 'ExecutorDeclared' | 'ReportIgnored'
}

export type LogEvent =
  | OwnerAnnounced
  | BatchCommitted
  | JobDefined
  | JobPaused
  | JobResumed
  | JobGone
  | JobsRemoved
  | PausedMany
  | RunQueued
  | TimesPassed
  | AttemptEvent
  | Answer
  | OtherEvent

/** Where something stands, for the sentence that complains about it. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

export interface Placed {
  readonly event: LogEvent
  readonly place: Place
}
