/** Which situations of the ledger a decision is one of. */
import type { Event, EventOf } from '../../src/core/events.ts'
import type { Explained } from './explain.ts'
import type { Run } from './world.ts'

export function situationsOf(event: Event, explained: Explained): readonly string[] {
  switch (event.type) {
    case 'ClockStepped':
      return ['clock step recorded']
    case 'ExecutorDeclared':
      return ['executor declared']
    case 'CommandApplied':
      return ofApplied(event, explained)
    case 'CommandRejected':
      return [`rejected: ${event.code}`]
    case 'RunStarted':
      return ['started']
    case 'RunGranted':
      return ['at-most-once granted']
    case 'RunRetryQueued':
      return ['retry queued']
    case 'ReportIgnored': {
      const isRefused = event.report === 'started' && event.why === 'claimed'
      return [`report ignored: ${event.why}`, ...(isRefused ? ['at-most-once refused'] : [])]
    }
    default:
      return [...ofJobs(event, explained), ...ofFires(event, explained), ...ofOutcomes(event, explained)]
  }
}

function ofApplied(event: EventOf<'CommandApplied'>, { input }: Explained): string[] {
  if (event.duplicate) return ['duplicate command']
  if (event.times !== null) return ['backfill dry run']
  if (input.kind !== 'command' || input.command.type !== 'AddJob') return []
  return [input.command.ifExists === 'keep' ? 'job kept' : 'equal job changes nothing']
}

function ofJobs(event: Event, { input, events, after }: Explained): string[] {
  const isByItself = input.kind !== 'command'
  switch (event.type) {
    case 'JobAdded':
      return ['job added', ...(event.paused ? ['job added paused'] : [])]
    case 'JobModified':
      return [...ofModified(input), ...(events.length > 1 ? ['changed when times were due'] : [])]
    case 'JobPaused':
      return ['job paused']
    case 'JobResumed': {
      const how = isByItself ? 'paused job resumed by itself' : 'paused job resumed'
      return event.skipped === null ? [how] : [how, 'skipped while paused']
    }
    case 'JobsPaused':
      return ['pause by labels']
    case 'JobsResumed':
      return [isByItself ? 'pause by labels over by itself' : 'pause by labels over']
    case 'SchedulePaused':
      return ['schedule paused']
    case 'ScheduleResumed':
      return [isByItself ? 'schedule pause over by itself' : 'schedule pause over']
    case 'JobRemoved': {
      const seen = ['job removed', ...(events.length > 1 ? ['job removed with runs that wait'] : [])]
      if ([...after.runs.values()].some((run) => run.jobId === event.jobId)) seen.push('job removed with open runs')
      return seen
    }
    case 'JobsRemoved':
      return ['all jobs removed', ...(event.cancelledRuns > 0 ? ['all jobs removed with runs that wait'] : [])]
    case 'JobFinished':
      return [input.kind === 'report' ? 'job finished with its last run' : 'job finished']
    default:
      return []
  }
}

const CHANGES: Readonly<Record<string, string>> = {
  AddJob: 'job replaced',
  ModifyJob: 'job modified',
  RescheduleJob: 'job rescheduled',
}

function ofModified(input: Explained['input']): string[] {
  if (input.kind !== 'command') return []
  const { command } = input
  const isGiven = 'job' in command && (command.job.nextFireTime ?? null) !== null
  return [CHANGES[command.type] ?? command.type, ...(isGiven ? ['given fire time'] : [])]
}

function ofFires(event: Event, explained: Explained): string[] {
  const { input, before } = explained
  switch (event.type) {
    case 'RunQueued':
      return ofQueued(event, explained)
    case 'RunSkipped':
      if (event.why === 'paused') {
        const isChanged = explained.events.some(({ type }) => type === 'JobModified')
        return [isChanged ? 'changed under a pause, when times were due' : 'skipped under a pause by labels']
      }
      return [event.why === 'queue-full' ? 'queue-full' : `skipped: ${event.why}`]
    case 'RunMissed': {
      if (event.runId !== null) return ['missed when picked up']
      const grace = before.jobs.get(event.jobId)?.spec.misfireGraceMs ?? null
      return [grace === null ? 'catch-up capped' : 'missed by its grace']
    }
    case 'RunCancelRequested':
      return [input.kind === 'command' && input.command.type === 'CancelRun' ? 'asked to stop' : 'cancel-running']
    default:
      return []
  }
}

