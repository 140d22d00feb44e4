/** What the model says of runs: reports, retries, time-outs, cancellation (design §7). */
import type { Command } from '../../src/core/commands.ts'
import type { EventOf } from '../../src/core/events.ts'
import type { Report, RunError } from '../../src/core/reports.ts'
import { applied, by, type Fact, type Moment, rejected } from './facts.ts'
import { askedId, cancelled, finish, isOpenAsked, makeRoom, open, requestCancel } from './fire-rules.ts'
import { heartbeatOf } from './spec.ts'
import type { Finished, Outcome, Run, World } from './world.ts'

type Of<T extends Command['type']> = Extract<Command, { readonly type: T }>

/** The owner ends an attempt this much after its time-out. */
const SLACK_MS = 5_000
const PROCESSES_PER_ATTEMPT = 3
const UNKNOWN_TASK_TRIES = 10

export function report(world: World, said: Report, moment: Moment): Fact[] {
  const run = world.run(said.runId)
  if (run === undefined) return ignored(said, 'unknown-run')
  if (said.attempt > run.attempt) return ignored(said, 'future-attempt')
  const isOver = run.status === 'retrying' || run.status === 'waiting'
  if (said.attempt < run.attempt || isOver) return ignored(said, 'old-attempt')
  const { error, executor } = said
  const startedAt = said.startedAt ?? run.startedAt
  if (said.type !== 'heartbeat' && said.type !== 'started') {
    const isOwn = run.executor === executor
    if (run.granted && !isOwn) return ignored(said, 'claimed')
    // That one process did not begin it says nothing of the one that did.
    if (run.status === 'running' && (said.type === 'missed' || said.type === 'unknown-task')) {
      if (isOwn) return ignored(said, 'repeated')
      if (run.spec.timeoutMs !== null || heartbeatOf(run.spec) !== null) return ignored(said, 'claimed')
      // But nothing else may ever end it.
      if (said.type === 'missed')
        return failed(world, run, { reason: 'lost', error: null, executor, startedAt }, moment)
    }
  }
  switch (said.type) {
    case 'heartbeat':
      return []
    case 'started':
      return run.spec.delivery === 'at-most-once' ? claim(run, said, moment) : start(world, run, said, moment)
    case 'succeeded':
      return over(world, run, 'succeeded', {
        type: 'RunSucceeded',
        ...ended(run),
        startedAt,
        executor,
        result: said.result,
      })
    case 'failed':
    case 'timed-out':
    case 'unknown-task':
      return failed(world, run, { reason: said.type, error, executor, startedAt }, moment)
    case 'cancelled':
      return over(world, run, 'cancelled', cancelled(run))
    case 'missed':
      return over(world, run, 'missed', { type: 'RunMissed', jobId: run.jobId, runId: run.id, attempt: run.attempt })
  }
}

function ignored({ jobId, runId, attempt, type, executor }: Report, why: EventOf<'ReportIgnored'>['why']): Fact[] {
  return [{ type: 'ReportIgnored', jobId, runId, attempt, report: type, why, executor }]
}

function attemptOf(run: Run): { readonly jobId: string; readonly runId: string; readonly attempt: number } {
  return { jobId: run.jobId, runId: run.id, attempt: run.attempt }
}

function ended(run: Run): ReturnType<typeof attemptOf> & { readonly scheduledAt: number } {
  return { ...attemptOf(run), scheduledAt: run.at }
}

function over(world: World, run: Run, outcome: Outcome, fact: Fact): Fact[] {
  world.end(run, outcome)
  const job = world.jobOf(run)
  return job === undefined ? [fact] : [fact, ...finish(world, job)]
}

/** An at-most-once attempt: there is one grant. */
function claim(run: Run, said: Report, moment: Moment): Fact[] {
  if (run.granted) return ignored(said, run.executor === said.executor ? 'repeated' : 'claimed')
  run.status = 'running'
  run.startedAt = moment.time
  run.runningSince = moment.time
  run.executor = said.executor
  run.starts += 1
  run.granted = true
  return [{ type: 'RunGranted', ...attemptOf(run), executor: said.executor }]
}

/** A run that kills its process comes back; the third process that starts it is the last. */
function start(world: World, run: Run, said: Report, moment: Moment): Fact[] {
  const { executor } = said
  if (run.executor === executor) return ignored(said, 'repeated')
  if (run.starts + 1 === PROCESSES_PER_ATTEMPT) {
    const startedAt = said.startedAt ?? run.startedAt
    return failed(world, run, { reason: 'lost', error: null, executor, startedAt }, moment)
  }
  const startedAt = said.startedAt ?? said.at
  run.status = 'running'
  run.startedAt ??= startedAt
  run.runningSince ??= moment.time
  run.executor = executor
  run.starts += 1
  return [{ type: 'RunStarted', ...attemptOf(run), executor, startedAt }]
}

interface Failure {
  readonly reason: EventOf<'RunRetryScheduled'>['reason']
  readonly error: RunError | null
  readonly executor: string | null
  readonly startedAt: number | null
}

