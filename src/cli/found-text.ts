import type { Scheduler } from '../scheduler.ts'
import { countText } from '../client/count-text.ts'

/** What a start found in the log. */
export function foundText(scheduler: Scheduler): string {
  const jobs = scheduler.getJobs()
  const open = jobs.reduce((sum, job) => sum + job.openRuns.length, 0)
  return `jobs   found ${countText(jobs.length, 'job')} and ${countText(open, 'run')} that had not ended`
}
