/** Labels: which jobs a rule is about. */
import type { Labels } from '../commands.ts'
import type { JobState } from './job-state.ts'

/** The job has all of them; no labels: every job. */
export function hasLabels(job: Pick<JobState, 'definition'>, labels: Labels): boolean {
  const own = job.definition.labels
  return Object.entries(labels).every(([key, value]) => Object.hasOwn(own, key) && own[key] === value)
}

export function sameLabels(a: Labels, b: Labels): boolean {
  const entries = Object.entries(a)
  return (
    entries.length === Object.keys(b).length &&
    entries.every(([key, value]) => Object.hasOwn(b, key) && b[key] === value)
  )
}
