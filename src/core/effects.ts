/**
 * What an accepted event asks of the world. Data: derivable again from the event and the state at any time, and carried
 * out only after the log has accepted the batch.
 */
import type { Event, EventOf } from './events.ts'
import type { View } from './state.ts'

export type Effect =
  /** Hand the run's current attempt to its executor. */
  | { readonly type: 'dispatch'; readonly runId: string; readonly attempt: number }
  /** Ask the attempt to stop, or not to begin. */
  | { readonly type: 'cancel'; readonly runId: string; readonly attempt: number; readonly reason: string | null }
  /** The at-most-once attempt may start, in that process; any other must not. */
  | { readonly type: 'grant'; readonly runId: string; readonly attempt: number; readonly executor: string }
  | { readonly type: 'refuse'; readonly runId: string; readonly attempt: number; readonly executor: string }
  /** Produce the record again, at its home. */
  | { readonly type: 'forward'; readonly topic: InputTopic; readonly offset: number; readonly toPartition: number }
  /** Copy the record to the dead letters. */
  | { readonly type: 'dead-letter'; readonly topic: InputTopic; readonly offset: number; readonly error: string }

/** Where inputs stand: the partition is that of the event. */
export type InputTopic = 'commands' | 'reports'

const NONE: readonly Effect[] = []

/** `view` is the state after the batch. */
export function effectsOf(event: Event, view: View): readonly Effect[] {
  switch (event.type) {
    case 'RunQueued':
    case 'RunRetryQueued':
      return dispatchOf(event.runId, view)
    case 'RunCancelRequested':
      return [{ type: 'cancel', runId: event.runId, attempt: event.attempt, reason: event.reason }]
    case 'RunGranted':
      return [{ type: 'grant', runId: event.runId, attempt: event.attempt, executor: event.executor }]
    case 'CommandForwarded':
      return forwardOf(event)
    case 'CommandRejected':
      return event.commandOffset !== null && POISON.has(event.code)
        ? [{ type: 'dead-letter', topic: 'commands', offset: event.commandOffset, error: event.code }]
        : NONE
    case 'ReportIgnored':
      if (event.reportOffset !== null)
        return [{ type: 'dead-letter', topic: 'reports', offset: event.reportOffset, error: event.why }]
      return event.report === 'started' ? answerOf(event, view) : NONE
    case 'RunCancelled':
    case 'RunTimedOut':
    case 'RunLost':
      // The attempt may be in an executor all the same.
      return [
        { type: 'cancel', runId: event.runId, attempt: event.attempt, reason: null },
        ...successors(event.jobId, event.time, view),
      ]
    case 'RunRetryScheduled':
      return event.reason === 'timed-out' || event.reason === 'lost'
        ? [{ type: 'cancel', runId: event.runId, attempt: event.attempt, reason: null }]
        : NONE
    case 'RunSucceeded':
    case 'RunFailed':
    case 'JobModified':
      return successors(event.jobId, event.time, view)
    case 'RunMissed':
      return event.runId === null ? NONE : successors(event.jobId, event.time, view)
    default:
      return NONE
  }
}

/** A claim that is repeated by who was granted it has the same answer; of other starts nobody waits for one. */
function answerOf({ why, runId, attempt, executor }: EventOf<'ReportIgnored'>, view: View): readonly Effect[] {
  // Whoever it names may have made another claim, which is not answered by this.
  if (why === 'wrong-token') return NONE
  if (why !== 'repeated') return [{ type: 'refuse', runId, attempt, executor }]
  const run = view.run(runId)
  return run?.granted && run.attempt === attempt && run.executor === executor
    ? [{ type: 'grant', runId, attempt, executor }]
    : NONE
}

/** Nobody can act on these but a person. */
const POISON: ReadonlySet<string> = new Set(['malformed', 'unsupported-type', 'payload-too-large', 'expired'])

function forwardOf({ commandOffset, reportOffset, toPartition }: EventOf<'CommandForwarded'>): readonly Effect[] {
  if (commandOffset !== null) return [{ type: 'forward', topic: 'commands', offset: commandOffset, toPartition }]
  return reportOffset === null ? NONE : [{ type: 'forward', topic: 'reports', offset: reportOffset, toPartition }]
}

/**
 * Runs that an event of the batch let go, and whose job a later event of the same batch removed: the job no longer says
 * that they are there. `runIds` are those that the batch changed.
 */
export function orphanedDispatches(runIds: Iterable<string>, view: View): readonly Effect[] {
  const effects: Effect[] = []
  for (const runId of runIds) {
    const run = view.run(runId)
    if (run !== undefined && view.job(run.jobId)?.incarnation !== run.incarnation)
      effects.push(...dispatchOf(runId, view))
  }
  return effects
}

function dispatchOf(runId: string, view: View): readonly Effect[] {
  const run = view.run(runId)
  return run?.status === 'queued' ? [{ type: 'dispatch', runId, attempt: run.attempt }] : NONE
}

/** Runs that waited for a place: the event made them dispatchable. A copy does no harm: executors know the attempt. */
function successors(jobId: string, time: number, view: View): readonly Effect[] {
  const job = view.job(jobId)
  if (job === undefined || job.openRuns.length === 0) return NONE
  return job.openRuns.flatMap((runId) => {
    const run = view.run(runId)
    return run !== undefined && run.queuedAt === time && run.attempt === 1 ? dispatchOf(runId, view) : NONE
  })
}
