/** The options of a scheduler: documented type → validated, defaulted, frozen. */
import type { JobInput } from '../core/job/definition.ts'
import { type JobSettings, resolveDefinition } from '../core/job/resolve-definition.ts'
import { MAX_CONCURRENCY, MAX_NAME_CHARS } from '../core/limits.ts'
import { parseDurationMs } from '../core/triggers/duration.ts'
import { isValidZone } from '../core/triggers/zone.ts'
import { refuseUnknownOptions } from './known-options.ts'
import { OptionError } from './option-error.ts'

/** Where a log is. */
export type LogAddress =
  | { readonly kind: 'memory' }
  /** A folder, as given. */
  | { readonly kind: 'file'; readonly folder: string }
  /** A cluster, as given. */
  | { readonly kind: 'kafka'; readonly url: string }

export interface ExecutorOptions {
  /** Runs in flight at a time, in each store. Default 10. */
  readonly concurrency?: number
}

/** `apscheduler`: the defaults of APScheduler 3.x: grace 1 s, coalesce latest, adding a job that exists is refused. */
export type Profile = 'horolog' | 'apscheduler'

export interface GivenOptions {
  readonly log?: unknown
  readonly stores?: unknown
  readonly timezone?: unknown
  readonly executors?: unknown
  readonly profile?: unknown
  /** Already in the form of the wire. */
  readonly jobDefaults: JobInput
}

export interface ResolvedOptions {
  /** By alias; `default` is always there. */
  readonly stores: ReadonlyMap<string, LogAddress>
  readonly settings: JobSettings
  readonly executors: ReadonlyMap<string, number>
  /** What `addJob` does about a job that exists, when it is not said. */
  readonly ifExists: 'replace' | 'reject'
}

const LOG_VARIABLE = 'HOROLOG_LOG'
const DEFAULT_LOG = 'file:.horolog'
const DEFAULT_CONCURRENCY = 10
const APSCHEDULER_GRACE_MS = 1_000
/** Clocks that are kept right differ by less. */
const MIN_CLOCK_SKEW_MS = 1_000

/** `memory:`, `file:<folder>`, `kafka://<host:port>`; default $HOROLOG_LOG, else `file:.horolog`. Throws `OptionError`. */
export function parseLogAddress(given: unknown, path = 'log'): LogAddress {
  const fromEnvironment = process.env[LOG_VARIABLE]
  const text = given ?? (fromEnvironment || DEFAULT_LOG)
  if (text === 'memory:') return { kind: 'memory' }
  if (typeof text === 'string' && text.startsWith('file:') && text.length > 'file:'.length) {
    return { kind: 'file', folder: text.slice('file:'.length) }
  }
  if (typeof text === 'string' && /^kafkas?:\/\//.test(text)) return { kind: 'kafka', url: text }
  const place = given === undefined && fromEnvironment ? LOG_VARIABLE : path
  throw new OptionError(place, "'memory:', 'file:<folder>' or 'kafka://<host:port>'", text)
}

/** Throws `OptionError`. */
export function resolveOptions(given: GivenOptions): ResolvedOptions {
  const profile = given.profile ?? 'horolog'
  if (profile !== 'horolog' && profile !== 'apscheduler') {
    throw new OptionError('profile', "'horolog' or 'apscheduler'", profile)
  }
  const likeApscheduler = profile === 'apscheduler'
  return Object.freeze({
    stores: resolveStores(given),
    settings: resolveSettings(given, likeApscheduler ? { misfireGraceMs: APSCHEDULER_GRACE_MS } : {}),
    executors: resolveExecutors(given.executors),
    ifExists: likeApscheduler ? 'reject' : 'replace',
  })
}

function resolveSettings(given: GivenOptions, profile: JobInput): JobSettings {
  const timezone = given.timezone ?? 'UTC'
  if (typeof timezone !== 'string' || !isValidZone(timezone)) {
    throw new OptionError('timezone', 'an IANA zone or ±HH:MM', timezone)
  }
  const jobDefaults = Object.freeze({ ...profile, ...given.jobDefaults })
  const settings = Object.freeze({ jobDefaults, timezone, deliverTopics: null })
  const tried = resolveDefinition('defaults', { task: 'any' }, settings)
  if ('code' in tried) {
    const path = (tried.path ?? 'job').replace(/^job/, 'jobDefaults')
    throw new OptionError(path, tried.reason.replace(/^[^:]*: expected /, ''), 'what was given')
  }
  return settings
}

function resolveStores(given: GivenOptions): ReadonlyMap<string, LogAddress> {
  const stores = new Map<string, LogAddress>()
  if (given.stores === undefined) return stores.set('default', parseLogAddress(given.log))
  for (const [alias, address] of entriesOf(given.stores, 'stores')) {
    stores.set(alias, parseLogAddress(address ?? null, `stores.${alias}`))
  }
  if (given.log !== undefined && stores.has('default')) {
    throw new OptionError('log', 'nothing beside stores.default, which says the same', given.log)
  }
  if (!stores.has('default')) stores.set('default', parseLogAddress(given.log))
  return stores
}

function resolveExecutors(given: unknown): ReadonlyMap<string, number> {
  const executors = new Map<string, number>([['default', DEFAULT_CONCURRENCY]])
  for (const [name, options] of entriesOf(given ?? {}, 'executors')) {
    executors.set(name, concurrencyOf(options as ExecutorOptions | undefined, `executors.${name}`))
  }
  return executors
}

export function concurrencyOf(options: ExecutorOptions | undefined, path: string): number {
  if (typeof options === 'object' && options !== null) refuseUnknownOptions(options, ['concurrency'], path)
  const concurrency = options?.concurrency ?? DEFAULT_CONCURRENCY
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return concurrency
  throw new OptionError(`${path}.concurrency`, `a whole number from 1 to ${MAX_CONCURRENCY}`, concurrency)
}

/** null: any. Throws `OptionError`, and `TriggerError` for what is no duration. */
export function maxClockSkewMs(given: unknown): number | null {
  if (given === null) return null
  const ms = parseDurationMs(given, 'maxClockSkew')
  if (ms >= MIN_CLOCK_SKEW_MS) return ms
  throw new OptionError('maxClockSkew', 'at least 1 s, or null', given)
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null) throw new OptionError(path, 'an object with a name for each', value)
  const entries = Object.entries(value)
  for (const [name] of entries) {
    if (name === '' || name.length > MAX_NAME_CHARS)
      throw new OptionError(path, `names of 1 to ${MAX_NAME_CHARS} characters`, name)
  }
  return entries
}
