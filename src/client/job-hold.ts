/** The pauses that keep a job from firing, whichever way it was paused. */
import type { JobPause, JobState } from '../core/job/job-state.ts'
import { hasLabels } from '../core/job/labels.ts'
import type { View } from '../core/state.ts'
import { labelText } from './label-text.ts'
import { ownCopy } from './own-copy.ts'

/** One pause above a job. While there is any, no fire and no retry of the job starts. */
export interface JobHold {
  /** What was paused: the job itself, all jobs with some labels, or the whole schedule. */
  readonly kind: 'job' | 'labels' | 'schedule'
  /** Of a pause by labels: those that a job has to have, all of them. Else null. */
  readonly labels: Readonly<Record<string, string>> | null
  readonly reason: string | null
  /** When it ends by itself; null: only by a resume. */
  readonly until: Date | null
}

/** What a partition knows of pauses that are not one job's own. */
export type Pauses = Pick<View, 'schedulePaused' | 'pauseRules'>

/** Its own first, then those by labels, then that of the schedule. */
export function jobHolds(job: JobState, { schedulePaused, pauseRules }: Pauses): JobHold[] {
  return [
    ...(job.paused === null ? [] : [holdOf('job', null, job.paused)]),
    ...pauseRules.filter(({ labels }) => hasLabels(job, labels)).map((rule) => holdOf('labels', rule.labels, rule)),
    ...(schedulePaused === null ? [] : [holdOf('schedule', null, schedulePaused)]),
  ]
}

/** In a few words, for people: the nearest pause; null when nothing holds it. */
export function heldText([hold]: readonly JobHold[]): string | null {
  if (hold === undefined) return null
  const { kind, labels, reason } = hold
  const what = { job: 'paused', labels: `paused by ${labelText(labels ?? {})}`, schedule: 'schedule paused' }[kind]
  return reason === null ? what : `${what}: ${reason}`
}

function holdOf(kind: JobHold['kind'], labels: JobHold['labels'], { reason, until }: JobPause): JobHold {
  return { kind, labels: ownCopy(labels), reason, until: until === null ? null : new Date(until) }
}
