/** Decides AddJob. An equal definition changes nothing and keeps its phase, so jobs may be added at every start. */
import { applied, causedBy, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import { JOB_ID_PATTERN } from '../limits.ts'
import type { Moment } from '../moment.ts'
import { reject } from '../rejections.ts'
import type { View } from '../state.ts'
import { shown } from './check.ts'
import type { JobDefinition } from './definition.ts'
import { givenFireTime } from './given-fire-time.ts'
import { firstFireTime } from './job-trigger.ts'
import { type JobSettings, resolveDefinition } from './resolve-definition.ts'
import type { JobState } from './job-state.ts'
import { decideVersion } from './modify-job.ts'
import { sameDefinition } from './same-definition.ts'

type AddJob = Extract<Command, { type: 'AddJob' }>

export function addJob(view: View, command: AddJob, moment: Moment, settings: JobSettings): Decided[] {
  const { jobId } = command
  if (!JOB_ID_PATTERN.test(jobId)) {
    const reason = `job.id: expected 1 to 200 characters of A-Z a-z 0-9 . _ : @ -, got ${shown(jobId)}`
    return rejected(command, reject('invalid-id', reason, 'job.id'))
  }
  const definition = resolveDefinition(jobId, command.job, settings, moment.calendars)
  if ('code' in definition) return rejected(command, definition)
  if (!view.hasExecutor(definition.executor)) {
    const reason = `job.executor: expected a declared executor, got ${shown(definition.executor)}`
    return rejected(command, reject('unknown-executor', reason, 'job.executor'))
  }
  const given = givenFireTime(command.job)
  if (typeof given === 'object' && given !== null) return rejected(command, given)

  const existing = view.job(jobId)
  if (existing === undefined) return added(command, definition, given, moment)
  switch (command.ifExists) {
    case 'keep':
      return applied(command)
    case 'reject':
      return rejected(command, reject('job-exists', `job.id: a job ${shown(jobId)} exists`, 'job.id'))
    case 'replace':
      if (sameDefinition(existing.definition, definition) && given === null) return applied(command)
      return decideVersion(
        view,
        existing,
        definition,
        { command, given, restart: runsAgain(existing, definition) },
        moment,
      )
    default: {
      const reason = `ifExists: expected one of 'replace', 'keep', 'reject', got ${shown(command.ifExists)}`
      return rejected(command, reject('invalid-option', reason, 'ifExists'))
    }
  }
}

function added(command: AddJob, definition: JobDefinition, given: number | null, moment: Moment): Decided[] {
  const anchor = moment.now
  const nextFireTime = given ?? firstFireTime(definition, anchor, moment.now, moment.calendars)
  if (nextFireTime === null) {
    const reason = 'job.trigger: expected at least one time from now on, got a trigger that is over'
    return rejected(command, reject('never-fires', reason, 'job.trigger'))
  }
  const paused = command.job.paused === true
  return [
    {
      type: 'JobAdded',
      jobId: command.jobId,
      ...causedBy(command),
      version: 1,
      definition,
      anchor,
      nextFireTime,
      paused,
    },
  ]
}

/**
 * A job without a trigger runs once, when it is added. While it waits for that, the new definition takes over its one time.
 * When that time is decided and only the run is left, there is none to take over: as a new version with the phase of the old
 * one it would never run, although it was added to run once. So its phase begins anew.
 */
function runsAgain(existing: JobState, definition: JobDefinition): boolean {
  return definition.trigger === null && existing.nextFireTime === null
}
