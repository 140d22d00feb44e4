/**
 * APScheduler's 17 event masks, and which of our events each stands for.
 *
 * Source: apscheduler.events of APScheduler 3.11: code = 2^n, EVENT_ALL their union.
 */
import type { ListenerEventType } from './local-event.ts'

export const EVENT_SCHEDULER_STARTED: number = 1 << 0
/** The older name of the same. */
export const EVENT_SCHEDULER_START: number = 1 << 0
export const EVENT_SCHEDULER_SHUTDOWN: number = 1 << 1
export const EVENT_SCHEDULER_PAUSED: number = 1 << 2
export const EVENT_SCHEDULER_RESUMED: number = 1 << 3
export const EVENT_EXECUTOR_ADDED: number = 1 << 4
export const EVENT_EXECUTOR_REMOVED: number = 1 << 5
export const EVENT_JOBSTORE_ADDED: number = 1 << 6
export const EVENT_JOBSTORE_REMOVED: number = 1 << 7
export const EVENT_ALL_JOBS_REMOVED: number = 1 << 8
export const EVENT_JOB_ADDED: number = 1 << 9
export const EVENT_JOB_REMOVED: number = 1 << 10
export const EVENT_JOB_MODIFIED: number = 1 << 11
export const EVENT_JOB_EXECUTED: number = 1 << 12
export const EVENT_JOB_ERROR: number = 1 << 13
export const EVENT_JOB_MISSED: number = 1 << 14
export const EVENT_JOB_SUBMITTED: number = 1 << 15
export const EVENT_JOB_MAX_INSTANCES: number = 1 << 16
export const EVENT_ALL: number = (1 << 17) - 1

/** By bit, from 0. */
const TYPES: readonly (readonly ListenerEventType[])[] = [
  ['SchedulerStarted'],
  ['SchedulerShutdown'],
  ['SchedulePaused'],
  ['ScheduleResumed'],
  ['ExecutorAdded'],
  ['ExecutorRemoved'],
  ['StoreAdded'],
  ['StoreRemoved'],
  ['JobsRemoved'],
  ['JobAdded'],
  ['JobRemoved', 'JobFinished'],
  ['JobModified', 'JobPaused', 'JobResumed'],
  ['RunSucceeded'],
  ['RunFailed', 'RunTimedOut', 'RunCancelled', 'RunLost'],
  ['RunMissed'],
  ['RunQueued'],
  ['RunSkipped'],
]

/** The events of a mask. Throws `RangeError` for one with other bits. */
export function maskedTypes(mask: number): ListenerEventType[] {
  if (!Number.isInteger(mask) || mask < 0 || mask > EVENT_ALL) {
    throw new RangeError(`mask: expected a union of EVENT_… masks, 0 to ${EVENT_ALL}, got ${mask}`)
  }
  return TYPES.flatMap((types, bit) => ((mask & (1 << bit)) === 0 ? [] : types))
}
