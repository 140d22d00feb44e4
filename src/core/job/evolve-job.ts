/** What the job events change. */
import type { Labels } from '../commands.ts'
import type { EventOf, JobAdded, JobModified, JobsResumed } from '../events.ts'
import { admitWaiting } from '../run/evolve-run.ts'
import { incarnationOf } from '../run/run-id.ts'
import type { Draft, PauseRule } from '../state.ts'
import type { JobCounts, JobState } from './job-state.ts'
import { hasLabels, sameLabels } from './labels.ts'
import { leftPauses } from './left-pauses.ts'
import { sameTrigger } from './same-definition.ts'

type JobEvent = EventOf<
  | 'JobAdded'
  | 'JobModified'
  | 'JobPaused'
  | 'JobResumed'
  | 'JobRemoved'
  | 'JobFinished'
  | 'JobsPaused'
  | 'JobsResumed'
  | 'JobsRemoved'
>

const NOTHING_YET: JobCounts = Object.freeze({ succeeded: 0, failed: 0, stopped: 0, missed: 0, skipped: 0 })

export function evolveJob(draft: Draft, event: JobEvent): void {
  switch (event.type) {
    case 'JobAdded':
      draft.putJob(added(event))
      return
    case 'JobRemoved':
    case 'JobFinished':
      draft.removeJob(event.jobId)
      return
    case 'JobsPaused':
      draft.setPauseRules([
        ...otherRules(draft, event.labels),
        { labels: event.labels, reason: event.reason, until: event.until },
      ])
      return
    case 'JobsResumed':
      resumeMany(draft, event)
      return
    case 'JobsRemoved':
      removeAll(draft)
      return
    default:
  }
  const job = draft.job(event.jobId)
  if (job === undefined) return
  switch (event.type) {
    case 'JobModified': {
      const changed = modified(draft, job, event)
      draft.putJob(changed)
      admitWaiting(draft, changed, event.time)
      return
    }
    case 'JobPaused':
      draft.putJob({ ...job, paused: { reason: event.reason, until: event.until } })
      return
    case 'JobResumed':
      draft.putJob({
        ...job,
        paused: null,
        heldThrough: heldThrough(job, event.through),
        nextFireTime: event.nextFireTime,
        decidedThrough: event.skipped?.last ?? job.decidedThrough,
        decidedCount: job.decidedCount + (event.skipped?.count ?? 0),
        counts: { ...job.counts, skipped: job.counts.skipped + (event.skipped?.count ?? 0) },
      })
      return
    default:
  }
}

function added(event: JobAdded): JobState {
  return {
    jobId: event.jobId,
    incarnation: incarnationOf(event),
    version: event.version,
    definition: event.definition,
    anchor: event.anchor,
    nextFireTime: event.nextFireTime,
    zoneData: null,
    decidedThrough: null,
    decidedCount: 0,
    paused: event.paused ? { reason: null, until: null } : null,
    heldThrough: null,
    coalescedThrough: null,
    openRuns: [],
    endedRuns: 0,
    addedAt: event.time,
    last: null,
    counts: NOTHING_YET,
  }
}

/** A new phase counts the repetitions of its trigger anew; another next time is judged by no pause and no run before it. */
function modified(draft: Draft, job: JobState, event: JobModified): JobState {
  const goesOn = event.anchor === job.anchor && sameTrigger(job.definition, event.definition)
  // A time that a time-zone database moved is the same time.
  const sameNext = event.nextFireTime === job.nextFireTime || isMove(event)
  const changed: JobState = {
    ...job,
    decidedCount: goesOn ? job.decidedCount : 0,
    version: event.version,
    definition: event.definition,
    anchor: event.anchor,
    nextFireTime: event.nextFireTime,
    heldThrough: sameNext ? job.heldThrough : null,
    coalescedThrough: sameNext ? job.coalescedThrough : null,
  }
  const through = sameNext ? (event.heldThrough ?? leftPauses(draft, job, changed.definition, event.time)) : null
  return through === null ? changed : { ...changed, heldThrough: heldThrough(changed, through) }
}

function isMove(event: JobModified): boolean {
  return typeof event.movedFrom === 'number'
}

function otherRules(draft: Draft, labels: Labels): readonly PauseRule[] {
  return draft.pauseRules.filter((rule) => !sameLabels(rule.labels, labels))
}

/** What came due under the rule is skipped, job by job, when its timer finds it. */
function resumeMany(draft: Draft, event: JobsResumed): void {
  draft.setPauseRules(otherRules(draft, event.labels))
  const held: JobState[] = []
  for (const job of draft.jobs()) {
    const { nextFireTime } = job
    if (nextFireTime !== null && nextFireTime <= event.through && hasLabels(job, event.labels)) held.push(job)
  }
  for (const job of held) draft.putJob({ ...job, heldThrough: heldThrough(job, event.through) })
}

/** A pause that is found to be over late may have ended before another one did. */
function heldThrough(job: JobState, through: number): number {
  return Math.max(job.heldThrough ?? through, through)
}

/** What runs may finish and report; what has not begun does not begin. */
function removeAll(draft: Draft): void {
  for (const jobId of Array.from(draft.jobs(), (job) => job.jobId)) draft.removeJob(jobId)
  for (const run of [...draft.runs()]) {
    if (run.status === 'waiting' || run.status === 'retrying') draft.removeRun(run.runId)
  }
}
