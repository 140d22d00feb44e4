/** Jobs as lines for people. */
import { describeTrigger } from '../core/triggers/describe-trigger.ts'
import { heldText } from './job-hold.ts'
import type { JobInfo } from './job-info.ts'

export function jobTable(jobs: readonly JobInfo[]): string {
  if (jobs.length === 0) return 'no jobs\n'
  return jobs.map((job) => `${line(job)}\n`).join('')
}

function line(job: JobInfo): string {
  const when = job.trigger === null ? 'once' : describeTrigger(job.trigger)
  const next = heldText(job.heldBy) ?? `next ${job.nextFireTime?.toISOString() ?? 'never'}`
  return `${job.id}  ${job.task ?? ''}  ${when}  ${next}`
}
