/**
 * Decides ModifyJob and RescheduleJob: a new version of the job, whose fires are later than the last decided one.
 *
 * Where more came due before the change than one decision looks at, the events are those alone and nothing answers the
 * command: it is to be decided again after them.
 */
import { applied, causedBy, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import type { Moment } from '../moment.ts'
import { reject, type Rejection } from '../rejections.ts'
import type { View } from '../state.ts'
import { shown } from './check.ts'
import type { JobDefinition, JobInput } from './definition.ts'
import { dueBeforeChange } from './due-before-change.ts'
import { givenFireTime } from './given-fire-time.ts'
import { notFound } from './job-not-found.ts'
import type { JobState } from './job-state.ts'
import { firstFireTime } from './job-trigger.ts'
import { leftPauses } from './left-pauses.ts'
import { type JobSettings, resolveChange } from './resolve-definition.ts'
import { sameDefinition, sameTrigger } from './same-definition.ts'

type ModifyJob = Extract<Command, { type: 'ModifyJob' }>
type RescheduleJob = Extract<Command, { type: 'RescheduleJob' }>

/** Options that are given are changed, null sets one back to its default; a trigger that stays keeps its phase. */
export function modifyJob(view: View, command: ModifyJob, moment: Moment, settings: JobSettings): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  if (command.job.paused !== undefined && command.job.paused !== null) {
    const reason = 'job.paused: expected nothing here: pause and resume are commands of their own'
    return rejected(command, reject('invalid-option', reason, 'job.paused'))
  }
  const given = givenFireTime(command.job)
  if (typeof given === 'object' && given !== null) return rejected(command, given)
  return changed(view, job, command, { input: command.job, given, restart: false }, moment, settings)
}

/** A trigger from now on, even when it is the one that the job has: its phase begins anew. */
export function rescheduleJob(view: View, command: RescheduleJob, moment: Moment, settings: JobSettings): Decided[] {
  const job = view.job(command.jobId)
  if (job === undefined) return rejected(command, notFound(command.jobId))
  const input: JobInput = { trigger: command.trigger }
  return changed(view, job, command, { input, given: null, restart: true }, moment, settings)
}

interface Change {
  readonly input: JobInput
  readonly given: number | null
  /** The phase begins anew. */
  readonly restart: boolean
}

function changed(
  view: View,
  job: JobState,
  command: ModifyJob | RescheduleJob,
  change: Change,
  moment: Moment,
  settings: JobSettings,
): Decided[] {
  if (command.version !== null && command.version !== job.version) {
    const reason = `version: expected ${job.version}, the job's, got ${shown(command.version)}`
    return rejected(command, reject('version-conflict', reason, 'version'))
  }
  const definition = resolveChange(job.jobId, job.definition, change.input, settings, moment.calendars)
  if ('code' in definition) return rejected(command, definition)
  if (!view.hasExecutor(definition.executor)) {
    const reason = `job.executor: expected a declared executor, got ${shown(definition.executor)}`
    return rejected(command, reject('unknown-executor', reason, 'job.executor'))
  }
  if (!change.restart && change.given === null && sameDefinition(job.definition, definition)) return applied(command)
  return decideVersion(view, job, definition, { ...change, command }, moment)
}

interface VersionChange extends Omit<Change, 'input'> {
  readonly command: Command
}

/** The events of a change: what came due before it, then the job's next version. */
export function decideVersion(
  view: View,
  job: JobState,
  definition: JobDefinition,
  change: VersionChange,
  moment: Moment,
): Decided[] {
  const { command, restart, given } = change
  const keepsTimes = !restart && given === null && sameTrigger(job.definition, definition)
  const before = keepsTimes ? null : dueBeforeChange(view, job, moment)
  const decided = before === null ? job : { ...job, decidedThrough: before.decidedThrough }
  const phase = phaseOf(decided, definition, change, moment)
  if ('code' in phase) return rejected(command, phase)
  const events = [...(before?.events ?? [])]
  if (before?.first === true) return events
  const version = job.version + 1
  const heldThrough = leftPauses(view, job, definition, moment.now)
  const left = heldThrough === null ? {} : { heldThrough }
  events.push({ type: 'JobModified', jobId: job.jobId, ...causedBy(command), version, definition, ...phase, ...left })
  return events
}

interface Phase {
  readonly anchor: number
  readonly nextFireTime: number | null
}

/** From which anchor the next version counts, and when it fires first: later than the last decided time (invariant I2). */
function phaseOf(
  job: JobState,
  definition: JobDefinition,
  change: Omit<Change, 'input'>,
  moment: Moment,
): Phase | Rejection {
  const decided = job.decidedThrough ?? -1
  if (change.given !== null) {
    if (change.given <= decided) {
      const reason = `job.nextFireTime: expected a time later than ${decided}, the last decided one, got ${change.given}`
      return reject('invalid-option', reason, 'job.nextFireTime')
    }
    const keeps = sameTrigger(job.definition, definition) && !change.restart
    return { anchor: keeps ? job.anchor : moment.now, nextFireTime: change.given }
  }
  if (!change.restart && sameTrigger(job.definition, definition)) {
    return { anchor: job.anchor, nextFireTime: job.nextFireTime }
  }
  const from = Math.max(moment.now, decided + 1)
  const nextFireTime = firstFireTime(definition, moment.now, from, moment.calendars)
  if (nextFireTime !== null && nextFireTime > decided) return { anchor: moment.now, nextFireTime }
  const reason = 'job.trigger: expected a time later than the last decided one, got a trigger that is over'
  return reject('never-fires', reason, 'job.trigger')
}
