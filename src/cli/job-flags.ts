/** The flags that say what a job is, for the verbs that add one or change it. */
import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { JobPolicies } from '../client/job-options.ts'
import type { JsonObject } from '../core/json.ts'
import { MAX_ATTEMPTS, MAX_CATCH_UP, MAX_INSTANCES, MAX_KEEP_RUNS, MAX_QUEUE } from '../core/limits.ts'
import type { Trigger } from '../core/triggers/trigger.ts'
import { CliError, EXIT } from './cli-error.ts'
import { commaList, dstOption, labels, wholeNumber } from './options.ts'
import type { TriggerOptions } from './trigger-text.ts'

interface PolicyFlags {
  readonly misfireGrace?: string
  readonly coalesce?: 'latest' | 'earliest' | 'all'
  readonly maxCatchUp?: number
  readonly maxInstances?: number
  readonly overlap?: 'skip' | 'queue' | 'cancel-running'
  readonly queueLimit?: number
  readonly maxAttempts?: number
  readonly retryInitial?: string
  readonly retryMultiplier?: number
  readonly retryMax?: string
  readonly retryJitter?: number
  readonly nonRetryable?: readonly string[]
  readonly timeout?: string
  readonly heartbeatTimeout?: string
  readonly delivery?: 'at-least-once' | 'at-most-once'
  readonly executor?: string
  readonly label?: Readonly<Record<string, string>>
  readonly metadata?: string
  readonly name?: string
  readonly description?: string
  readonly keepRuns?: number
}

export interface JobFlags extends TriggerOptions, PolicyFlags {
  readonly task?: string
  readonly payload?: string
  readonly nextFire?: string
}

/** What the flags give of a job; members that no flag gave are left out. */
export interface GivenJob extends JobPolicies {
  readonly task?: string
  readonly payload?: unknown
  readonly trigger?: Trigger
  readonly nextFireTime?: string
}

/** When it fires: one of five ways, and the zone. */
export function addTriggerFlags(command: Command): Command {
  const ways = ['cron', 'every', 'at', 'in', 'trigger']
  const way = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).conflicts(ways.filter((other) => other !== name))
  return command
    .addOption(way('--cron <text>', 'crontab text of 5 or 6 fields, or an alias as @daily', 'cron'))
    .addOption(way('--every <duration>', 'so much elapsed time between fires: 90s, 1h30m, PT90S', 'every'))
    .addOption(way('--at <instant>', 'once, at this RFC 3339 instant or local time', 'at'))
    .addOption(way('--in <duration>', 'once, after so long', 'in'))
    .addOption(way('--trigger <json>', "any trigger's JSON form", 'trigger'))
    .option('--zone <zone>', 'zone of the trigger, an IANA name or ±HH:MM (default: UTC)')
    .addOption(dstOption())
}