function ofQueued(event: EventOf<'RunQueued'>, { events, before }: Explained): string[] {
  const { cause, after, coalesced, retryOf } = event
  const seen: string[] = after === '*' ? ['queued for a free place'] : []
  const job = before.jobs.get(event.jobId)
  if (job === undefined) return seen
  if (cause === 'backfill') return [...seen, 'backfill']
  if (cause === 'run-now') {
    if (before.isHeld(job)) seen.push('run now of a paused job')
    return [...seen, retryOf === null ? 'run now' : 'run done again']
  }
  const { plan, coalesce } = job.spec
  seen.push(plan.kind === 'once' ? 'fired once' : `fired by ${plan.kind}`)
  if (plan.kind === 'interval' && plan.repeat !== null && event.nextFireTime === null) seen.push('repeat used up')
  if (coalesced !== null) seen.push(`coalesced to the ${coalesce}`)
  const first = events.find(({ type }) => type === 'RunQueued')
  if (first !== event) seen.push('catch-up runs one after another')
  return seen
}

function ofOutcomes(event: Event, explained: Explained): string[] {
  if (!('runId' in event) || event.runId === null) return []
  const { input, before } = explained
  const run = before.runs.get(event.runId)
  if (run === undefined) return []
  const isLate = before.jobOf(run) === undefined ? ['report of a run of a removed job'] : []
  return [...isLate, ...ofOutcome(event, run, input)]
}

function ofOutcome(event: Event, run: Run, input: Explained['input']): string[] {
  const isReport = input.kind === 'report'
  const timedOut = isReport ? 'timed out by its executor' : 'timed out by its owner'
  const lost = isReport ? 'lost with its third process' : 'lost for silence'
  switch (event.type) {
    case 'RunRetryScheduled': {
      const { reason } = event
      const seen = { failed: [], 'timed-out': [timedOut], lost: [lost], 'unknown-task': ['unknown task'] }
      return ['retry scheduled', ...seen[reason]]
    }
    case 'RunSucceeded':
      return ['succeeded', ...(event.attempt > 1 ? ['succeeded after a retry'] : [])]
    case 'RunFailed': {
      const isForGood = !event.error.retryable || run.spec.retry.nonRetryable.includes(event.error.name)
      const hadMore = run.attempt < run.spec.retry.maxAttempts
      if (isForGood && hadMore) return ['failed', 'failed for good at once']
      return ['failed', ...(event.attempt > 1 ? ['retries used up'] : [])]
    }
    case 'RunTimedOut':
      return [timedOut]
    case 'RunLost':
      if (input.kind === 'run-abandoned') return ['at-most-once lost']
      return [run.granted ? 'at-most-once silent' : lost]
    case 'RunCancelled':
      return [howCancelled(run, input)]
    default:
      return []
  }
}

function howCancelled(run: Run, input: Explained['input']): string {
  if (input.kind === 'report' && input.report.type === 'cancelled') return 'cancelled by its executor'
  if (run.cancelRequested && run.status === 'running') return 'cancelled instead of tried again'
  if (input.kind === 'command' && input.command.type === 'CancelRun') return 'cancelled before it began'
  return run.status === 'waiting' ? 'overtaken while it waited' : 'cancel-running'
}

/** Runs that waited and wait no longer. */
export function lettingsIn({ before, after, events }: Explained): string[] {
  return [...after.runs.values()].flatMap((run) => {
    const waited = before.runs.get(run.id)
    if (waited?.status !== 'waiting' || run.status !== 'queued') return []
    if (waited.after !== '*') return ['successor of a run that ended']
    return [events.at(-1)?.type === 'JobModified' ? 'let in by a new version' : 'let in when a place was free']
  })
}
