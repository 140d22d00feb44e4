/** What the model's world is told, and what it makes of it. */
import type { Command } from '../../src/core/commands.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import type { Report } from '../../src/core/reports.ts'
import { by, type Fact, type Moment, rejected } from './facts.ts'
import { dueBeforeChange, jobIsDue } from './fire-rules.ts'
import {
  addJob,
  backfillJob,
  changeJob,
  declareExecutor,
  pauseJob,
  pauseJobs,
  pausesAreDue,
  pauseSchedule,
  removeAll,
  removeJob,
  resumeJob,
  resumeJobs,
  resumeSchedule,
  runJob,
} from './job-rules.ts'
import { cancelRun, report, retryRun, runIsAbandoned, runIsDue } from './run-rules.ts'
import type { Ask } from './spec.ts'
import type { Finished, World } from './world.ts'

export type Input =
  | {
      readonly kind: 'command'
      readonly command: Command
      /** What the command's job or trigger was made of. */
      readonly ask: Ask
      /** The code with which it is refused whatever there is. */
      readonly refused: RejectionCode | null
      /** What is kept of the run that the command names, when it is over. */
      readonly finished: Finished | null
    }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'job-due'; readonly jobId: string }
  /** Too much is due before a change to be decided together with it. */
  | { readonly kind: 'before-change'; readonly jobId: string }
  | { readonly kind: 'run-due'; readonly runId: string }
  | { readonly kind: 'pauses-due' }
  | { readonly kind: 'run-abandoned'; readonly runId: string }
  | { readonly kind: 'clock-stepped'; readonly stepMs: number }

/** Changes the world, and says what events that makes; none when it changes nothing. */
export function take(world: World, input: Input, moment: Moment): Fact[] {
  const facts = decide(world, input, moment)
  if (facts.length > 0) world.lastTime = moment.time
  return facts
}

function decide(world: World, input: Input, moment: Moment): Fact[] {
  switch (input.kind) {
    case 'command':
      return answer(world, input, moment)
    case 'report':
      return report(world, input.report, moment)
    case 'job-due':
      return jobIsDue(world, input.jobId, moment)
    case 'before-change': {
      const job = world.job(input.jobId)
      return job === undefined ? [] : dueBeforeChange(world, job, moment.now)
    }
    case 'run-due':
      return runIsDue(world, input.runId, moment)
    case 'pauses-due':
      return pausesAreDue(world, moment)
    case 'run-abandoned':
      return runIsAbandoned(world, input.runId, moment)
    case 'clock-stepped':
      return [{ type: 'ClockStepped', stepMs: input.stepMs }]
  }
}

/** An id that a client gave and that was applied is answered once; a rejection may be asked again. */
function answer(world: World, input: Extract<Input, { kind: 'command' }>, moment: Moment): Fact[] {
  const { command } = input
  const { commandId, commandGiven } = command
  const isKnown = commandGiven && world.knows(commandId)
  const facts: Fact[] = isKnown
    ? [{ type: 'CommandApplied', ...by(command), duplicate: true }]
    : obey(world, input, moment)
  if (commandGiven && facts[0]?.type !== 'CommandRejected') world.remember(commandId, moment.time)
  return facts
}

function obey(world: World, input: Extract<Input, { kind: 'command' }>, moment: Moment): Fact[] {
  const { command, ask, refused, finished } = input
  if (refused !== null) return rejected(command, refused)
  switch (command.type) {
    case 'AddJob':
      return addJob(world, command, ask, moment)
    case 'ModifyJob':
    case 'RescheduleJob':
      return changeJob(world, command, ask, moment)
    case 'RemoveJob':
      return removeJob(world, command)
    case 'RemoveAllJobs':
      return removeAll(world, command)
    case 'PauseJob':
      return pauseJob(world, command)
    case 'ResumeJob':
      return resumeJob(world, command, moment)
    case 'PauseJobs':
      return pauseJobs(world, command)
    case 'ResumeJobs':
      return resumeJobs(world, command, moment)
    case 'PauseSchedule':
      return pauseSchedule(world, command)
    case 'ResumeSchedule':
      return resumeSchedule(world, command)
    case 'RunJob':
      return runJob(world, command, moment)
    case 'BackfillJob':
      return backfillJob(world, command, moment)
    case 'CancelRun':
      return cancelRun(world, command, finished)
    case 'RetryRun':
      return retryRun(world, command, finished, moment)
    case 'DeclareExecutor':
      return declareExecutor(world, command)
  }
}
