/**
 * Decides PauseJob and ResumeJob. A paused job keeps its phase: times that come due during the pause are skipped and
 * counted at its end.
 */
import { applied, causedBy, NO_COMMAND, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { CausedBy, Decided } from '../events.ts'
import type { Moment } from '../moment.ts'
import type { View } from '../state.ts'
import { collectDue } from './due-times.ts'
import { notFound } from './job-not-found.ts'
import type { JobPause, JobState } from './job-state.ts'
import { lastPaused, pauseOf, pauseProblem, samePause } from './pause-options.ts'

type PauseJob = Extract<Command, { type: 'PauseJob' }>
type ResumeJob = Extract<Command, { type: 'ResumeJob' }>

export function pauseJob(view: View, command: PauseJob): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  const problem = pauseProblem(command)
  if (problem !== null) return rejected(command, problem)
  const pause = pauseOf(command, job.paused)
  if (samePause(job.paused, pause)) return applied(command)
  return [{ type: 'JobPaused', jobId: job.jobId, ...causedBy(command), ...pause }]
}

export function resumeJob(view: View, command: ResumeJob, moment: Moment): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  return job.paused === null ? applied(command) : resumed(job, job.paused, causedBy(command), moment)
}

/** A pause whose time is over ends by itself. */
export function pauseOver(job: JobState, moment: Moment): Decided[] {
  return job.paused === null ? [] : resumed(job, job.paused, NO_COMMAND, moment)
}

function resumed(job: JobState, pause: JobPause, by: CausedBy, moment: Moment): Decided[] {
  const through = lastPaused(pause, moment.now)
  const due = collectDue(job, through, moment.calendars, { heldThrough: through })
  const events: Decided[] = [
    { type: 'JobResumed', jobId: job.jobId, ...by, through, skipped: due.all, nextFireTime: due.next },
  ]
  if (due.next === null && job.openRuns.length === 0) events.push({ type: 'JobFinished', jobId: job.jobId })
  return events
}
