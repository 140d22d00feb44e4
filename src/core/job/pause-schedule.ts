/**
 * Decides PauseSchedule and ResumeSchedule. Times that come due meanwhile are judged by grace and coalescing when it is
 * resumed, as after an outage.
 */
import { applied, causedBy, NO_COMMAND, rejected } from '../answers.ts'
import type { Command } from '../commands.ts'
import type { Decided } from '../events.ts'
import type { Moment } from '../moment.ts'
import type { View } from '../state.ts'
import { pauseOf, pauseProblem, samePause } from './pause-options.ts'

type PauseSchedule = Extract<Command, { type: 'PauseSchedule' }>
type ResumeSchedule = Extract<Command, { type: 'ResumeSchedule' }>

export function pauseSchedule(view: View, command: PauseSchedule): Decided[] {
  const problem = pauseProblem(command)
  if (problem !== null) return rejected(command, problem)
  const pause = pauseOf(command, view.schedulePaused)
  if (samePause(view.schedulePaused, pause)) return applied(command)
  return [{ type: 'SchedulePaused', ...causedBy(command), ...pause }]
}

export function resumeSchedule(view: View, command: ResumeSchedule): Decided[] {
  return view.schedulePaused === null ? applied(command) : [{ type: 'ScheduleResumed', ...causedBy(command) }]
}

/** A pause whose time is over ends by itself. */
export function schedulePauseOver(view: View, moment: Moment): Decided[] {
  const until = view.schedulePaused?.until
  return until === undefined || until === null || until > moment.now ? [] : [{ type: 'ScheduleResumed', ...NO_COMMAND }]
}
