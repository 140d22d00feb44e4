/** From an input and the state to events. May read the state, never writes it. */
import { applied, causedBy, rejected } from './answers.ts'
import { unreachable } from './assert.ts'
import type { Command } from './commands.ts'
import type { Decided } from './events.ts'
import { addJob } from './job/add-job.ts'
import { backfillJob } from './job/backfill-job.ts'
import { shown } from './job/check.ts'
import { fireJob } from './job/fire-job.ts'
import { modifyJob, rescheduleJob } from './job/modify-job.ts'
import { pauseJob, pauseOver, resumeJob } from './job/pause-job.ts'
import { pauseJobs, pauseRulesOver, resumeJobs } from './job/pause-jobs.ts'
import { pauseSchedule, resumeSchedule, schedulePauseOver } from './job/pause-schedule.ts'
import { removeAllJobs } from './job/remove-all-jobs.ts'
import { removeJob } from './job/remove-job.ts'
import type { JobSettings } from './job/resolve-definition.ts'
import { moveJob } from './job/zone-data.ts'
import { MAX_EXECUTORS, MAX_NAME_CHARS } from './limits.ts'
import type { Moment } from './moment.ts'
import { reject } from './rejections.ts'
import type { Report } from './reports.ts'
import { cancelRun } from './run/cancel-run.ts'
import type { FinishedRun } from './run/finished-run.ts'
import { redriveRun } from './run/redrive-run.ts'
import { reportOfStranger, reportRun, unwritableReport } from './run/report-run.ts'
import { runJob } from './run/run-job.ts'
import { runAbandoned, runOverdue } from './run/run-overdue.ts'
import type { View } from './state.ts'
import { jobDue } from './timers.ts'
import { decideTopicInput, type TopicInput } from './topic-input.ts'

interface CommandInput {
  readonly kind: 'command'
  readonly command: Command
  /** What is kept of the run that the command names, when it names one that is over. */
  readonly finishedRun?: FinishedRun | null
}
interface ReportInput {
  readonly kind: 'report'
  readonly report: Report
  /** There is a token key, and it has not the token of its attempt. Default false. */
  readonly hasWrongToken?: boolean
}

/** What the owner of a partition decides about. */
export type Input =
  | CommandInput
  | ReportInput
  /** A timer went off: of the job, of the run, of a pause by labels or of the schedule. */
  | { readonly kind: 'job-due'; readonly jobId: string }
  | { readonly kind: 'run-due'; readonly runId: string }
  | { readonly kind: 'pauses-due' }
  /** The time-zone database is a newer one than that by which the job's next time was computed. */
  | { readonly kind: 'zone-data-changed'; readonly jobId: string }
  /** Whoever ran it is gone, and it must not run a second time. */
  | { readonly kind: 'run-abandoned'; readonly runId: string }
  | { readonly kind: 'clock-stepped'; readonly stepMs: number }
  /** What was decided of it can't be written: too large for a batch, or no schema has a place for it. */
  | { readonly kind: 'unwritable'; readonly input: CommandInput | ReportInput; readonly why: string }
  /** Of a topic: what can't be read, is not of this partition, or is there no more. */
  | TopicInput

export function decide(view: View, input: Input, moment: Moment, settings: JobSettings): Decided[] {
  switch (input.kind) {
    case 'command':
      return decideCommand(view, input.command, input.finishedRun ?? null, moment, settings)
    case 'report':
      return decideReport(view, input, input.report, moment)
    case 'job-due':
      return decideJobDue(view, input.jobId, moment)
    case 'zone-data-changed': {
      const job = view.job(input.jobId)
      return job === undefined ? [] : moveJob(job, moment.calendars)
    }
    case 'run-due':
      return runOverdue(view, input.runId, moment)
    case 'pauses-due':
      return [...schedulePauseOver(view, moment), ...pauseRulesOver(view, moment)]
    case 'run-abandoned':
      return runAbandoned(view, input.runId)
    case 'clock-stepped':
      return [{ type: 'ClockStepped', stepMs: input.stepMs }]
    case 'unwritable':
      return decideUnwritable(view, input.input, input.why, moment)
    case 'unreadable-command':
    case 'misplaced-command':
    case 'unreadable-report':
    case 'misplaced-report':
    case 'input-lost':
      return decideTopicInput(input)
    default:
      return unreachable(input)
  }
}

