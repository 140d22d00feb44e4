/**
 * The only code that changes the state. Live processing and replay run this same function.
 *
 * Total: it uses nothing but the draft and the event. No clock, no calendar, no time zone: every computed time is in
 * the event.
 */
import { unreachable } from './assert.ts'
import type { Event } from './events.ts'
import { evolveJob } from './job/evolve-job.ts'
import { keepZoneData } from './job/zone-data.ts'
import { evolveRun } from './run/evolve-run.ts'
import type { Draft } from './state.ts'

const UNDECIDED: ReadonlySet<string> = new Set(['CommandRejected', 'CommandForwarded'])

export function evolve(draft: Draft, event: Event): void {
  // An announcement that was long under way may come after later events.
  draft.setLastTime(Math.max(draft.lastTime, event.time))
  // What was refused or sent on changed nothing here: its repetition is decided anew, and must not pass for something
  // that was applied.
  if ('commandGiven' in event && event.commandGiven && event.commandId !== null && !UNDECIDED.has(event.type)) {
    draft.rememberCommand(event.commandId, event.time)
  }
  const before = 'nextFireTime' in event ? draft.job(event.jobId)?.nextFireTime : null
  switch (event.type) {
    case 'OwnerAnnounced':
      draft.setZoneData(event.zoneData ?? null)
      return
    case 'BatchCommitted':
    case 'InputLost':
    case 'ClockStepped':
    case 'CommandApplied':
    case 'CommandRejected':
    case 'CommandForwarded':
    case 'ReportIgnored':
      return
    case 'ExecutorDeclared':
      draft.addExecutor(event.executor)
      return
    case 'SchedulePaused':
      draft.setSchedulePaused({ reason: event.reason, until: event.until })
      return
    case 'ScheduleResumed':
      draft.setSchedulePaused(null)
      return
    case 'JobAdded':
    case 'JobModified':
    case 'JobPaused':
    case 'JobResumed':
    case 'JobRemoved':
    case 'JobFinished':
    case 'JobsPaused':
    case 'JobsResumed':
    case 'JobsRemoved':
      evolveJob(draft, event)
      break
    case 'RunQueued':
    case 'RunSkipped':
    case 'RunMissed':
    case 'RunStarted':
    case 'RunGranted':
    case 'RunRetryScheduled':
    case 'RunRetryQueued':
    case 'RunSucceeded':
    case 'RunFailed':
    case 'RunTimedOut':
    case 'RunCancelRequested':
    case 'RunCancelled':
    case 'RunLost':
      evolveRun(draft, event)
      break
    default:
      unreachable(event)
  }
  if ('nextFireTime' in event) keepZoneData(draft, event.jobId, before)
}
