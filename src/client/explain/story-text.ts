/** What an event says of a job or a run, in a sentence for who asks why. */
import { describeTrigger } from '../../core/triggers/describe-trigger.ts'
import type { Event, EventOf, Times } from '../../core/events.ts'
import type { JobDefinition } from '../../core/job/definition.ts'
import { countText } from '../count-text.ts'
import { labelText } from '../label-text.ts'
import type { ExplainedHold } from './pause-origins.ts'
import { instantText, spanText } from '../time-text.ts'

/** Lateness below this is the ordinary business of a computer. */
const LATE_MS = 1_000
const MAX_VALUE_CHARS = 200

/** What the events before this one say, as far as a sentence needs it. */
export interface StoryContext {
  /** The job's definition before the event; null: it was not there. */
  readonly definition: JobDefinition | null
  /** Why something that was due at `due` was decided later: a sentence's end, or nothing. */
  readonly delay: (due: number) => string
  /** The attempt had started before: its process was interrupted, and it starts once more. */
  readonly hasStarted: boolean
}

/** null for an event that tells nothing of jobs and runs. */
export function storyText(event: Event, context: StoryContext): string | null {
  switch (event.type) {
    case 'JobAdded':
      return `added${by(event)}: ${definedText(event)}${event.paused ? '; paused from the start' : ''}`
    case 'JobModified':
      return `changed${by(event)} to version ${event.version}: ${definedText(event)}`
    case 'JobPaused':
      return `paused${by(event)}${pauseText(event)}`
    case 'JobsPaused':
      return `jobs with ${labelText(event.labels)} paused${by(event)}${pauseText(event)}`
    case 'SchedulePaused':
      return `the whole schedule paused${by(event)}${pauseText(event)}`
    case 'JobResumed':
      return `resumed${byOrEnd(event)}${skippedText(event.skipped)}; ${nextText(event.nextFireTime)}`
    case 'JobsResumed':
      return `jobs with ${labelText(event.labels)} resumed${byOrEnd(event)}`
    case 'ScheduleResumed':
      return `the whole schedule resumed${byOrEnd(event)}`
    case 'JobRemoved':
      return `removed${by(event)}`
    case 'JobsRemoved':
      return `removed with all jobs${by(event)}`
    case 'JobFinished':
      return 'finished: it has no time to come, and its last run is over'
    case 'CommandRejected':
      return `a command${by(event)} was rejected: ${event.code}: ${event.reason}`
    default:
      return fireText(event, context)
  }
}

function fireText(event: Event, context: StoryContext): string | null {
  switch (event.type) {
    case 'RunQueued':
      return queuedText(event, context)
    case 'RunSkipped':
      return `${timesText(event.times)} skipped: ${skipReason(event.why, context)}`
    case 'RunMissed':
      return missedText(event, context)
    case 'RunStarted':
      return `attempt ${event.attempt} started${context.hasStarted ? ' again, for it was interrupted,' : ''} at ${instantText(event.startedAt)} in ${processText(event.executor)}`
    case 'RunGranted':
      return `attempt ${event.attempt} granted to ${processText(event.executor)}`
    case 'RunRetryScheduled':
      return `attempt ${event.attempt} ${event.reason}${errorText(event.error)}; tried again in ${spanText(Math.max(0, event.retryAt - event.time))}`
    case 'RunRetryQueued':
      return `attempt ${event.attempt} queued`
    case 'RunSucceeded':
      return `succeeded${tookText(event)}${event.result === null ? '' : `: ${valueText(event.result)}`}`
    case 'RunFailed':
      return `failed${tookText(event)}${errorText(event.error)}`
    case 'RunTimedOut':
      return `timed out${tookText(event)}${errorText(event.error)}`
    case 'RunCancelRequested':
      return `asked to stop${by(event)}${event.reason === null ? '' : `: ${event.reason}`}`
    case 'RunCancelled':
      return `cancelled${by(event)}${event.reason === null ? '' : `: ${event.reason}`}`
    case 'RunLost':
      return `lost${tookText(event)}: ${event.reason}`
    case 'ReportIgnored':
      return `a report '${event.report}' of attempt ${event.attempt} changed nothing: ${event.why}`
    default:
      return null
  }
}

