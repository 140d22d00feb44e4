/** Triggers and instants as they are typed on a command line. */
import { hasHash } from '../core/triggers/crontab.ts'
import { parseDurationMs } from '../core/triggers/duration.ts'
import { parseInstantMs } from '../core/triggers/instant.ts'
import { crontab, date, interval } from '../core/triggers/make-trigger.ts'
import { parseTrigger } from '../core/triggers/parse-trigger.ts'
import { resolveTrigger } from '../core/triggers/resolve-trigger.ts'
import type { DstPolicy, Trigger } from '../core/triggers/trigger.ts'
import { invalid, TriggerError } from '../core/triggers/trigger-error.ts'
import { nextFireTime } from '../next-fire-time.ts'
import { CliError, EXIT } from './cli-error.ts'

export interface TriggerOptions {
  readonly cron?: string
  readonly every?: string
  readonly at?: string
  readonly in?: string
  readonly trigger?: string
  readonly zone?: string
  readonly dst?: DstPolicy
}

/** undefined when none is given: once, now. Throws TriggerError. */
export function triggerOfOptions(options: TriggerOptions, jobId: string, now: number): Trigger | undefined {
  const { zone, dst } = options
  const given = givenTrigger(options, now)
  const trigger = given === undefined ? undefined : withDst(given, dst)
  return trigger === undefined || zone === undefined ? trigger : resolveTrigger(trigger, { jobId, zone })
}

function givenTrigger(options: TriggerOptions, now: number): Trigger | undefined {
  if (options.cron !== undefined) return crontab(options.cron)
  if (options.every !== undefined) return interval(options.every)
  if (options.at !== undefined) return date(options.at)
  if (options.in !== undefined) return date(now + parseDurationMs(options.in, '--in'))
  if (options.trigger !== undefined) return parseTrigger(parseJson(options.trigger, '--trigger'))
  return undefined
}

/** Throws `CliError` where a trigger has no local times that a clock change could move. */
export function withDst(trigger: Trigger, dst: DstPolicy | undefined): Trigger {
  if (dst === undefined) return trigger
  if (trigger.type === 'crontab' || trigger.type === 'cron' || trigger.type === 'daily-window')
    return parseTrigger({ ...trigger, dst })
  throw new CliError(EXIT.usage, `--dst: expected beside crontab, cron or daily-window, got it beside ${trigger.type}`)
}

/** Crontab text, an alias as `@daily`, `every 90s`, `in 10m`, `at <instant>` (also with an @), or a trigger's JSON. */
export function triggerOfText(text: string, now: number): Trigger {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return parseTrigger(parseJson(trimmed, 'expression'))
  const [, verb, rest = ''] = /^@?(every|in|at)\s+(.+)$/i.exec(trimmed) ?? []
  switch (verb?.toLowerCase()) {
    case 'every':
      return interval(rest)
    case 'in':
      return date(now + parseDurationMs(rest, 'expression'))
    case 'at':
      return date(rest)
    default:
      return crontab(trimmed)
  }
}

/** The trigger with the zone where it names none, and `H` as it is for the job. */
export function resolvedTrigger(trigger: Trigger, zone: string, jobId: string | undefined): Trigger {
  if (jobId !== undefined) return resolveTrigger(trigger, { jobId, zone })
  if (trigger.type === 'crontab' && hasHash(trigger.expression)) {
    throw new CliError(EXIT.usage, 'expression: the value of H depends on the job: name one with --job <id>')
  }
  // What is left, an H further inside for instance, is an error of its own.
  nextFireTime(trigger, 0)
  return resolveTrigger(trigger, { jobId: '', zone })
}

/** An RFC 3339 instant, or a duration: so long before `now`. Throws TriggerError. */
export function pastInstantMs(text: string, now: number, path: string): number {
  return instantOrSpanMs(text, path, (spanMs) => now - spanMs)
}

/** An RFC 3339 instant, or a duration: so long after `now`. Throws TriggerError. */
export function futureInstantMs(text: string, now: number, path: string): number {
  return instantOrSpanMs(text, path, (spanMs) => now + spanMs)
}

function instantOrSpanMs(text: string, path: string, apart: (spanMs: number) => number): number {
  try {
    const isDuration = /^\d+(\.\d+)? ?[a-z]/i.test(text) || text.startsWith('P')
    return parseInstantMs(isDuration ? apart(parseDurationMs(text, path)) : text, path)
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error
    return invalid(path, "an RFC 3339 instant as '2027-01-01T09:00:00Z', or a duration as '90s' or '1h30m'", text)
  }
}

/** Throws `CliError` for a text that is not JSON. */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError(EXIT.usage, `${path}: expected JSON, got ${JSON.stringify(shown)}: ${why}`, { cause })
  }
}
