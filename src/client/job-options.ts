/** The options of a job as an application writes them, and the form that goes to the log. */
import type { JobInput } from '../core/job/definition.ts'
import type { JsonObject } from '../core/json.ts'
import { jsonProblem } from '../core/json-limits.ts'
import { hintAt } from '../core/nearest-name.ts'
import { parseDurationMs } from '../core/triggers/duration.ts'
import { parseInstantMs } from '../core/triggers/instant.ts'
import type { Trigger } from '../core/triggers/trigger.ts'
import { TriggerError } from '../core/triggers/trigger-error.ts'
import { OperationalError } from '../ports/operational-error.ts'

/** Milliseconds, `'90s'`, `'PT90S'` or `{ minutes: 1 }`. */
export type Duration = number | string | { readonly [unit: string]: number }
/** A Date, epoch ms, RFC 3339, or anything with `epochMilliseconds` or `toMillis()`. */
export type Instant = Date | number | string | { readonly epochMilliseconds: number } | { toMillis(): number }

export interface RetryOptions {
  /** Attempts in all, the first included. Default 1: no retry. */
  readonly maxAttempts?: number
  /** Wait before the second attempt. Default 1 s. */
  readonly initial?: Duration
  /** Factor from one wait to the next. Default 2. */
  readonly multiplier?: number
  /** Longest wait. Default 5 min. */
  readonly max?: Duration
  /** Share of the wait that is spread at random, 0 … 1. Default 0.2. */
  readonly jitter?: number
  /** Names of errors that end the run at once. Default none. */
  readonly nonRetryable?: readonly string[]
}

export interface JobPolicies {
  /** Name of the executor. Default `default`. */
  readonly executor?: string
  readonly name?: string
  readonly description?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly metadata?: JsonObject
  /** How late a run may be decided or picked up; null: never too late. Default null. */
  readonly misfireGrace?: Duration | null
  /** Which of several due times runs. Default `latest`. */
  readonly coalesce?: 'latest' | 'earliest' | 'all'
  /** With coalesce `all`: at most so many, the newest. Default 100. */
  readonly maxCatchUp?: number
  /** Runs of the job without an outcome at a time. Default 1. */
  readonly maxInstances?: number
  /** What becomes of a fire beyond that. Default `skip`. */
  readonly overlap?: 'skip' | 'queue' | 'cancel-running'
  /** With overlap `queue`: at most so many wait. Default 10. */
  readonly queueLimit?: number
  readonly retry?: RetryOptions
  /** Per attempt; null: none. Default null. */
  readonly timeout?: Duration | null
  /** An attempt that says nothing for so long is lost; null: none. Default null. */
  readonly heartbeatTimeout?: Duration | null
  /** With `at-most-once` an attempt starts only when its claim is granted, and ends `lost` rather than run again. */
  readonly delivery?: 'at-least-once' | 'at-most-once'
  /** Finished runs kept for queries. Default 10. */
  readonly keepRuns?: number
}

export interface JobOptions extends JobPolicies {
  /** 1 to 200 characters of `A-Z a-z 0-9 . _ : @ -`. */
  readonly id: string
  /** Name of the task. */
  readonly task: string
  /** Any JSON value, or bytes together with `contentType`. Default: none. */
  readonly payload?: unknown
  readonly contentType?: string
  /** Go along with every run: `ctx.run.headers`; `traceparent` among them. Default: none. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>>
  /** Default: once, now. */
  readonly trigger?: Trigger
  /** What becomes of a job of that id: `replace` (default; an equal definition changes nothing), `keep`, `reject`. */
  readonly ifExists?: 'replace' | 'keep' | 'reject'
  /** Added paused; of a job that is there it changes nothing. Default false. */
  readonly paused?: boolean
  /** The first fire, instead of the trigger's; that of a date is its only one. */
  readonly nextFireTime?: Instant
  /** Makes a repetition of the call a duplicate that changes nothing, for an hour. */
  readonly commandId?: string
  /** Who asks, for the audit. */
  readonly actor?: string
  /** Alias of the store. Default: where the job is, else `default`. */
  readonly store?: string
}

/** A job whose runs are records produced to a topic instead of a task. Needs a Kafka log that allows the topic. */
export interface DeliverJobOptions extends Omit<JobOptions, 'task'> {
  readonly deliver: {
    readonly topic: string
    /** Default: none. */
    readonly key?: string
    readonly headers?: Readonly<Record<string, string>>
  }
}

const POLICIES: readonly (keyof JobPolicies)[] = [
  'executor',
  'name',
  'description',
  'labels',
  'metadata',
  'misfireGrace',
  'coalesce',
  'maxCatchUp',
  'maxInstances',
  'overlap',
  'queueLimit',
  'retry',
  'timeout',
  'heartbeatTimeout',
  'delivery',
  'keepRuns',
]
const JOB_OPTIONS: readonly (keyof JobOptions | 'deliver')[] = [
  'id',
  'task',
  'deliver',
  'headers',
  'payload',
  'contentType',
  'trigger',
  'ifExists',
  'paused',
  'nextFireTime',
  'commandId',
  'actor',
  'store',
  ...POLICIES,
]
const RETRY_OPTIONS: readonly (keyof RetryOptions)[] = [
  'maxAttempts',
  'initial',
  'multiplier',
  'max',
  'jitter',
  'nonRetryable',
]

