/**
 * Makes a definition of what a client sent: validates every option, fills in defaults, resolves the zone, freezes.
 *
 * Defaults: the option itself, else the scheduler's `jobDefaults`, else the value in `DEFAULT_DEFINITION`.
 */
import { jsonProblem } from '../json-limits.ts'
import {
  MAX_ATTEMPTS,
  MAX_CATCH_UP,
  MAX_DESCRIPTION_CHARS,
  MAX_DURATION_MS,
  MAX_INSTANCES,
  MAX_KEEP_RUNS,
  MAX_LABELS,
  MAX_METADATA_BYTES,
  MAX_NAME_CHARS,
  MAX_PAYLOAD_BYTES,
  MAX_QUEUE,
} from '../limits.ts'
import type { JsonObject } from '../json.ts'
import { reject, type Rejection } from '../rejections.ts'
import { bareCalendars, type Calendars } from '../triggers/calendars.ts'
import { note, oneOf, type Problems, real, shown, text, texts, whole, wholeOrNull } from './check.ts'
import type { JobDefinition, JobInput, RetryPolicy } from './definition.ts'
import { jobHeaders } from './job-headers.ts'
import { jobTarget } from './job-target.ts'
import { resolveJobTrigger } from './job-trigger.ts'

export interface JobSettings {
  /** Options for jobs that don't give them. */
  readonly jobDefaults: JobInput
  /** Zone of triggers that don't name one, IANA name or ±HH:MM. */
  readonly timezone: string
  /** Topics that jobs may deliver to; null: this node has nothing that could produce a record. */
  readonly deliverTopics: readonly string[] | null
  /** What triggers are evaluated with. Default: the runtime's zones, and no holidays. */
  readonly calendars?: Calendars
}

export const DEFAULT_SETTINGS: JobSettings = Object.freeze({
  jobDefaults: Object.freeze({}),
  timezone: 'UTC',
  deliverTopics: null,
})

export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  maxAttempts: 1,
  initialMs: 1_000,
  multiplier: 2,
  maxMs: 300_000,
  jitter: 0.2,
  nonRetryable: Object.freeze([]),
})

export const DEFAULT_DEFINITION: JobDefinition = Object.freeze({
  task: null,
  deliver: null,
  payload: new Uint8Array(0),
  contentType: 'application/json',
  headers: null,
  trigger: null,
  executor: 'default',
  name: null,
  description: null,
  labels: Object.freeze({}),
  metadata: Object.freeze({}),
  misfireGraceMs: null,
  coalesce: 'latest',
  maxCatchUp: 100,
  maxInstances: 1,
  overlap: 'skip',
  queueLimit: 10,
  retry: DEFAULT_RETRY,
  timeoutMs: null,
  heartbeatTimeoutMs: null,
  delivery: 'at-least-once',
  keepRuns: 10,
})

const OVERLAPS = ['skip', 'queue', 'cancel-running'] as const
const DELIVERIES = ['at-least-once', 'at-most-once'] as const
/** An at-most-once attempt that nobody hears of must end some time. */
const CLAIM_HEARTBEAT_MS = 30_000

const DURATION = { min: 1, max: MAX_DURATION_MS }

export function resolveDefinition(
  jobId: string,
  given: JobInput,
  settings: JobSettings,
  calendars: Calendars = bareCalendars,
): JobDefinition | Rejection {
  return definitionOf(jobId, overDefaults(settings.jobDefaults, given), settings, calendars)
}

/** The definition with the given options in it; null is none where that is a value, else it sets one back to its default. */
export function resolveChange(
  jobId: string,
  definition: JobDefinition,
  given: JobInput,
  settings: JobSettings,
  calendars: Calendars,
): JobDefinition | Rejection {
  const input: Record<string, unknown> = { ...definition, heartbeatTimeoutMs: givenHeartbeatMs(definition) }
  for (const member in given) {
    const value = given[member as keyof JobInput]
    if (value === undefined) continue
    if (member === 'retry' && isObject(value)) input[member] = { ...definition.retry, ...given.retry }
    else input[member] = NULLABLE.has(member) ? value : (value ?? settings.jobDefaults[member as keyof JobInput])
  }
  return definitionOf(jobId, input, settings, calendars)
}

