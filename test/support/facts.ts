/** Events with defaults, without their place on the log: what is given, and what is expected. */
import { expect } from 'vitest'
import { NO_COMMAND } from '../../src/core/answers.ts'
import type { CommandEnvelope } from '../../src/core/commands.ts'
import type { CausedBy, Decided, EventType, Times } from '../../src/core/events.ts'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { DEFAULT_DEFINITION, DEFAULT_RETRY } from '../../src/core/job/resolve-definition.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import { ENVELOPE, EXECUTOR, runError } from './inputs.ts'
import { FIRST_INCARNATION, JOB, runAt, T0 } from './moments.ts'

type Fact<T extends EventType> = Extract<Decided, { readonly type: T }>
/** Members that a scenario names; the rest have defaults. */
type Over<T extends EventType> = Partial<Omit<Fact<T>, 'type'>>

function by(envelope: CommandEnvelope = ENVELOPE): CausedBy {
  const { commandId, commandGiven, actor, commandOffset } = envelope
  return { commandId, commandGiven, actor, commandOffset }
}

function definition(over: Partial<JobDefinition> = {}): JobDefinition {
  return { ...DEFAULT_DEFINITION, task: 'greet', ...over }
}

export function retries(maxAttempts: number, over: Partial<JobDefinition['retry']> = {}): JobDefinition['retry'] {
  return { ...DEFAULT_RETRY, maxAttempts, ...over }
}

/** Scheduled times in rising order, as an event sums them up. */
export function times(first: number, ...more: readonly number[]): Times {
  const all = [first, ...more]
  return { first, last: all.at(-1) ?? first, count: all.length, listed: all.slice(0, 100) }
}

// Jobs. `job` in the place of `definition`: what differs from the default one.

export function jobAdded(over: Over<'JobAdded'> & { readonly job?: Partial<JobDefinition> } = {}): Fact<'JobAdded'> {
  const { job = {}, ...members } = over
  return {
    type: 'JobAdded',
    jobId: JOB,
    ...by(),
    version: 1,
    definition: definition(job),
    anchor: T0,
    nextFireTime: T0,
    paused: false,
    ...members,
  }
}

export function jobModified(
  over: Over<'JobModified'> & { readonly job?: Partial<JobDefinition> } = {},
): Fact<'JobModified'> {
  const { job = {}, ...members } = over
  return {
    type: 'JobModified',
    jobId: JOB,
    ...by(),
    version: 2,
    definition: definition(job),
    anchor: T0,
    nextFireTime: T0,
    ...members,
  }
}

export function jobPaused(over: Over<'JobPaused'> = {}): Fact<'JobPaused'> {
  return { type: 'JobPaused', jobId: JOB, ...by(), reason: null, until: null, ...over }
}

export function jobResumed(over: Over<'JobResumed'> = {}): Fact<'JobResumed'> {
  return { type: 'JobResumed', jobId: JOB, ...by(), through: T0, skipped: null, nextFireTime: T0, ...over }
}

export function jobRemoved(over: Over<'JobRemoved'> = {}): Fact<'JobRemoved'> {
  return { type: 'JobRemoved', jobId: JOB, ...by(), ...over }
}

export function jobFinished(jobId: string = JOB): Fact<'JobFinished'> {
  return { type: 'JobFinished', jobId }
}

// Answers

export function applied(over: Over<'CommandApplied'> = {}): Fact<'CommandApplied'> {
  return { type: 'CommandApplied', jobId: JOB, ...by(), duplicate: false, times: null, ...over }
}

export function duplicate(over: Over<'CommandApplied'> = {}): Fact<'CommandApplied'> {
  return applied({ duplicate: true, ...over })
}

/** Its reason names the path; the words are for people. */
export function rejected(
  code: RejectionCode,
  path: string | null,
  over: Over<'CommandRejected'> = {},
): Fact<'CommandRejected'> {
  const start = path === null ? '' : path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const reason = expect.stringMatching(new RegExp(`^${start}[^:]*: .+`)) as string
  return { type: 'CommandRejected', jobId: JOB, ...by(), code, reason, path, ...over }
}

export function executorDeclared(executor: string, over: Over<'ExecutorDeclared'> = {}): Fact<'ExecutorDeclared'> {
  return { type: 'ExecutorDeclared', ...by(), executor, ...over }
}

export function schedulePaused(over: Over<'SchedulePaused'> = {}): Fact<'SchedulePaused'> {
  return { type: 'SchedulePaused', ...by(), reason: null, until: null, ...over }
}

// Fires

