/** A job as `getJob` shows it: a snapshot of its own, with instants as Dates. Who changes it changes no job. */
import type { JsonObject } from '../core/json.ts'
import type { Deliver, RetryPolicy } from '../core/job/definition.ts'
import { headerTexts } from '../core/job/job-headers.ts'
import type { JobCounts, JobState, Outcome } from '../core/job/job-state.ts'
import type { Trigger } from '../core/triggers/trigger.ts'
import { type JobHold, jobHolds, type Pauses } from './job-hold.ts'
import { ownCopy } from './own-copy.ts'

export interface JobInfo {
  readonly id: string
  /** Alias of the store that it is in. */
  readonly store: string
  readonly task: string | null
  /** JSON where the content type says so and it parses, else the bytes; null when there is none. */
  readonly payload: unknown
  readonly contentType: string
  /** Where its runs are produced instead of a task; null: nowhere. */
  readonly deliver: Deliver | null
  /** Of the submitter, as texts. */
  readonly headers: Readonly<Record<string, string>>
  /** null: once, when it was added. */
  readonly trigger: Trigger | null
  readonly executor: string
  readonly name: string | null
  readonly description: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly metadata: JsonObject
  readonly misfireGraceMs: number | null
  readonly coalesce: string
  readonly maxCatchUp: number
  readonly maxInstances: number
  readonly overlap: string
  readonly queueLimit: number
  readonly retry: RetryPolicy
  readonly timeoutMs: number | null
  readonly heartbeatTimeoutMs: number | null
  readonly delivery: string
  readonly keepRuns: number
  readonly version: number
  readonly incarnation: string
  readonly nextFireTime: Date | null
  /** Its own pause, by `pauseJob`; null: it has none, and may be held by another all the same: see `heldBy`. */
  readonly paused: { readonly reason: string | null; readonly until: Date | null } | null
  /**
   * All pauses that keep it from firing: its own, those by labels, that of the schedule. Empty: it fires when it is due.
   * Since when, and who asked for them, is on the log: `explain` reads it.
   */
  readonly heldBy: readonly JobHold[]
  /** Ids of runs without an outcome. */
  readonly openRuns: readonly string[]
  readonly addedAt: Date
  readonly last: { readonly runId: string; readonly outcome: Outcome; readonly at: Date } | null
  readonly counts: JobCounts
}

/** `pauses`: what its partition knows of them. */
export function jobInfo(job: JobState, pauses: Pauses, store = 'default'): JobInfo {
  const { payload, headers, ...definition } = job.definition
  const { last, paused } = job
  return {
    id: job.jobId,
    store,
    ...ownCopy(definition),
    payload: payloadOf(payload, definition.contentType),
    headers: headerTexts(headers),
    version: job.version,
    incarnation: job.incarnation,
    nextFireTime: dateOf(job.nextFireTime),
    paused: paused === null ? null : { reason: paused.reason, until: dateOf(paused.until) },
    heldBy: jobHolds(job, pauses),
    openRuns: [...job.openRuns],
    addedAt: new Date(job.addedAt),
    last: last === null ? null : { ...last, at: new Date(last.at) },
    counts: { ...job.counts },
  }
}

function dateOf(at: number | null): Date | null {
  return at === null ? null : new Date(at)
}

/** The bytes as what they are: JSON where the content type says so and it parses, else a copy; null when there are none. */
export function payloadOf(payload: Uint8Array, contentType: string): unknown {
  if (payload.length === 0) return null
  if (!contentType.startsWith('application/json')) return ownCopy(payload)
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    return ownCopy(payload)
  }
}