/** The heartbeat that an at-most-once job has for want of any other goes with the reason for it. */
function givenHeartbeatMs({ delivery, timeoutMs, heartbeatTimeoutMs }: JobDefinition): number | null {
  const isFilledIn = delivery === 'at-most-once' && timeoutMs === null && heartbeatTimeoutMs === CLAIM_HEARTBEAT_MS
  return isFilledIn ? null : heartbeatTimeoutMs
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function definitionOf(
  jobId: string,
  input: JobInput,
  settings: JobSettings,
  calendars: Calendars,
): JobDefinition | Rejection {
  const problems: Problems = { first: null }
  if (input.payload && !(input.payload instanceof Uint8Array)) {
    return reject('invalid-option', `job.payload: expected bytes, got ${shown(input.payload)}`, 'job.payload')
  }
  if (input.payload && input.payload.length > MAX_PAYLOAD_BYTES) {
    const reason = `job.payload: expected at most ${MAX_PAYLOAD_BYTES} bytes, got ${input.payload.length} bytes`
    return reject('payload-too-large', reason, 'job.payload')
  }
  const trigger = resolveJobTrigger(jobId, input.trigger, settings.timezone, calendars)
  if (trigger !== null && 'code' in trigger) return trigger
  const base = DEFAULT_DEFINITION
  const delivery = oneOf(problems, 'job.delivery', input.delivery, DELIVERIES, base.delivery)
  const timeoutMs = wholeOrNull(problems, 'job.timeoutMs', input.timeoutMs, DURATION, base.timeoutMs)
  const heartbeatMs = wholeOrNull(problems, 'job.heartbeatTimeoutMs', input.heartbeatTimeoutMs, DURATION, null)
  const definition: JobDefinition = {
    ...jobTarget(problems, input, settings.deliverTopics),
    payload: input.payload ?? base.payload,
    contentType: text(problems, 'job.contentType', input.contentType, MAX_NAME_CHARS) ?? base.contentType,
    headers: jobHeaders(problems, input.headers),
    trigger,
    executor: text(problems, 'job.executor', input.executor, MAX_NAME_CHARS) ?? base.executor,
    name: text(problems, 'job.name', input.name, MAX_NAME_CHARS),
    description: text(problems, 'job.description', input.description, MAX_DESCRIPTION_CHARS),
    labels: texts(problems, 'job.labels', input.labels, { entries: MAX_LABELS, chars: MAX_NAME_CHARS }),
    metadata: metadata(problems, input.metadata),
    misfireGraceMs: wholeOrNull(problems, 'job.misfireGraceMs', input.misfireGraceMs, DURATION, base.misfireGraceMs),
    coalesce: oneOf(problems, 'job.coalesce', input.coalesce, ['latest', 'earliest', 'all'], base.coalesce),
    maxCatchUp: whole(problems, 'job.maxCatchUp', input.maxCatchUp, { min: 1, max: MAX_CATCH_UP }, base.maxCatchUp),
    maxInstances: whole(
      problems,
      'job.maxInstances',
      input.maxInstances,
      { min: 1, max: MAX_INSTANCES },
      base.maxInstances,
    ),
    overlap: oneOf(problems, 'job.overlap', input.overlap, OVERLAPS, base.overlap),
    queueLimit: whole(problems, 'job.queueLimit', input.queueLimit, { min: 1, max: MAX_QUEUE }, base.queueLimit),
    retry: retry(problems, input.retry),
    timeoutMs,
    heartbeatTimeoutMs: heartbeatMs ?? (delivery === 'at-most-once' && timeoutMs === null ? CLAIM_HEARTBEAT_MS : null),
    delivery,
    keepRuns: whole(problems, 'job.keepRuns', input.keepRuns, { min: 0, max: MAX_KEEP_RUNS }, base.keepRuns),
  }
  return problems.first ?? Object.freeze(definition)
}

function metadata(problems: Problems, given: JobInput['metadata']): JsonObject {
  if (given === undefined || given === null) return DEFAULT_DEFINITION.metadata
  if (typeof given !== 'object' || Array.isArray(given)) {
    note(problems, 'invalid-option', 'job.metadata', 'an object', given)
    return DEFAULT_DEFINITION.metadata
  }
  const problem = jsonProblem(given, MAX_METADATA_BYTES)
  if (problem !== null) {
    const path = `job.metadata${problem.path}`
    const reason = `${path}: expected ${problem.expected}, got ${String(problem.came)}`
    problems.first ??= reject('invalid-option', reason, path)
    return DEFAULT_DEFINITION.metadata
  }
  // As the log has it: a Date is a text, undefined members are left out, and the caller's object is not kept.
  return JSON.parse(JSON.stringify(given)) as JsonObject
}

function retry(problems: Problems, given: JobInput['retry']): RetryPolicy {
  if (given === undefined || given === null) return DEFAULT_RETRY
  if (typeof given !== 'object') {
    note(problems, 'invalid-option', 'job.retry', 'an object', given)
    return DEFAULT_RETRY
  }
  const base = DEFAULT_RETRY
  return Object.freeze({
    maxAttempts: whole(
      problems,
      'job.retry.maxAttempts',
      given.maxAttempts,
      { min: 1, max: MAX_ATTEMPTS },
      base.maxAttempts,
    ),
    initialMs: whole(
      problems,
      'job.retry.initialMs',
      given.initialMs,
      { min: 0, max: MAX_DURATION_MS },
      base.initialMs,
    ),
    multiplier: real(problems, 'job.retry.multiplier', given.multiplier, { min: 1, max: 100 }, base.multiplier),
    maxMs: whole(problems, 'job.retry.maxMs', given.maxMs, { min: 0, max: MAX_DURATION_MS }, base.maxMs),
    jitter: real(problems, 'job.retry.jitter', given.jitter, { min: 0, max: 1 }, base.jitter),
    nonRetryable: errorNames(problems, given.nonRetryable ?? base.nonRetryable),
  })
}

function errorNames(problems: Problems, given: unknown): readonly string[] {
  const isName = (name: unknown): name is string => typeof name === 'string' && name.length <= MAX_NAME_CHARS
  if (Array.isArray(given) && given.length <= MAX_LABELS && given.every(isName)) {
    return Object.freeze(given.map((name) => name.toWellFormed()))
  }
  const expected = `at most ${MAX_LABELS} error names of at most ${MAX_NAME_CHARS} characters`
  note(problems, 'invalid-option', 'job.retry.nonRetryable', expected, given)
  return []
}

/** Options for which null is a value, "none", that a client may set against the scheduler's default. */
const NULLABLE: ReadonlySet<string> = new Set([
  'misfireGraceMs',
  'timeoutMs',
  'heartbeatTimeoutMs',
  'name',
  'description',
])

/** The defaults, and over them what was given; elsewhere null is "not given". */
function overDefaults(defaults: JobInput, given: JobInput): JobInput {
  const input: Record<string, unknown> = { ...defaults }
  for (const member in given) {
    const value = given[member as keyof JobInput]
    if (value !== undefined && (value !== null || NULLABLE.has(member))) input[member] = value
  }
  return input
}
