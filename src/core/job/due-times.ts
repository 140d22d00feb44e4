/** The scheduled times of a job that have come due, and what follows them. */
import type { Times } from '../events.ts'
import { MAX_TIMES_PER_DECISION } from '../limits.ts'
import type { Calendars } from '../triggers/calendars.ts'
import { addTime, collector, timesOf } from '../times.ts'
import { dueTime, followingFireTime } from './job-trigger.ts'
import type { JobState } from './job-state.ts'

export interface DueTimes {
  /** All of them. */
  readonly all: Times | null
  /** Those that came due during a pause, always the first ones. */
  readonly held: Times | null
  /** Those that a run stands for already, always before the missed and the ready ones. */
  readonly covered: Times | null
  /** Those beyond the grace time, always before the ready ones. */
  readonly missed: Times | null
  /** Those within it. */
  readonly ready: readonly number[]
  /** The scheduled time after them. */
  readonly next: number | null
  /** More are due than one decision looks at. */
  readonly more: boolean
}

/** How a job's times are looked at, where its timer is not the reason. */
export interface Looking {
  /** Instead of the job's own. */
  readonly heldThrough?: number | null
  /** Those count that wait only for their jitter. Default: false. */
  readonly ahead?: boolean
}

/**
 * At most `MAX_TIMES_PER_DECISION` are looked at: a job that slept for a year must not stop its partition.
 *
 * Jitter longer than the interval makes a later time due before an earlier one. The order of the times is kept: one that
 * came due during a pause fires all the same when a time before it does.
 */
export function collectDue(
  job: JobState,
  now: number,
  calendars: Calendars,
  { heldThrough = job.heldThrough, ahead = false }: Looking = {},
): DueTimes {
  const { coalescedThrough, definition } = job
  const { misfireGraceMs } = definition
  const all = collector()
  const held = collector()
  const covered = collector()
  const missed = collector()
  const ready: number[] = []
  const dueOf = (time: number): number =>
    ahead && time <= now ? Math.min(dueTime(job, time), now) : dueTime(job, time)
  let at = job.nextFireTime
  while (at !== null && all.count < MAX_TIMES_PER_DECISION) {
    const due = dueOf(at)
    if (due > now) break
    addTime(all, at)
    const isBeforeReady = ready.length === 0
    const isBeforeMissed = isBeforeReady && missed.count === 0
    if (heldThrough !== null && due <= heldThrough && isBeforeMissed && covered.count === 0) addTime(held, at)
    else if (coalescedThrough !== null && due <= coalescedThrough && isBeforeMissed) addTime(covered, at)
    else if (misfireGraceMs !== null && isBeforeReady && now - due > misfireGraceMs) addTime(missed, at)
    else ready.push(at)
    at = followingFireTime(job, at, job.decidedCount + all.count, calendars)
  }
  const more = at !== null && all.count === MAX_TIMES_PER_DECISION && dueOf(at) <= now
  return {
    all: timesOf(all),
    held: timesOf(held),
    covered: timesOf(covered),
    missed: timesOf(missed),
    ready,
    next: at,
    more,
  }
}
