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
  /** Those that a run stands for already. */
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

/** At most `MAX_TIMES_PER_DECISION` are looked at: a job that slept for a year must not stop its partition. */
export function collectDue(
  job: JobState,
  now: number,
  calendars: Calendars,
  heldThrough: number | null = job.heldThrough,
): DueTimes {
  const { coalescedThrough, definition } = job
  const { misfireGraceMs } = definition
  const all = collector()
  const held = collector()
  const covered = collector()
  const missed = collector()
  const ready: number[] = []
  let at = job.nextFireTime
  while (at !== null && all.count < MAX_TIMES_PER_DECISION) {
    const due = dueTime(job, at)
    if (due > now) break
    addTime(all, at)
    if (heldThrough !== null && due <= heldThrough) addTime(held, at)
    else if (coalescedThrough !== null && due <= coalescedThrough) addTime(covered, at)
    else if (misfireGraceMs !== null && ready.length === 0 && now - due > misfireGraceMs) addTime(missed, at)
    else ready.push(at)
    at = followingFireTime(job, at, job.decidedCount + all.count, calendars)
  }
  const more = at !== null && all.count === MAX_TIMES_PER_DECISION && dueTime(job, at) <= now
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
