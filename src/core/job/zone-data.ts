/**
 * A newer time-zone database: which next fire times it moves, and to when. An older one moves none.
 *
 * Times are instants, and what is the same 09:00 to its owner is another instant by another database. The last decided
 * time was decided by the old one; by the new one the same 09:00 may be yet to come. So a move is one of both: as far as
 * the next time moved, the last decided one is taken to have moved as well, and only what is later than that may fire.
 *
 * Two instants may both be fires by the new one although they moved: where each hour is one, each shift by an hour makes
 * fires of fires. That nothing moved is refuted by a fire between them, which would have been the next time.
 */
import { NO_COMMAND } from '../answers.ts'
import type { Decided } from '../events.ts'
import type { Draft } from '../state.ts'
import type { Calendars } from '../triggers/calendars.ts'
import { firesAt, followingFireTime } from './job-trigger.ts'
import type { JobState } from './job-state.ts'
import { shiftTo, shiftWhere } from './zone-shifts.ts'

/** A new version of the job with the time that this database gives; nothing when that is the one it has. */
export function moveJob(job: JobState, calendars: Calendars): Decided[] {
  const moved = movedFireTime(job, calendars)
  if (moved === job.nextFireTime) return []
  const { jobId, definition, anchor, nextFireTime: movedFrom } = job
  const version = job.version + 1
  const events: Decided[] = [
    { type: 'JobModified', jobId, ...NO_COMMAND, version, definition, anchor, nextFireTime: moved, movedFrom },
  ]
  if (moved === null && job.openRuns.length === 0) events.push({ type: 'JobFinished', jobId })
  return events
}

/** The next fire time by a newer database, later than the last decided one; else the one that the job has. */
export function movedFireTime(job: JobState, calendars: Calendars): number | null {
  const { nextFireTime: next, decidedThrough, anchor } = job
  if (next === null || !isNewer(calendars.zones.version, job.zoneData)) return next
  const fires = (at: number): boolean => firesAt(job, at, calendars)
  // What was decided before the present trigger began is no time of that trigger.
  const decided = decidedThrough !== null && decidedThrough >= anchor ? decidedThrough : null
  const shift = decided === null ? shiftTo(fires, next) : shiftTo(fires, next, decided)
  if (shift === 0 && decided !== null) return betweenOr(job, next, decided, calendars)
  if (shift !== null && next + shift > (decidedThrough ?? -1)) return next + shift
  // A time of the trigger by no database was asked for, and stays.
  if (decided === null || shiftTo(fires, next) === null) return next
  const late = shiftTo(fires, decided) ?? 0
  return followingFireTime(job, decided + Math.max(late, 0), job.decidedCount, calendars)
}

/**
 * Of two fires that seem not to have moved, the next. With a fire between them either both moved, to instants between
 * which is none; or the next alone did, by a law that begins after the last decided one, and that fire is to come.
 */
function betweenOr(job: JobState, next: number, decided: number, calendars: Calendars): number {
  const after = (at: number): number | null => followingFireTime(job, at, job.decidedCount, calendars)
  const between = after(decided)
  if (between === null || between >= next) return next
  const isFire = (at: number): boolean => firesAt(job, at, calendars)
  const shift = shiftWhere((by) => isFire(decided + by) && after(decided + by) === next + by)
  return shift !== null && next + shift > decided ? next + shift : between
}

/** As versions are named, a later one sorts after an earlier one. What is not known is older than any. */
export function isNewer(version: string | null, than: string | null): boolean {
  return version !== null && (than === null || version > than)
}

/** Keeps the database with a next fire time that changed; `before` is what it was, undefined for a job that is new. */
export function keepZoneData(draft: Draft, jobId: string, before: number | null | undefined): void {
  const job = draft.job(jobId)
  const { zoneData } = draft
  if (job === undefined || job.nextFireTime === before || job.zoneData === zoneData) return
  draft.putJob({ ...job, zoneData })
}
