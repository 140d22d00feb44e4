/** The facts that test/support/facts.ts has not, and what can be asked of the state after them. */
import { NO_COMMAND } from '../../src/core/answers.ts'
import type { CommandEnvelope } from '../../src/core/commands.ts'
import { effectsOf } from '../../src/core/effects.ts'
import type { CausedBy, Decided, EventType } from '../../src/core/events.ts'
import type { FinishedRun } from '../../src/core/run/finished-run.ts'
import type { RunStatus } from '../../src/core/run/run-state.ts'
import type { Liveness } from '../../src/core/timers.ts'
import { runQueued } from '../support/facts.ts'
import { ENVELOPE, EXECUTOR } from '../support/inputs.ts'
import { JOB, runAt, T0 } from '../support/moments.ts'
import type { GivenStage, WhenStage } from '../support/scenario.ts'

type Fact<T extends EventType> = Extract<Decided, { readonly type: T }>
type Over<T extends EventType> = Partial<Omit<Fact<T>, 'type'>>

/** The command of `ENVELOPE`, or another. */
export function by({ commandId, commandGiven, actor, commandOffset }: CommandEnvelope = ENVELOPE): CausedBy {
  return { commandId, commandGiven, actor, commandOffset }
}

/** A timer was the reason, no command. */
export const BY_ITSELF = NO_COMMAND

/** Nothing was heard of any attempt. */
export const SILENT: Liveness = { since: 0, heardOf: () => undefined }

export function jobsPaused(over: Over<'JobsPaused'> = {}): Fact<'JobsPaused'> {
  return { type: 'JobsPaused', ...by(), labels: {}, reason: null, until: null, ...over }
}

export function jobsResumed(over: Over<'JobsResumed'> = {}): Fact<'JobsResumed'> {
  return { type: 'JobsResumed', ...by(), labels: {}, through: T0, ...over }
}

export function jobsRemoved(count: number, cancelledRuns: number, over: Over<'JobsRemoved'> = {}): Fact<'JobsRemoved'> {
  return { type: 'JobsRemoved', ...by(), count, cancelledRuns, ...over }
}

export function scheduleResumed(over: Over<'ScheduleResumed'> = {}): Fact<'ScheduleResumed'> {
  return { type: 'ScheduleResumed', ...by(), ...over }
}

export function runGranted(runId: string, over: Over<'RunGranted'> = {}): Fact<'RunGranted'> {
  return { type: 'RunGranted', jobId: JOB, runId, attempt: 1, executor: EXECUTOR, ...over }
}

/** A run that a backfill asked for. */
export function backfilled(scheduledAt: number, over: Over<'RunQueued'> = {}): Fact<'RunQueued'> {
  return runQueued(scheduledAt, { ...by(), cause: 'backfill', runId: backfillOf(scheduledAt), ...over })
}

/** The id of that run. */
export function backfillOf(scheduledAt: number, envelope: CommandEnvelope = ENVELOPE): string {
  return `${runAt(scheduledAt)}/${envelope.commandId}`
}

/** What is kept of a run that ended. */
export function finishedRun(runId: string, over: Partial<FinishedRun> = {}): FinishedRun {
  return {
    runId,
    jobId: runId.split('/')[0] ?? '',
    scheduledAt: T0,
    cause: 'trigger',
    attempt: 1,
    outcome: 'failed',
    queuedAt: T0,
    startedAt: null,
    finishedAt: T0,
    executor: EXECUTOR,
    result: null,
    error: null,
    reason: null,
    payload: null,
    contentType: null,
    ...over,
  }
}

/** Where the open runs of the job stand, oldest first. */
export function statuses(stage: GivenStage): (RunStatus | undefined)[] {
  const runIds = stage.state.job(JOB)?.openRuns ?? []
  return runIds.map((runId) => stage.state.run(runId)?.status)
}

/** What the decided events ask of the world, as `dispatch <run id>`. `after` is what came of them. */
export function asked(when: WhenStage, after: GivenStage): string[] {
  const { state } = after
  const place = { epoch: 1, seq: 1, index: 0, time: state.lastTime }
  return when.events
    .flatMap((event) => effectsOf({ ...event, ...place }, state))
    .map((effect) => `${effect.type} ${'runId' in effect ? effect.runId : effect.topic}`)
}