function queuedText(event: EventOf<'RunQueued'>, { delay }: StoryContext): string {
  const { cause, coalesced, retryOf, after, scheduledAt, dueAt, time } = event
  const late = time - dueAt
  const parts = [
    cause === 'trigger' ? `queued for ${instantText(scheduledAt)}` : '',
    cause === 'backfill' ? `queued${by(event)} for the past time ${instantText(scheduledAt)}` : '',
    cause === 'run-now' ? `queued${by(event)} beside the schedule` : '',
    retryOf === null ? '' : `does ${retryOf} again`,
    cause === 'trigger' && late >= LATE_MS ? `${spanText(late)} late${delay(dueAt)}` : '',
    coalesced === null ? '' : `stands for ${timesText(coalesced)} more`,
    after === null ? '' : after === '*' ? 'waits for a run of the job to end' : `waits for ${after} to end`,
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function missedText(event: EventOf<'RunMissed'>, { definition, delay }: StoryContext): string {
  const graceMs = definition?.misfireGraceMs ?? null
  const grace = graceMs === null ? 'the grace time' : `the grace time of ${spanText(graceMs)}`
  if (event.runId !== null) return `missed: picked up later than ${grace} allows`
  // Also those beyond maxCatchUp are missed.
  const isLate = graceMs !== null && event.time - event.times.last > graceMs
  if (isLate) return `${timesText(event.times)} missed: decided later than ${grace} allows${delay(event.times.last)}`
  return `${timesText(event.times)} missed: more were due than are caught up at a time`
}

function skipReason(why: EventOf<'RunSkipped'>['why'], { definition }: StoryContext): string {
  switch (why) {
    case 'max-instances':
      return `as many runs were open as maxInstances allows${definition === null ? '' : ` (${definition.maxInstances})`}`
    case 'queue-full':
      return `as many runs waited as queueLimit allows${definition === null ? '' : ` (${definition.queueLimit})`}`
    case 'paused':
      return 'the job was paused when they came due'
    case 'coalesced':
      return 'a later time stands for them, by coalescing'
  }
}

/** `3 times from … to …` */
function timesText({ count, first, last }: Times): string {
  if (count === 1) return `the time ${instantText(first)}`
  return `${countText(count, 'time')} from ${instantText(first)} to ${instantText(last)}`
}

function definedText({ definition, nextFireTime }: EventOf<'JobAdded' | 'JobModified'>): string {
  const { trigger, task } = definition
  return `${trigger === null ? 'once' : describeTrigger(trigger)}; task ${task ?? '-'}; ${nextText(nextFireTime)}`
}

function nextText(at: number | null): string {
  return at === null ? 'no time to come' : `next ${instantText(at)}`
}

function skippedText(skipped: Times | null): string {
  return skipped === null ? '' : `; ${timesText(skipped)} skipped, for they came due during the pause`
}

/** `jobs with team=a are paused by ben since … until …: why` */
export function holdText(hold: ExplainedHold): string {
  const { kind, labels, since, actor } = hold
  const subject = {
    job: 'it is',
    labels: `jobs with ${labelText(labels ?? {})} are`,
    schedule: 'the whole schedule is',
  }
  const origin = since === null ? '' : `${actor === null ? '' : ` by ${actor}`} since ${instantText(since)}`
  return `${subject[kind]} paused${origin}${pauseText(hold)}`
}

function pauseText(pause: { readonly reason: string | null; readonly until: Date | number | null }): string {
  const end = pause.until === null ? '' : ` until ${instantText(pause.until)}`
  return `${end}${pause.reason === null ? '' : `: ${pause.reason}`}`
}

function by({ actor }: { readonly actor: string | null }): string {
  return actor === null ? '' : ` by ${actor}`
}

/** A pause with an end is over without a command. */
function byOrEnd(event: { readonly actor: string | null; readonly commandId: string | null }): string {
  return event.commandId === null ? ' by itself: its pause was over' : by(event)
}

function tookText(event: {
  readonly attempt: number
  readonly startedAt: number | null
  readonly time: number
}): string {
  const took = event.startedAt === null ? '' : ` after ${spanText(Math.max(0, event.time - event.startedAt))}`
  return `${took}${event.attempt === 1 ? '' : `, attempt ${event.attempt}`}`
}

function errorText(error: { readonly name: string; readonly message: string } | null): string {
  return error === null ? '' : `: ${cut(`${error.name}: ${error.message}`)}`
}

function valueText(value: unknown): string {
  return cut(JSON.stringify(value))
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > MAX_VALUE_CHARS ? `${line.slice(0, MAX_VALUE_CHARS)}…` : line
}

/** `host:pid` of `host:pid:<random bits>`. */
export function processText(executor: string): string {
  const [host = '', pid] = executor.split(':')
  return pid === undefined ? executor : `process ${pid} on ${host}`
}
