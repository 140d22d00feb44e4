/** Which runs count against `maxInstances`: all but those that wait. */
import type { JobState } from '../job/job-state.ts'
import type { View } from '../state.ts'

export function activeRuns(view: View, job: JobState): number {
  let active = 0
  for (const runId of job.openRuns) if (view.run(runId)?.status !== 'waiting') active += 1
  return active
}
