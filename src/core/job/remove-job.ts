/**
 * Decides RemoveJob. What runs may finish and report; what has not begun does not begin: runs that wait for their
 * predecessor or for a retry are cancelled in the same batch.
 */
import { causedBy, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import { cancelled } from '../run/cancel-run.ts'
import type { View } from '../state.ts'
import { notFound } from './job-not-found.ts'

type RemoveJob = Extract<Command, { type: 'RemoveJob' }>

export function removeJob(view: View, command: RemoveJob): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  const events: Decided[] = []
  // From the last to the first, so that the end of one lets no other begin.
  for (const runId of job.openRuns.toReversed()) {
    const run = view.run(runId)
    if (run?.status === 'waiting' || run?.status === 'retrying') events.push(cancelled(run, 'the job was removed'))
  }
  events.push({ type: 'JobRemoved', jobId: job.jobId, ...causedBy(command) })
  return events
}
