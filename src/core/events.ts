/**
 * Events: facts on the log, in the past tense, the only ground truth (protocol §6).
 *
 * One name each, the same on the log, in listeners, in the CLI and the docs. Every event begins with its place in the
 * log: ownership, batch, place in the batch, time. All computed times are in the events, so that nothing that folds
 * them needs a clock, a calendar or a time zone.
 */
import type { Json } from './json.ts'
import type { JobDefinition } from './job/definition.ts'
import type { Labels } from './commands.ts'
import type { RejectionCode } from './rejections.ts'
import type { RunError } from './reports.ts'

/** The place of an event on the log. */
export interface Stamp {
  readonly epoch: number
  readonly seq: number
  readonly index: number
  /** Epoch ms; never lower than that of the event before. */
  readonly time: number
}

/** The command that an event answers; `commandId` is null where a timer or a report was the reason. */
export interface CausedBy {
  readonly commandId: string | null
  /** The client gave the id, so it is remembered. */
  readonly commandGiven: boolean
  readonly actor: string | null
  /** Where the command stands in the commands topic; null when it was handed over in memory. */
  readonly commandOffset: number | null
}

/** Scheduled times that were decided together. At most `TIMES_LISTED` are listed, the first ones. */
export interface Times {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly listed: readonly number[]
}

export interface Mark {
  readonly epoch: number
  readonly seq: number
}

export type RunCause = 'trigger' | 'run-now' | 'backfill'

interface OfJob {
  readonly jobId: string
}
interface OfRun extends OfJob {
  readonly runId: string
  readonly attempt: number
}

// Bookkeeping

export interface OwnerAnnounced extends Stamp {
  readonly type: 'OwnerAnnounced'
  /** 128 random bits, one value per announcement. */
  readonly owner: Uint8Array
  /** host:pid, for people. */
  readonly node: string
  readonly generation: number
  readonly partitions: number
  readonly hash: string
  readonly format: number
  /** 128 random bits made by the first announcement of the log, repeated by all. */
  readonly logId: Uint8Array
  /** The time-zone database by which this owner computes times, as `2026c`; absent or null: it did not say. */
  readonly zoneData?: string | null
}
export interface BatchCommitted extends Stamp {
  readonly type: 'BatchCommitted'
  readonly owner: Uint8Array
  /** Records of the batch, this one not counted. */
  readonly count: number
  /** Chain hash of the accepted history on which the batch was decided. */
  readonly prev: Uint8Array
  /** Offset of the last command handled, −1 before the first. */
  readonly commandsThrough: number
  readonly reportsThrough: number
  readonly dispatchedThrough: Mark
}
export interface InputLost extends Stamp {
  readonly type: 'InputLost'
  readonly topic: string
  readonly from: number
  readonly to: number
}
export interface ClockStepped extends Stamp {
  readonly type: 'ClockStepped'
  /** Wall clock against monotonic clock; forward is positive. */
  readonly stepMs: number
}
export interface ExecutorDeclared extends Stamp, CausedBy {
  readonly type: 'ExecutorDeclared'
  readonly executor: string
}
export interface CommandApplied extends Stamp, CausedBy {
  readonly type: 'CommandApplied'
  readonly jobId: string | null
  /** The id was answered before. */
  readonly duplicate: boolean
  /** What a dry run would have queued. */
  readonly times: Times | null
}
export interface CommandRejected extends Stamp, CausedBy {
  readonly type: 'CommandRejected'
  readonly jobId: string | null
  readonly code: RejectionCode
  readonly reason: string
  readonly path: string | null
}
export interface CommandForwarded extends Stamp, CausedBy {
  readonly type: 'CommandForwarded'
  readonly jobId: string | null
  readonly toPartition: number
  /** Where the report stands in the reports topic; null: it was a command. */
  readonly reportOffset: number | null
}
export interface ReportIgnored extends Stamp, OfRun {
  readonly type: 'ReportIgnored'
  readonly report: string
  readonly why:
    | 'unknown-run'
    | 'run-final'
    | 'old-attempt'
    | 'future-attempt'
    | 'wrong-token'
    | 'claimed'
    | 'repeated'
    /** It could not be read, so that it names no run. */
    | 'malformed'
  readonly executor: string
  /** Where a report that could not be read stands in the reports topic. */
  readonly reportOffset: number | null
  readonly reason: string | null
}

