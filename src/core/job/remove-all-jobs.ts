/** Decides RemoveAllJobs: one event per partition, whatever the number of jobs. What runs may finish and report. */
import { applied, causedBy } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import type { View } from '../state.ts'

type RemoveAllJobs = Extract<Command, { type: 'RemoveAllJobs' }>

export function removeAllJobs(view: View, command: RemoveAllJobs): Decided[] {
  let count = 0
  for (const _job of view.jobs()) count += 1
  if (count === 0) return applied(command)
  let cancelledRuns = 0
  for (const run of view.runs()) if (run.status === 'waiting' || run.status === 'retrying') cancelledRuns += 1
  return [{ type: 'JobsRemoved', ...causedBy(command), count, cancelledRuns }]
}