function decideUnwritable(view: View, input: CommandInput | ReportInput, why: string, moment: Moment): Decided[] {
  const reason = `expected events that can be written, got ${why.slice(0, MAX_NAME_CHARS)}`
  if (input.kind === 'command') return rejected(input.command, reject('limit-exceeded', `the command: ${reason}`))
  return decideReport(view, input, unwritableReport(input.report, reason), moment)
}

function decideReport(view: View, { hasWrongToken = false }: ReportInput, report: Report, moment: Moment): Decided[] {
  return hasWrongToken ? reportOfStranger(report) : reportRun(view, report, moment)
}

function decideJobDue(view: View, jobId: string, moment: Moment): Decided[] {
  const job = view.job(jobId)
  const due = job === undefined ? null : jobDue(view, job)
  if (job === undefined || due === null || due > moment.now) return []
  const moved = job.paused === null ? moveJob(job, moment.calendars) : []
  if (moved.length > 0) return moved
  return job.paused === null ? fireJob(view, job, moment) : pauseOver(job, moment)
}

function decideCommand(
  view: View,
  command: Command,
  finishedRun: FinishedRun | null,
  moment: Moment,
  settings: JobSettings,
): Decided[] {
  if (command.commandGiven && view.commandTime(command.commandId) !== undefined) return applied(command, true)
  switch (command.type) {
    case 'AddJob':
      return addJob(view, command, moment, settings)
    case 'ModifyJob':
      return modifyJob(view, command, moment, settings)
    case 'RescheduleJob':
      return rescheduleJob(view, command, moment, settings)
    case 'RemoveJob':
      return removeJob(view, command)
    case 'PauseJob':
      return pauseJob(view, command)
    case 'ResumeJob':
      return resumeJob(view, command, moment)
    case 'RunJob':
      return runJob(view, command, moment)
    case 'BackfillJob':
      return backfillJob(view, command, moment)
    case 'CancelRun':
      return cancelRun(view, command, finishedRun)
    case 'RetryRun':
      return redriveRun(view, command, finishedRun, moment)
    case 'PauseJobs':
      return pauseJobs(view, command)
    case 'ResumeJobs':
      return resumeJobs(view, command, moment)
    case 'PauseSchedule':
      return pauseSchedule(view, command)
    case 'ResumeSchedule':
      return resumeSchedule(view, command)
    case 'RemoveAllJobs':
      return removeAllJobs(view, command)
    case 'DeclareExecutor':
      return declareExecutor(view, command)
    default:
      return rejected(command, unknownType(command))
  }
}

function unknownType(command: { readonly type?: unknown }): ReturnType<typeof reject> {
  return reject('unsupported-type', `type: expected the name of a command, got ${shown(command.type)}`, 'type')
}

function declareExecutor(view: View, command: Extract<Command, { type: 'DeclareExecutor' }>): Decided[] {
  const { executor } = command
  if (view.hasExecutor(executor)) return applied(command)
  if (executor === '' || executor.length > MAX_NAME_CHARS) {
    const reason = `executor: expected a name of 1 to ${MAX_NAME_CHARS} characters, got ${shown(executor)}`
    return rejected(command, reject('invalid-option', reason, 'executor'))
  }
  if (view.executorCount >= MAX_EXECUTORS) {
    const reason = `executor: expected at most ${MAX_EXECUTORS} declared executors, got one more, ${shown(executor)}`
    return rejected(command, reject('limit-exceeded', reason, 'executor'))
  }
  return [{ type: 'ExecutorDeclared', ...causedBy(command), executor }]
}