// Jobs

export interface JobAdded extends Stamp, CausedBy, OfJob {
  readonly type: 'JobAdded'
  readonly version: number
  readonly definition: JobDefinition
  /** Start of an interval without one. */
  readonly anchor: number
  readonly nextFireTime: number | null
  readonly paused: boolean
}
export interface JobModified extends Stamp, CausedBy, OfJob {
  readonly type: 'JobModified'
  readonly version: number
  readonly definition: JobDefinition
  readonly anchor: number
  readonly nextFireTime: number | null
  /** The next fire time before, when a newer time-zone database moved it; absent or null: a command changed the job. */
  readonly movedFrom?: number | null
  /**
   * With its labels it left pauses: scheduled times up to here came due under them and are skipped, unless another next
   * time was asked for. Absent or null: it left none, or an older version decided it and the event's time stands for this.
   */
  readonly heldThrough?: number | null
}
export interface JobPaused extends Stamp, CausedBy, OfJob {
  readonly type: 'JobPaused'
  readonly reason: string | null
  readonly until: number | null
}
export interface JobResumed extends Stamp, CausedBy, OfJob {
  readonly type: 'JobResumed'
  /** Scheduled times up to here came due during the pause. */
  readonly through: number
  /** Those that this decision looked at; the rest follow in `RunSkipped` events. */
  readonly skipped: Times | null
  readonly nextFireTime: number | null
}
export interface JobRemoved extends Stamp, CausedBy, OfJob {
  readonly type: 'JobRemoved'
}
export interface JobFinished extends Stamp, OfJob {
  readonly type: 'JobFinished'
}
export interface JobsPaused extends Stamp, CausedBy {
  readonly type: 'JobsPaused'
  readonly labels: Labels
  readonly reason: string | null
  readonly until: number | null
}
export interface JobsResumed extends Stamp, CausedBy {
  readonly type: 'JobsResumed'
  readonly labels: Labels
  /** Scheduled times up to here came due during the pause: they are skipped, in `RunSkipped` events. */
  readonly through: number
}
export interface JobsRemoved extends Stamp, CausedBy {
  readonly type: 'JobsRemoved'
  /** All jobs of the partition. */
  readonly count: number
  /** Runs that had not begun: this event is their outcome, cancelled. */
  readonly cancelledRuns: number
}
export interface SchedulePaused extends Stamp, CausedBy {
  readonly type: 'SchedulePaused'
  readonly reason: string | null
  readonly until: number | null
}
export interface ScheduleResumed extends Stamp, CausedBy {
  readonly type: 'ScheduleResumed'
}

// Fires

export interface RunQueued extends Stamp, CausedBy, OfJob {
  readonly type: 'RunQueued'
  readonly runId: string
  readonly scheduledAt: number
  /** With jitter. */
  readonly dueAt: number
  readonly cause: RunCause
  /** The version of the job that the run is pinned to. */
  readonly jobVersion: number
  readonly executor: string
  /** Picked up later than this, the run is missed; null: no limit. */
  readonly startBefore: number | null
  /** Dispatched only when this run is over; `*`: when any run of the job is; null: at once. */
  readonly after: string | null
  /** Other scheduled times that this run stands for. */
  readonly coalesced: Times | null
  /**
   * It stands for all times that were due up to here: more than one decision looks at, so the rest of them follow in
   * `RunSkipped` events. null: `coalesced` has all of them.
   */
  readonly coalescesThrough: number | null
  /** The run that this one does again, on request. */
  readonly retryOf: string | null
  /** Next fire of the job; for a run that no trigger made, unchanged. */
  readonly nextFireTime: number | null
  /** Instead of the job's own payload (run now with a payload). */
  readonly payload: Uint8Array | null
  readonly contentType: string | null
}
export interface RunSkipped extends Stamp, OfJob {
  readonly type: 'RunSkipped'
  readonly runId: string | null
  readonly why: 'max-instances' | 'queue-full' | 'paused' | 'coalesced'
  readonly times: Times
  readonly nextFireTime: number | null
}
export interface RunMissed extends Stamp, OfJob {
  readonly type: 'RunMissed'
  /** The run, when it was picked up too late; null: decided too late, there was no run. */
  readonly runId: string | null
  readonly attempt: number | null
  readonly times: Times
  /** Next fire of the job; meaningless when there was a run. */
  readonly nextFireTime: number | null
}

