/** An event in a word and a detail, for lines that people read. */
import type { PublicEvent } from '../client/public-event.ts'
import type { EventType } from '../core/events.ts'
import { countText } from '../client/count-text.ts'
import { spanText } from '../client/time-text.ts'

/** The words of facts about jobs and runs, by event. */
const WORDS: Readonly<Partial<Record<EventType, string>>> = {
  JobAdded: 'added',
  JobModified: 'changed',
  JobPaused: 'paused',
  JobResumed: 'resumed',
  JobRemoved: 'removed',
  JobFinished: 'finished',
  RunQueued: 'queued',
  RunSkipped: 'skipped',
  RunMissed: 'missed',
  RunStarted: 'started',
  RunRetryScheduled: 'retrying',
  RunRetryQueued: 'queued',
  RunSucceeded: 'succeeded',
  RunFailed: 'failed',
  RunTimedOut: 'timed-out',
  RunCancelled: 'cancelled',
  RunLost: 'lost',
}

/** The events that are facts about jobs and runs. */
export const FACT_TYPES: readonly EventType[] = Object.keys(WORDS) as EventType[]

const MAX_DETAIL_CHARS = 100

/** `queued`, `succeeded`, …; null for an event that is bookkeeping. */
export function wordOf(event: PublicEvent): string | null {
  return WORDS[event.type] ?? null
}

export function detailOf(event: PublicEvent): string {
  const text = detail(event).replaceAll(/\s+/g, ' ')
  return text.length > MAX_DETAIL_CHARS ? `${text.slice(0, MAX_DETAIL_CHARS)}…` : text
}

function detail(event: PublicEvent): string {
  switch (event.type) {
    case 'OwnerAnnounced':
      return `epoch ${event.epoch} by ${event.node}`
    case 'BatchCommitted':
      return `${event.count} events`
    case 'CommandApplied':
      return event.duplicate ? 'a repetition: answered before' : 'nothing to change'
    case 'CommandRejected':
      return `${event.code}: ${event.reason}`
    case 'ReportIgnored':
      return `${event.report} of attempt ${event.attempt}: ${event.why}`
    case 'JobAdded':
    case 'JobModified':
      return definedDetail(event)
    case 'JobPaused':
      return event.reason ?? ''
    case 'JobResumed':
      return event.skipped === null ? '' : `${event.skipped.count} times skipped`
    case 'RunQueued':
      return queuedDetail(event)
    case 'RunSkipped':
      return `${countText(event.times.count, 'time')}: ${event.why}`
    case 'RunMissed':
      return `${countText(event.times.count, 'time')} beyond the grace time`
    case 'RunStarted':
      return `attempt ${event.attempt}`
    case 'RunRetryScheduled':
      return retryDetail(event)
    case 'RunRetryQueued':
      return `attempt ${event.attempt}`
    case 'RunSucceeded':
      return `${tookText(event)}${event.result === null ? '' : `: ${JSON.stringify(event.result)}`}`
    case 'RunFailed':
      return `${tookText(event)}: ${event.error.name}: ${event.error.message}`
    case 'RunTimedOut':
      return event.error?.message ?? ''
    case 'RunCancelled':
    case 'RunCancelRequested':
      return event.reason ?? ''
    case 'RunLost':
      return event.reason
    default:
      return ''
  }
}

function retryDetail({ retryAt, time, attempt, reason, error }: PublicEvent<'RunRetryScheduled'>): string {
  const wait = spanText(Math.max(0, retryAt.getTime() - time.getTime()))
  return `in ${wait}, attempt ${attempt} ${reason}${error === null ? '' : `: ${error.message}`}`
}

function definedDetail(event: PublicEvent<'JobAdded' | 'JobModified'>): string {
  const next = `version ${event.version}, next ${event.nextFireTime?.toISOString() ?? 'never'}`
  const from = event.type === 'JobModified' ? (event.movedFrom ?? null) : null
  return from === null ? next : `${next}, by a newer time-zone database: before it was ${from.toISOString()}`
}

function queuedDetail(event: PublicEvent<'RunQueued'>): string {
  const late = event.time.getTime() - event.dueAt.getTime()
  const parts = [
    event.cause === 'trigger' ? `for ${event.scheduledAt.toISOString()}` : event.cause,
    late >= 1_000 ? `${spanText(late)} late` : '',
    event.coalesced === null ? '' : `stands for ${countText(event.coalesced.count, 'time')} more`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function tookText(event: PublicEvent<'RunSucceeded' | 'RunFailed'>): string {
  const attempt = `attempt ${event.attempt}`
  if (event.startedAt === null) return attempt
  return `${attempt} in ${spanText(Math.max(0, event.time.getTime() - event.startedAt.getTime()))}`
}
