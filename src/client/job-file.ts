/** Jobs as a file: what `exportJobs` writes and `importJobs` reads. The form of a job is that of the protocol. */
import type { JobInput } from '../core/job/definition.ts'
import type { JobState } from '../core/job/job-state.ts'
import type { Json, JsonObject } from '../core/json.ts'
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

export function jobFile(jobs: readonly JobState[]): JobFile {
  return { horolog: VERSION, jobs: jobs.map(filed) }
}

/** An interval without a start gets the one it has, so that the phase comes along. */
function filed(job: JobState): JsonObject {
  const { payload, trigger, deliver, ...definition } = job.definition
  const kept = trigger?.type === 'interval' && trigger.start === undefined
  const start = new Date(job.anchor).toISOString()
  const next = job.nextFireTime === null ? {} : { nextFireTime: new Date(job.nextFireTime).toISOString() }
  return {
    id: job.jobId,
    ...(definition as unknown as JsonObject),
    ...(deliver === null ? {} : { deliver: deliver as unknown as JsonObject }),
    ...(payload.length === 0 ? {} : { payloadBase64: Buffer.from(payload).toString('base64') }),
    trigger: (kept ? { ...trigger, start } : trigger) as unknown as Json,
    ...next,
    ...(job.paused === null ? {} : { paused: true }),
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
  if (bytes !== null && bytes.toString('base64') === value) return bytes
  throw new OperationalError('invalid-option', `${path}: expected base64, got ${typeof value}`)
}

function instantOf(value: unknown, path: string): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new OperationalError('invalid-option', `${path}: expected an RFC 3339 instant`)
}