// Runs

export interface RunStarted extends Stamp, OfRun {
  readonly type: 'RunStarted'
  readonly executor: string
  readonly startedAt: number
}
export interface RunGranted extends Stamp, OfRun {
  readonly type: 'RunGranted'
  readonly executor: string
}
export interface RunRetryScheduled extends Stamp, OfRun {
  readonly type: 'RunRetryScheduled'
  readonly reason: 'failed' | 'timed-out' | 'lost' | 'unknown-task'
  readonly error: RunError | null
  readonly executor: string | null
  readonly retryAt: number
}
export interface RunRetryQueued extends Stamp, OfRun {
  readonly type: 'RunRetryQueued'
}
export interface RunSucceeded extends Stamp, OfRun {
  readonly type: 'RunSucceeded'
  readonly scheduledAt: number
  readonly startedAt: number | null
  readonly executor: string
  readonly result: Json
}
export interface RunFailed extends Stamp, OfRun {
  readonly type: 'RunFailed'
  readonly scheduledAt: number
  readonly startedAt: number | null
  readonly executor: string | null
  readonly error: RunError
}
export interface RunTimedOut extends Stamp, OfRun {
  readonly type: 'RunTimedOut'
  readonly scheduledAt: number
  readonly startedAt: number | null
  readonly executor: string | null
  readonly error: RunError | null
}
export interface RunCancelRequested extends Stamp, CausedBy, OfRun {
  readonly type: 'RunCancelRequested'
  readonly reason: string | null
}
export interface RunCancelled extends Stamp, CausedBy, OfRun {
  readonly type: 'RunCancelled'
  readonly scheduledAt: number
  readonly startedAt: number | null
  readonly executor: string | null
  readonly reason: string | null
}
export interface RunLost extends Stamp, OfRun {
  readonly type: 'RunLost'
  readonly scheduledAt: number
  readonly startedAt: number | null
  readonly executor: string | null
  readonly reason: string
}

export type Event =
  | OwnerAnnounced
  | BatchCommitted
  | InputLost
  | ClockStepped
  | ExecutorDeclared
  | CommandApplied
  | CommandRejected
  | CommandForwarded
  | ReportIgnored
  | JobAdded
  | JobModified
  | JobPaused
  | JobResumed
  | JobRemoved
  | JobFinished
  | JobsPaused
  | JobsResumed
  | JobsRemoved
  | SchedulePaused
  | ScheduleResumed
  | RunQueued
  | RunSkipped
  | RunMissed
  | RunStarted
  | RunGranted
  | RunRetryScheduled
  | RunRetryQueued
  | RunSucceeded
  | RunFailed
  | RunTimedOut
  | RunCancelRequested
  | RunCancelled
  | RunLost

export type EventType = Event['type']
export type EventOf<T extends EventType> = Extract<Event, { readonly type: T }>

/** An event before the batch gives it its place: what `decide` makes. */
export type Unstamped<E> = E extends Event ? Omit<E, keyof Stamp> : never
export type Decided = Unstamped<Event>

export const EVENT_TYPES: readonly EventType[] = [
  'OwnerAnnounced',
  'BatchCommitted',
  'InputLost',
  'ClockStepped',
  'ExecutorDeclared',
  'CommandApplied',
  'CommandRejected',
  'CommandForwarded',
  'ReportIgnored',
  'JobAdded',
  'JobModified',
  'JobPaused',
  'JobResumed',
  'JobRemoved',
  'JobFinished',
  'JobsPaused',
  'JobsResumed',
  'JobsRemoved',
  'SchedulePaused',
  'ScheduleResumed',
  'RunQueued',
  'RunSkipped',
  'RunMissed',
  'RunStarted',
  'RunGranted',
  'RunRetryScheduled',
  'RunRetryQueued',
  'RunSucceeded',
  'RunFailed',
  'RunTimedOut',
  'RunCancelRequested',
  'RunCancelled',
  'RunLost',
]