/** What a slip of the pen would otherwise turn into nothing. */
function refuseUnknown(given: object, known: readonly string[], path: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new OperationalError('invalid-option', `${path}.${name}: expected an option of a job${hintAt(name, known)}`)
  }
}

/** The scheduler's options for jobs that don't give them. Throws like `jobInput`. */
export function jobDefaultsInput(defaults: JobPolicies): JobInput {
  refuseUnknown(Object(defaults) as object, POLICIES, 'jobDefaults')
  return policiesInput(defaults)
}

/** Throws `OperationalError` `invalid-option` where a duration, an instant or the payload can't be read. */
export function jobInput(options: Partial<JobOptions & DeliverJobOptions>): JobInput {
  refuseUnknown(options, JOB_OPTIONS, 'job')
  const { task, deliver, headers, trigger, paused, nextFireTime } = options
  return withoutUndefined({
    task,
    deliver,
    headers: headers === undefined ? undefined : headersInput(headers),
    ...payloadInput(options.payload, options.contentType),
    trigger,
    paused,
    nextFireTime: nextFireTime === undefined ? undefined : instantMs(nextFireTime, 'job.nextFireTime'),
    ...policiesInput(options),
  })
}

/** Like `jobInput`, but null is kept: it sets the option back to its default. */
export function jobChanges(changes: { readonly [member: string]: unknown }): JobInput {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null))
  const nulls = Object.keys(changes).filter((name) => changes[name] === null)
  return {
    ...jobInput(given),
    ...Object.fromEntries(nulls.map((name) => [WIRE[name] ?? name, null])),
  }
}

/** Options whose names on the wire say their unit. */
const WIRE: Readonly<Record<string, string>> = {
  misfireGrace: 'misfireGraceMs',
  timeout: 'timeoutMs',
  heartbeatTimeout: 'heartbeatTimeoutMs',
}

function policiesInput(options: JobPolicies): JobInput {
  const { executor, name, description, labels, metadata, coalesce, maxCatchUp, maxInstances, keepRuns } = options
  const { overlap, queueLimit, delivery } = options
  return withoutUndefined({
    executor,
    name,
    description,
    labels,
    metadata,
    coalesce,
    maxCatchUp,
    maxInstances,
    overlap,
    queueLimit,
    delivery,
    keepRuns,
    misfireGraceMs: optionalMs(options.misfireGrace, 'job.misfireGrace'),
    timeoutMs: optionalMs(options.timeout, 'job.timeout'),
    heartbeatTimeoutMs: optionalMs(options.heartbeatTimeout, 'job.heartbeatTimeout'),
    retry: options.retry === undefined ? undefined : retryInput(options.retry),
  })
}

function retryInput(options: RetryOptions): JobInput['retry'] {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const came = options === null ? 'null' : Array.isArray(options) ? 'an array' : JSON.stringify(options)
    throw new OperationalError('invalid-option', `job.retry: expected an object as { maxAttempts: 3 }, got ${came}`)
  }
  refuseUnknown(options, RETRY_OPTIONS, 'job.retry')
  const { maxAttempts, multiplier, jitter, nonRetryable } = options
  return withoutUndefined({
    maxAttempts,
    multiplier,
    jitter,
    nonRetryable,
    initialMs: optionalMs(options.initial, 'job.retry.initial'),
    maxMs: optionalMs(options.max, 'job.retry.max'),
  })
}

/** Far more than a job may have: what is too large for that, the log is to say. */
const MAX_PAYLOAD_TEXT_BYTES = 16 * 1024 * 1024

/** `path`: how an error names the payload. */
export function payloadInput(payload: unknown, contentType: string | undefined, path = 'job.payload'): JobInput {
  if (payload === undefined) return {}
  // A copy: what the caller does to its buffer later must not change what is kept.
  if (payload instanceof Uint8Array) {
    return { payload: new Uint8Array(payload), contentType: contentType ?? 'application/octet-stream' }
  }
  const problem = jsonProblem(payload, MAX_PAYLOAD_TEXT_BYTES)
  if (problem !== null) {
    const what = `expected ${problem.expected}, got ${String(problem.came)}`
    throw new OperationalError('invalid-option', `${path}${problem.path}: ${what}`)
  }
  return { payload: new TextEncoder().encode(JSON.stringify(payload)), contentType: contentType ?? 'application/json' }
}

function headersInput(headers: Readonly<Record<string, string | Uint8Array>>): JobInput['headers'] {
  const encoder = new TextEncoder()
  return Object.entries(Object(headers) as typeof headers).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? encoder.encode(value) : value,
  }))
}

export function instantMs(value: Instant, path: string): number {
  return parsed(() => parseInstantMs(value, path))
}

function optionalMs(value: Duration | null | undefined, path: string): number | null | undefined {
  return value === undefined || value === null ? value : parsed(() => parseDurationMs(value, path))
}

function parsed(parse: () => number): number {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof TriggerError)) throw cause
    throw new OperationalError('invalid-option', cause.message, { cause })
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function withoutUndefined<T extends object>(value: T): Partial<Defined<T>> {
  const defined: Partial<Defined<T>> = {}
  for (const member in value) {
    if (value[member] !== undefined) defined[member] = value[member] as Defined<T>[typeof member]
  }
  return defined
}
