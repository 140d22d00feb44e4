/** Jobs as a file: what `exportJobs` writes and `importJobs` reads. The form of a job is that of the protocol. */
import type { Header, JobInput } from '../core/job/definition.ts'
import type { JobPause, JobState } from '../core/job/job-state.ts'
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
  /** Why it is paused, and until when; null: it is not, or neither was said. */
  readonly pause: JobPause | null
}

const VERSION = 1

/** A job that has no time to come, only a run to end, is left out: nothing of it is left to schedule. */
export function jobFile(jobs: readonly JobState[]): JobFile {
  return { horolog: VERSION, jobs: jobs.filter((job) => job.nextFireTime !== null).map(filed) }
}

function filed(job: JobState): JsonObject {
  const { payload, trigger, deliver, headers, ...definition } = job.definition
  const next = job.nextFireTime === null ? {} : { nextFireTime: new Date(job.nextFireTime).toISOString() }
  return {
    id: job.jobId,
    ...(definition as unknown as JsonObject),
    ...(deliver === null ? {} : { deliver: deliver as unknown as JsonObject }),
    ...(payload.length === 0 ? {} : { payloadBase64: Buffer.from(payload).toString('base64') }),
    ...(headers === null ? {} : { headers: headers.map(filedHeader) }),
    trigger: (trigger === null ? null : inPhase(trigger, job)) as unknown as Json,
    ...next,
    ...(job.paused === null ? {} : { paused: true, ...filedPause(job.paused) }),
  }
}

/** Beside `paused`, which is all that the protocol's form of a job has of it. */
function filedPause({ reason, until }: JobPause): JsonObject {
  if (reason === null && until === null) return {}
  return { pause: { reason, until: until === null ? null : new Date(until).toISOString() } }
}

function filedHeader({ name, value }: Header): JsonObject {
  return { name, value: Buffer.from(value).toString('base64') }
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
  const { id, payloadBase64, headers, nextFireTime, pause, ...input } = job as Record<string, unknown> & { id: string }
  return {
    id,
    pause: pause === undefined || pause === null ? null : pauseIn(pause, `${path}.pause`),
    input: {
      ...(input as JobInput),
      ...(payloadBase64 === undefined ? {} : { payload: bytesOf(payloadBase64, `${path}.payloadBase64`) }),
      ...(headers === undefined ? {} : { headers: headersOf(headers, `${path}.headers`) }),
      ...(nextFireTime === undefined ? {} : { nextFireTime: instantOf(nextFireTime, `${path}.nextFireTime`) }),
    },
  }
}

function pauseIn(value: unknown, path: string): JobPause {
  if (typeof value !== 'object') throw new OperationalError('invalid-option', `${path}: expected an object`)
  const { reason = null, until = null } = value as { readonly reason?: unknown; readonly until?: unknown }
  if (reason !== null && typeof reason !== 'string') {
    throw new OperationalError('invalid-option', `${path}.reason: expected a text, got ${typeof reason}`)
  }
  return { reason, until: until === null ? null : instantOf(until, `${path}.until`) }
}

function headersOf(value: unknown, path: string): readonly Header[] {
  if (!Array.isArray(value)) throw new OperationalError('invalid-option', `${path}: expected an array of headers`)
  return value.map((one: unknown, index) => {
    const given = Object(one) as { readonly name: string; readonly value: unknown }
    return { name: given.name, value: bytesOf(given.value, `${path}[${index}].value`) }
  })
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
