/** A job's trigger: checked and resolved when the job is added, asked for scheduled times afterwards. */
import { MAX_INSTANT_MS, MAX_TRIGGER_CHARS, MIN_JOB_INTERVAL_MS } from '../limits.ts'
import { reject, type Rejection } from '../rejections.ts'
import { bareCalendars, type Calendars } from '../triggers/calendars.ts'
import { parseDurationMs } from '../triggers/duration.ts'
import { jitterDelayMs } from '../triggers/jitter.ts'
import { compileTrigger, type EvaluableTrigger } from '../triggers/next-fire-time.ts'
import { parseTrigger } from '../triggers/parse-trigger.ts'
import { resolveTrigger } from '../triggers/resolve-trigger.ts'
import type { Trigger } from '../triggers/trigger.ts'
import { TriggerError } from '../triggers/trigger-error.ts'
import type { JobDefinition } from './definition.ts'
import type { JobState } from './job-state.ts'
import { shiftTo } from './zone-shifts.ts'

export function resolveJobTrigger(
  jobId: string,
  given: unknown,
  timezone: string,
  calendars: Calendars = bareCalendars,
): Trigger | null | Rejection {
  if (given === undefined || given === null) return null
  try {
    const trigger = resolveTrigger(parseTrigger(given), { jobId, zone: timezone })
    const short = shortInterval(trigger, 'job.trigger')
    if (short !== null) return short
    // What this process has no calendar for is refused here, not at its first fire.
    evaluable(trigger, calendars).next(0, 0)
    const chars = JSON.stringify(trigger).length
    if (chars <= MAX_TRIGGER_CHARS) return trigger
    const reason = `job.trigger: expected at most ${MAX_TRIGGER_CHARS} characters as JSON, got ${chars}`
    return reject('limit-exceeded', reason, 'job.trigger')
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error
    return triggerRejection(error)
  }
}

/** The first interval that is too short for a job, at whatever depth. */
function shortInterval(trigger: Trigger, path: string): Rejection | null {
  switch (trigger.type) {
    case 'interval':
    case 'daily-window': {
      if (parseDurationMs(trigger.every, `${path}.every`) >= MIN_JOB_INTERVAL_MS) return null
      const reason = `${path}.every: expected at least ${MIN_JOB_INTERVAL_MS} ms, got ${trigger.every}`
      return reject('invalid-trigger', reason, `${path}.every`)
    }
    case 'and':
    case 'or':
      for (const [index, one] of trigger.triggers.entries()) {
        const short = shortInterval(one, `${path}.triggers[${index}]`)
        if (short !== null) return short
      }
      return null
    case 'excluding':
      return shortInterval(trigger.trigger, `${path}.trigger`)
    default:
      return null
  }
}

/** A trigger may be valid and yet need a calendar that is not there, which shows when it is asked for a time. */
export function triggerRejection(error: TriggerError): Rejection {
  const code = error.code === 'unsupported' ? 'invalid-option' : error.code
  return reject(code, `job.${error.message}`, `job.${error.path}`)
}

const evaluables = new WeakMap<Calendars, WeakMap<Trigger, EvaluableTrigger>>()

/** Definitions come frozen, from the log too, so a trigger is compiled once. */
function evaluable(trigger: Trigger, calendars: Calendars): EvaluableTrigger {
  const compiledHere = evaluables.get(calendars) ?? new WeakMap<Trigger, EvaluableTrigger>()
  const known = compiledHere.get(trigger)
  if (known !== undefined) return known
  const compiled = compileTrigger(trigger, calendars)
  compiledHere.set(trigger, compiled)
  evaluables.set(calendars, compiledHere)
  return compiled
}

/** The time of the first fire of a definition that is added or changed at `now`; null: it never fires. */
export function firstFireTime(
  definition: JobDefinition,
  anchor: number,
  now: number,
  calendars: Calendars,
): number | null {
  const { trigger } = definition
  if (trigger === null) return now
  // A date that is past is due at once and judged by grace; anything else fires from `now` on.
  if (trigger.type === 'date') return evaluable(trigger, calendars).next(-1, anchor)
  return evaluable(trigger, calendars).next(now - 1, anchor)
}

/**
 * The scheduled time after `at`; null when there is none, or when `repeat` is used up by `decided` times. A date is used up
 * by one: a first fire that was asked for is instead of it.
 */
export function followingFireTime(job: JobState, at: number, decided: number, calendars: Calendars): number | null {
  const { trigger } = job.definition
  if (trigger === null || at >= MAX_INSTANT_MS) return null
  const repeat = trigger.type === 'date' ? 1 : trigger.repeat
  if (repeat !== undefined && decided >= repeat) return null
  const isOther = at === job.nextFireTime && isOfOtherZoneData(job, calendars)
  const late = isOther ? shiftTo((time) => firesAt(job, time, calendars), at) : 0
  return evaluable(trigger, calendars).next(at + Math.max(late ?? 0, 0), job.anchor)
}

/** Then a time decided by the other database may by this one be yet to come, and must not fire again. */
function isOfOtherZoneData({ zoneData }: JobState, { zones }: Calendars): boolean {
  return zoneData !== null && zones.version !== null && zoneData !== zones.version
}

/** Whether the trigger fires at exactly this time. */
export function firesAt(job: JobState, at: number, calendars: Calendars): boolean {
  const { trigger } = job.definition
  return trigger !== null && evaluable(trigger, calendars).next(at - 1, job.anchor) === at
}

/** When a scheduled time is due: itself, and the jitter that the job's id and the time itself give. */
export function dueTime(job: JobState, at: number): number {
  const jitterMs = job.definition.trigger?.jitterMs
  return jitterMs === undefined ? at : at + jitterDelayMs(job.jobId, at, jitterMs)
}
