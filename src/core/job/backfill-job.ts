/** Decides BackfillJob: the runs of a past range, one after another, under ids of their own. */
import { applied, causedBy, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import { MAX_BACKFILL, MAX_INSTANT_MS, MAX_OPEN_RUNS, MIN_INSTANT_MS } from '../limits.ts'
import type { Moment } from '../moment.ts'
import { reject, type Rejection } from '../rejections.ts'
import { activeRuns } from '../run/active-runs.ts'
import { ANY_RUN } from '../run/make-room.ts'
import { AGAIN, mostRunsOf, queuedByCommand } from '../run/queue-run.ts'
import { askedIdOf, commandIdProblem, openRunAsked, runIdOf } from '../run/run-id.ts'
import type { View } from '../state.ts'
import { addTime, collector, timesOf } from '../times.ts'
import type { Calendars } from '../triggers/calendars.ts'
import { shown } from './check.ts'
import { notFound } from './job-not-found.ts'
import type { JobState } from './job-state.ts'
import { followingFireTime } from './job-trigger.ts'

type BackfillJob = Extract<Command, { type: 'BackfillJob' }>

export function backfillJob(view: View, command: BackfillJob, moment: Moment): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  const problem = commandIdProblem(command.commandId)
  if (problem !== null) return rejected(command, problem)
  const times = timesIn(job, command, moment.calendars)
  if ('code' in times) return rejected(command, times)
  if (command.dryRun || times.length === 0) {
    const all = collector()
    for (const at of times) addTime(all, at)
    return applied(command, false, timesOf(all))
  }
  const most = mostRunsOf(job, 0, command)
  if (times.length > most) {
    const reason = `to: expected at most ${most} scheduled times with ids of that length, got ${times.length}`
    return rejected(command, reject('limit-exceeded', reason, 'to'))
  }
  const again = times.some((at) => openRunAsked(job, at, command.commandId) !== undefined)
  if (again) return rejected(command, reject('expired', AGAIN, 'commandId'))
  if (job.openRuns.length + times.length > MAX_OPEN_RUNS) {
    const reason = `from: expected at most ${MAX_OPEN_RUNS} runs of a job without an outcome, got ${job.openRuns.length} and ${times.length} more`
    return rejected(command, reject('limit-exceeded', reason, 'from'))
  }
  let after = activeRuns(view, job) < job.definition.maxInstances ? null : ANY_RUN
  const askedId = askedIdOf(command, moment)
  return times.map((at) => {
    const queued = queuedByCommand(job, { causedBy: causedBy(command), askedId, cause: 'backfill', at, after })
    after = runIdOf(job.jobId, job.incarnation, at, askedId)
    return queued
  })
}

/** Scheduled times in [from, to). */
function timesIn(job: JobState, command: BackfillJob, calendars: Calendars): number[] | Rejection {
  const { from, to } = command
  for (const [path, at] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (Number.isInteger(at) && at >= MIN_INSTANT_MS && at <= MAX_INSTANT_MS) continue
    return reject(
      'invalid-option',
      `${path}: expected an instant of the years 1970 to 9999 in ms, got ${shown(at)}`,
      path,
    )
  }
  if (to <= from) return reject('invalid-option', 'to: expected a time later than `from`', 'to')
  const times: number[] = []
  let at = followingFireTime(job, from - 1, 0, calendars)
  while (at !== null && at < to) {
    times.push(at)
    if (times.length > MAX_BACKFILL) {
      return reject(
        'limit-exceeded',
        `to: expected at most ${MAX_BACKFILL} scheduled times in the range, got more`,
        'to',
      )
    }
    at = followingFireTime(job, at, 0, calendars)
  }
  return times
}