/** A run that the trigger made for `scheduledAt`. */
export function runQueued(scheduledAt: number, over: Over<'RunQueued'> = {}): Fact<'RunQueued'> {
  const { jobId = JOB } = over
  return {
    type: 'RunQueued',
    ...NO_COMMAND,
    jobId,
    runId: runAt(scheduledAt, FIRST_INCARNATION, jobId),
    scheduledAt,
    dueAt: scheduledAt,
    cause: 'trigger',
    jobVersion: 1,
    executor: 'default',
    startBefore: null,
    after: null,
    coalesced: null,
    coalescesThrough: null,
    retryOf: null,
    nextFireTime: null,
    payload: null,
    contentType: null,
    ...over,
  }
}

/** A run that the command `envelope` asked for at `now`. */
export function runNowQueued(
  now: number,
  over: Over<'RunQueued'> = {},
  envelope: CommandEnvelope = ENVELOPE,
): Fact<'RunQueued'> {
  const runId = `${runAt(now, FIRST_INCARNATION, over.jobId)}/${envelope.commandId}`
  return runQueued(now, { ...by(envelope), cause: 'run-now', runId, ...over })
}

export function runSkipped(
  why: Fact<'RunSkipped'>['why'],
  skipped: Times,
  nextFireTime: number | null,
  over: Over<'RunSkipped'> = {},
): Fact<'RunSkipped'> {
  return { type: 'RunSkipped', jobId: JOB, runId: null, why, times: skipped, nextFireTime, ...over }
}

/** Decided too late: there was no run. */
export function timesMissed(missed: Times, nextFireTime: number | null): Fact<'RunMissed'> {
  return { type: 'RunMissed', jobId: JOB, runId: null, attempt: null, times: missed, nextFireTime }
}

/** Picked up too late. */
export function runMissed(scheduledAt: number): Fact<'RunMissed'> {
  const runId = runAt(scheduledAt)
  return { type: 'RunMissed', jobId: JOB, runId, attempt: 1, times: times(scheduledAt), nextFireTime: null }
}

// Runs. Each takes the id of its run.

function ofRun(runId: string): { readonly jobId: string; readonly runId: string; readonly attempt: number } {
  return { jobId: runId.split('/')[0] ?? '', runId, attempt: 1 }
}

/** When a run was scheduled, from its id. */
function scheduledAtOf(runId: string): number {
  const text = runId.split('/')[2] ?? ''
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function outcomeOf(runId: string) {
  return { ...ofRun(runId), scheduledAt: scheduledAtOf(runId), startedAt: null, executor: EXECUTOR }
}

export function runStarted(runId: string, over: Over<'RunStarted'> = {}): Fact<'RunStarted'> {
  return { type: 'RunStarted', ...ofRun(runId), executor: EXECUTOR, startedAt: T0, ...over }
}

export function retryScheduled(runId: string, over: Over<'RunRetryScheduled'> = {}): Fact<'RunRetryScheduled'> {
  const common = { ...ofRun(runId), reason: 'failed', error: runError(), executor: EXECUTOR, retryAt: T0 } as const
  return { type: 'RunRetryScheduled', ...common, ...over }
}

/** `attempt` is the one that begins. */
export function retryQueued(runId: string, attempt = 2): Fact<'RunRetryQueued'> {
  return { type: 'RunRetryQueued', ...ofRun(runId), attempt }
}

export function runSucceeded(runId: string, over: Over<'RunSucceeded'> = {}): Fact<'RunSucceeded'> {
  return { type: 'RunSucceeded', ...outcomeOf(runId), result: null, ...over }
}

export function runFailed(runId: string, over: Over<'RunFailed'> = {}): Fact<'RunFailed'> {
  return { type: 'RunFailed', ...outcomeOf(runId), error: runError(), ...over }
}

export function runTimedOut(runId: string, over: Over<'RunTimedOut'> = {}): Fact<'RunTimedOut'> {
  return { type: 'RunTimedOut', ...outcomeOf(runId), error: runError('TimeoutError'), ...over }
}

export function runCancelled(runId: string, over: Over<'RunCancelled'> = {}): Fact<'RunCancelled'> {
  return { type: 'RunCancelled', ...NO_COMMAND, ...outcomeOf(runId), reason: 'cancelled', ...over }
}

export function runLost(runId: string, over: Over<'RunLost'> = {}): Fact<'RunLost'> {
  return { type: 'RunLost', ...outcomeOf(runId), reason: 'lost', ...over }
}

export function cancelRequested(runId: string): Fact<'RunCancelRequested'> {
  return { type: 'RunCancelRequested', ...by(), ...ofRun(runId), reason: null }
}

export function ignored(
  runId: string,
  report: string,
  why: Fact<'ReportIgnored'>['why'],
  over: Over<'ReportIgnored'> = {},
): Fact<'ReportIgnored'> {
  return {
    type: 'ReportIgnored',
    ...ofRun(runId),
    report,
    why,
    executor: EXECUTOR,
    reportOffset: null,
    reason: null,
    ...over,
  }
}