/** Another attempt, or the run's outcome. A run of a job that was removed, or that was cancelled, is not tried again. */
function failed(world: World, run: Run, { reason, error, executor, startedAt }: Failure, moment: Moment): Fact[] {
  const told = error === null || reason === 'unknown-task' ? {} : { error }
  if (run.cancelRequested) return over(world, run, 'cancelled', cancelled(run))
  if (world.jobOf(run) !== undefined && isTriedAgain(run, reason, error)) {
    run.status = 'retrying'
    // Within its bounds it is the owner's choice; `adopt` takes it from the event.
    run.retryAt = moment.now
    if (reason === 'unknown-task') run.unknownTask += 1
    return [{ type: 'RunRetryScheduled', ...attemptOf(run), reason, executor, ...told }]
  }
  const common = { ...ended(run), startedAt, executor }
  switch (reason) {
    case 'failed':
    case 'unknown-task':
      return over(world, run, 'failed', { type: 'RunFailed', ...common, ...told })
    case 'timed-out':
      return over(world, run, 'timed-out', { type: 'RunTimedOut', ...common, ...told })
    case 'lost':
      return over(world, run, 'lost', { type: 'RunLost', ...common })
  }
}

function isTriedAgain(run: Run, reason: Failure['reason'], error: RunError | null): boolean {
  if (reason === 'unknown-task') return run.unknownTask + 1 < UNKNOWN_TASK_TRIES
  const { maxAttempts, nonRetryable } = run.spec.retry
  if (run.attempt - run.unknownTask >= maxAttempts) return false
  return error === null || (error.retryable && !nonRetryable.includes(error.name))
}

/** When the next attempt may be, for a decision at `now`. `run` is as it is after the failure. */
export function retryBounds(run: Run, reason: Failure['reason'], now: number): readonly [least: number, most: number] {
  if (reason === 'unknown-task') {
    const wait = Math.min(1_000 * 2 ** (run.unknownTask - 1), 300_000)
    return [now + wait, now + wait]
  }
  const { initialMs, multiplier, maxMs, jitter } = run.spec.retry
  const wait = Math.min(initialMs * multiplier ** (run.attempt - run.unknownTask - 1), maxMs)
  return [now + Math.floor(wait * (1 - jitter)), now + Math.ceil(wait * (1 + jitter))]
}

/** When the run needs a decision. */
export function runDue(world: World, run: Run, { since, heardOf }: Moment): number | null {
  if (run.status === 'retrying') {
    const job = world.jobs.get(run.jobId)
    return job !== undefined && world.isHeld(job) ? null : run.retryAt
  }
  if (run.status !== 'running' || run.runningSince === null) return null
  const { timeoutMs } = run.spec
  const timeout = timeoutMs === null ? Infinity : Math.max(run.runningSince, since) + timeoutMs + SLACK_MS
  const due = Math.min(timeout, silentFrom(run, since, heardOf))
  return due === Infinity ? null : due
}

function silentFrom(run: Run, since: number, heardOf: Moment['heardOf']): number {
  const heartbeatMs = heartbeatOf(run.spec)
  if (heartbeatMs === null || run.runningSince === null) return Infinity
  return Math.max(run.runningSince, since, heardOf(run.id, run.attempt)) + heartbeatMs
}

export function runIsDue(world: World, runId: string, moment: Moment): Fact[] {
  const run = world.run(runId)
  const due = run === undefined ? null : runDue(world, run, moment)
  if (run === undefined || due === null || due > moment.now) return []
  if (run.status === 'retrying') {
    run.status = 'queued'
    run.attempt += 1
    run.retryAt = null
    run.startedAt = null
    run.runningSince = null
    run.executor = null
    run.starts = 0
    run.granted = false
    return [{ type: 'RunRetryQueued', ...attemptOf(run) }]
  }
  if (run.granted) return lost(world, run)
  const reason = silentFrom(run, moment.since, moment.heardOf) <= moment.now ? 'lost' : 'timed-out'
  return failed(world, run, { reason, error: null, executor: run.executor, startedAt: run.startedAt }, moment)
}

/** Granted to a process before this owner: it may have run, so it must not run again. */
export function runIsAbandoned(world: World, runId: string, moment: Moment): Fact[] {
  const run = world.run(runId)
  return run !== undefined && isAbandoned(run, moment.since) ? lost(world, run) : []
}

export function isAbandoned(run: Run, since: number): boolean {
  return run.status === 'running' && run.granted && run.startedAt !== null && run.startedAt < since
}

function lost(world: World, run: Run): Fact[] {
  const { startedAt, executor } = run
  return over(world, run, 'lost', { type: 'RunLost', ...ended(run), startedAt, executor })
}

/** One that runs is asked to stop; any other is over at once. */
export function cancelRun(world: World, command: Of<'CancelRun'>, finished: Finished | null): Fact[] {
  const run = world.run(command.runId)
  if (run === undefined || run.jobId !== command.jobId)
    return rejected(command, finished === null ? 'run-not-found' : 'run-final')
  if (run.status !== 'running') return over(world, run, 'cancelled', { ...cancelled(run), ...by(command) })
  return run.cancelRequested ? applied(command) : [requestCancel(world, run, by(command))]
}

/** A run that ended otherwise than succeeded is done again with what it was given, as a run of its own. */
export function retryRun(world: World, command: Of<'RetryRun'>, finished: Finished | null, moment: Moment): Fact[] {
  const job = world.job(command.jobId)
  if (job === undefined) return rejected(command, 'job-not-found')
  if (world.runs.has(command.runId)) return rejected(command, 'invalid-option')
  if (finished === null) return rejected(command, 'run-not-found')
  if (finished.outcome === 'succeeded') return rejected(command, 'run-final')
  if (isOpenAsked(job, finished.at, command)) return rejected(command, 'expired')
  const room = makeRoom(world, job)
  if ('why' in room) return rejected(command, 'limit-exceeded')
  const { at, runId: retryOf, payload } = finished
  const asked = { by: by(command), asked: askedId(command, moment), retryOf, payload }
  return [...room.facts, open(world, job, { ...asked, at, after: room.after, cause: 'run-now' })]
}