/** What runs, and under which policies; with their defaults for a job that is added. */
export function addJobFlags(command: Command): Command {
  const choice = (flags: string, text: string, ...choices: string[]): Option => new Option(flags, text).choices(choices)
  addTriggerFlags(command.option('--payload <json>', 'what the task gets: JSON, or @<file> with JSON'))
  return command
    .option('--next-fire <instant>', "the next fire, instead of the trigger's")
    .option('--misfire-grace <duration>', 'how late a run may be (default: never too late)')
    .addOption(
      choice('--coalesce <which>', 'which of several due times runs (default: latest)', 'latest', 'earliest', 'all'),
    )
    .option('--max-catch-up <n>', 'with --coalesce all: at most so many (default: 100)', wholeNumber(1, MAX_CATCH_UP))
    .option('--max-instances <n>', 'runs without an outcome at a time (default: 1)', wholeNumber(1, MAX_INSTANCES))
    .addOption(choice('--overlap <what>', 'beyond that (default: skip)', 'skip', 'queue', 'cancel-running'))
    .option('--queue-limit <n>', 'with --overlap queue: so many wait (default: 10)', wholeNumber(1, MAX_QUEUE))
    .option('--max-attempts <n>', 'attempts in all (default: 1)', wholeNumber(1, MAX_ATTEMPTS))
    .option('--retry-initial <duration>', 'wait before the second attempt (default: 1s)')
    .option('--retry-multiplier <number>', 'from one wait to the next (default: 2)', positive)
    .option('--retry-max <duration>', 'longest wait (default: 5m)')
    .option('--retry-jitter <share>', 'share of the wait that is spread, 0 to 1 (default: 0.2)', positive)
    .option('--non-retryable <names>', 'errors that end the run at once: a comma list (default: none)', commaList)
    .option('--timeout <duration>', 'of each attempt (default: none)')
    .option('--heartbeat-timeout <duration>', 'an attempt silent for so long is lost (default: none)')
    .addOption(choice('--delivery <how>', '(default: at-least-once)', 'at-least-once', 'at-most-once'))
    .option('--executor <name>', 'name of the executor (default: default)')
    .option('--label <key=value>', 'a label; may be repeated (default: none)', labels)
    .option('--metadata <json>', 'a JSON object, for people (default: none)')
    .option('--name <text>', 'for people (default: none)')
    .option('--description <text>', 'for people (default: none)')
    .option('--keep-runs <n>', 'finished runs kept for queries (default: 10)', wholeNumber(0, MAX_KEEP_RUNS))
}

/** Throws `TriggerError` and `CliError`; durations are read where the job is made. */
export async function jobOfFlags(id: string, flags: JobFlags): Promise<GivenJob> {
  const { parseJson } = await import('./trigger-text.ts')
  const { task, misfireGrace, coalesce, maxCatchUp, maxInstances, overlap, queueLimit, timeout } = flags
  const { heartbeatTimeout, delivery, executor, label, name, description, keepRuns, nextFire } = flags
  const retry = given({
    maxAttempts: flags.maxAttempts,
    initial: flags.retryInitial,
    multiplier: flags.retryMultiplier,
    max: flags.retryMax,
    jitter: flags.retryJitter,
    nonRetryable: flags.nonRetryable,
  })
  return given({
    task,
    payload: flags.payload === undefined ? undefined : await payloadOf(flags.payload),
    trigger: await triggerOfFlags(id, flags),
    nextFireTime: nextFire,
    misfireGrace,
    coalesce,
    maxCatchUp,
    maxInstances,
    overlap,
    queueLimit,
    retry: Object.keys(retry).length === 0 ? undefined : retry,
    timeout,
    heartbeatTimeout,
    delivery,
    executor,
    labels: label,
    metadata: flags.metadata === undefined ? undefined : (parseJson(flags.metadata, '--metadata') as JsonObject),
    name,
    description,
    keepRuns,
  })
}

/** undefined when no flag gives one. */
export async function triggerOfFlags(id: string, flags: TriggerOptions): Promise<Trigger | undefined> {
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { triggerOfOptions } = await import('./trigger-text.ts')
  const trigger = triggerOfOptions(flags, id, createSystemClock().now())
  if (trigger !== undefined || (flags.zone === undefined && flags.dst === undefined)) return trigger
  const flag = flags.zone === undefined ? '--dst' : '--zone'
  throw new CliError(EXIT.usage, `${flag}: expected beside --cron, --every, --at, --in or --trigger, which it is for`)
}

/** JSON, or `@file` that has it. */
export async function payloadOf(text: string): Promise<unknown> {
  const { parseJson } = await import('./trigger-text.ts')
  if (!text.startsWith('@')) return parseJson(text, '--payload')
  try {
    return parseJson(readFileSync(text.slice(1), 'utf8'), `--payload ${text}`)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(EXIT.usage, `--payload: expected a file, got ${text}: ${String(error)}`, { cause: error })
  }
}

function positive(text: string): number {
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isNaN(value)) return value
  throw new InvalidArgumentError('Expected a number, not negative.')
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function given<T extends object>(value: T): Given<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Given<T>
}
