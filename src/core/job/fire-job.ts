/**
 * Decides a job's due times: pauses, misfire grace, coalescing, the limit of instances (design §6).
 *
 * Invariants:
 * 1. Every due time is in exactly one of the events: queued, coalesced into a queued one, skipped, or missed (I1).
 * 2. The next fire time is later than all of them (I2).
 */
import { assert } from '../assert.ts'
import type { Decided, EventOf, Times } from '../events.ts'
import { MAX_OPEN_RUNS } from '../limits.ts'
import type { Moment } from '../moment.ts'
import { makeRoom } from '../run/make-room.ts'
import { mostRunsOf, queuedByTrigger } from '../run/queue-run.ts'
import { runIdOf } from '../run/run-id.ts'
import type { View } from '../state.ts'
import { addTime, collector, timesOf } from '../times.ts'
import { collectDue, type DueTimes } from './due-times.ts'
import type { JobState } from './job-state.ts'

export function fireJob(view: View, job: JobState, moment: Moment): Decided[] {
  const due = collectDue(job, moment.now, moment.calendars)
  if (due.all === null) return []
  const events = decideDue(view, job, due, moment)
  const opened = events.some((event) => event.type === 'RunQueued')
  if (due.next === null && !opened && job.openRuns.length === 0) events.push({ type: 'JobFinished', jobId: job.jobId })
  return events
}

/** What becomes of the due times; the job stays, also when nothing follows them. */
export function decideDue(view: View, job: JobState, due: DueTimes, moment: Moment): Decided[] {
  const { all, held, covered, missed: late, ready, next } = due
  assert(
    all === null || next === null || next > all.last,
    `job ${job.jobId}: the next fire time is not later than the last`,
  )
  const events: Decided[] = []
  // Each says which time is the next to be decided after it, so that none is lost where no other event follows.
  const firstReady = ready[0] ?? next
  const firstLate = late?.first ?? firstReady
  if (held !== null) events.push(skipped(job, 'paused', held, covered?.first ?? firstLate))
  if (covered !== null) events.push(skipped(job, 'coalesced', covered, firstLate))
  if (late !== null) events.push(missed(job, late, firstReady))
  if (ready.length > 0) {
    const passes = due.more && job.definition.coalesce !== 'earliest'
    events.push(...(passes ? passedOver(job, due) : fired(view, job, due, moment)))
  }
  return events
}

/**
 * More is due than one decision looks at, so none of these is the one that runs: a later one stands for them. With
 * coalesce `all` the newest `maxCatchUp` stay due, for they may be among those that run. With `earliest` this does not
 * happen: the first of all runs, and what follows it is coalesced into it, decision by decision.
 */
function passedOver(job: JobState, due: DueTimes): Decided[] {
  const { coalesce, maxCatchUp } = job.definition
  const kept = coalesce === 'all' ? due.ready.slice(-maxCatchUp) : []
  const times = collected(due.ready.slice(0, due.ready.length - kept.length))
  if (times === null) return []
  const nextFireTime = kept[0] ?? due.next
  return [coalesce === 'all' ? missed(job, times, nextFireTime) : skipped(job, 'coalesced', times, nextFireTime)]
}

/** The runs of this pass, or that there is no room for them. */
function fired(view: View, job: JobState, due: DueTimes, moment: Moment): Decided[] {
  const { coalesce, maxCatchUp } = job.definition
  const ready = collected(due.ready)
  const room = makeRoom(view, job)
  if (ready === null) return []
  if (room.kind === 'none') return [skipped(job, room.why, ready, due.next)]
  const { next } = due
  switch (coalesce) {
    case 'latest':
    case 'earliest': {
      const at = coalesce === 'latest' ? ready.last : ready.first
      const coalesced = collected(due.ready.filter((time) => time !== at))
      const coalescesThrough = due.more ? moment.now : null
      return [...room.events, queuedByTrigger(job, { at, coalesced, coalescesThrough, after: room.after, next })]
    }
    case 'all': {
      // There is room for one at least, though others may have to go for it.
      const most = Math.min(mostRunsOf(job, room.events.length), Math.max(MAX_OPEN_RUNS - job.openRuns.length, 1))
      const kept = Math.min(due.ready.length, maxCatchUp, most)
      const dropped = collected(due.ready.slice(0, due.ready.length - kept))
      const events: Decided[] = [...room.events]
      if (dropped !== null) events.push(missed(job, dropped, next))
      let { after } = room
      for (const at of due.ready.slice(due.ready.length - kept)) {
        events.push(queuedByTrigger(job, { at, coalesced: null, coalescesThrough: null, after, next }))
        after = runIdOf(job.jobId, job.incarnation, at, null)
      }
      return events
    }
  }
}

function missed(job: JobState, times: Times, nextFireTime: number | null): Decided {
  return { type: 'RunMissed', jobId: job.jobId, runId: null, attempt: null, times, nextFireTime }
}

function skipped(job: JobState, why: EventOf<'RunSkipped'>['why'], times: Times, nextFireTime: number | null): Decided {
  return { type: 'RunSkipped', jobId: job.jobId, runId: null, why, times, nextFireTime }
}

function collected(times: readonly number[]): Times | null {
  const into = collector()
  for (const at of times) addTime(into, at)
  return timesOf(into)
}
