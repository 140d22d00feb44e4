/** Jobs as a file: what `exportJobs` writes and `importJobs` reads. The form of a job is that of the protocol. */
import type { JobInput } from '../core/job/definition.ts'
import type { JobState } from '../core/job/job-state.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { nextFireTime } from '../core/triggers/next-fire-time.ts'
import type { Trigger } from '../core/triggers/trigger.ts'
import { offsetAt } from '../core/triggers/zone.ts'
import { OperationalError } from '../ports/operational-error.ts'

export interface JobFile {
  readonly horolog: 1
  readonly jobs: readonly JsonObject[]
}

export interface FiledJob {
  readonly id: string
  readonly input: JobInput
}

const VERSION = 1

/** A job that has no time to come, only a run to end, is left out: nothing of it is left to schedule. */
export function jobFile(jobs: readonly JobState[]): JobFile {
  return { horolog: VERSION, jobs: jobs.filter((job) => job.nextFireTime !== null).map(filed) }
}

function filed(job: JobState): JsonObject {
  const { payload, trigger, deliver, ...definition } = job.definition
  const next = job.nextFireTime === null ? {} : { nextFireTime: new Date(job.nextFireTime).toISOString() }
  return {
    id: job.jobId,
    ...(definition as unknown as JsonObject),
    ...(deliver === null ? {} : { deliver: deliver as unknown as JsonObject }),
    ...(payload.length === 0 ? {} : { payloadBase64: Buffer.from(payload).toString('base64') }),
    trigger: (trigger === null ? null : inPhase(trigger, job)) as unknown as Json,
    ...next,
    ...(job.paused === null ? {} : { paused: true }),
  }
}

/** The trigger as it goes on from here: from the start that the job gave it, and as often as is left of its repetitions. */
function inPhase(trigger: Trigger, job: JobState): Trigger {
  const started = withStart(trigger, job.anchor)
  return trigger.repeat === undefined ? started : { ...started, repeat: trigger.repeat - job.decidedCount }
}

function withStart(trigger: Trigger, anchor: number): Trigger {
  switch (trigger.type) {
    case 'interval':
    case 'calendar-interval': {
      if (trigger.start !== undefined || nextFireTime(trigger, anchor - 1, anchor) === null) return trigger
      const isDate = trigger.type === 'calendar-interval'
      const local = isDate ? anchor + offsetAt(trigger.zone ?? 'UTC', anchor) : anchor
      const start = new Date(local).toISOString()
      return { ...trigger, start: isDate ? start.slice(0, start.indexOf('T')) : start }
    }
    case 'and':
    case 'or':
      return { ...trigger, triggers: trigger.triggers.map((one) => withStart(one, anchor)) }
    case 'excluding':
      return { ...trigger, trigger: withStart(trigger.trigger, anchor) }
    default:
      return trigger
  }
}

/** Throws `invalid-option` that names the place in the file. What is inside a job is checked when it is added. */
export function filedJobs(file: unknown): FiledJob[] {
  if (typeof file !== 'object' || file === null || !('horolog' in file) || file.horolog !== VERSION) {
    throw new OperationalError(
      'invalid-option',
      `file: expected an object with horolog: ${VERSION}, as exportJobs writes it`,
    )
  }
  if (!('jobs' in file) || !Array.isArray(file.jobs)) {
    throw new OperationalError('invalid-option', 'file.jobs: expected an array of jobs')
  }
  return file.jobs.map((job: unknown, index) => filedJob(job, `file.jobs[${index}]`))
}

function filedJob(job: unknown, path: string): FiledJob {
  if (typeof job !== 'object' || job === null || !('id' in job) || typeof job.id !== 'string') {
    throw new OperationalError('invalid-option', `${path}.id: expected the id of a job`)
  }
  const { id, payloadBase64, nextFireTime, ...input } = job as Record<string, unknown> & { id: string }
  return {
    id,
    input: {
      ...(input as JobInput),
      ...(payloadBase64 === undefined ? {} : { payload: bytesOf(payloadBase64, `${path}.payloadBase64`) }),
      ...(nextFireTime === undefined ? {} : { nextFireTime: instantOf(nextFireTime, `${path}.nextFireTime`) }),
    },
  }
}

function bytesOf(value: unknown, path: string): Uint8Array {
  // Buffer passes over what is not base64; a round trip shows it.
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : null
  if (bytes !== null && bytes.toString('base64') === value) return new Uint8Array(bytes)
  throw new OperationalError('invalid-option', `${path}: expected base64, got ${typeof value}`)
}

function instantOf(value: unknown, path: string): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new OperationalError('invalid-option', `${path}: expected an RFC 3339 instant`)
}
