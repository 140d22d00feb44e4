/**
 * A job given by headers alone, so that any producer can add one without knowing a schema (protocol §3): the value is the
 * payload, untouched.
 *
 * Boundary: this makes the same AddJob that JSON would. Whether its options and trigger are valid is decided in the core.
 */
import { shown } from '../core/job/check.ts'
import type { Command } from '../core/commands.ts'
import type { Header } from '../core/job/definition.ts'
import { isOwnHeader } from '../core/job/job-headers.ts'
import type { Json } from '../core/json.ts'
import { formatIsoDuration, parseDurationMs } from '../core/triggers/duration.ts'
import { TriggerError } from '../core/triggers/trigger-error.ts'
import type { RecordHeader } from '../ports/event-log.ts'
import { commandFromMembers, type CommandSource } from './command-members.ts'
import { DecodeError } from './decode-error.ts'
import { headerTexts, type HeaderTexts } from './headers.ts'
import { jsonObject, type Members } from './json-read.ts'
import { parseJson } from './json-text.ts'

/** What a plain job may say; other names with the prefix are refused, for a typo would change what runs when. */
const KNOWN: ReadonlySet<string> = new Set([
  'horolog-task',
  'horolog-deliver',
  'horolog-schedule',
  'horolog-trigger',
  'horolog-zone',
  'horolog-dst',
  'horolog-id',
  'horolog-executor',
  'horolog-if-exists',
  'horolog-name',
  'horolog-labels',
  'horolog-misfire-grace',
  'horolog-max-attempts',
  'horolog-timeout',
  'horolog-command-id',
  'horolog-actor',
  'horolog-reply-to',
  'horolog-forwarded-from',
  'horolog-forwarded-at',
  'horolog-written-at',
])
const PREFIX = 'horolog-'
const CONTENT_TYPE = 'content-type'

/** The record that the headers stand on. */
export interface PlainJobRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms: `@in` and `@every` count from it. */
  readonly timestamp: number
  readonly key: string | null
  /** Its bytes, when they are not UTF-8. */
  readonly rawKey?: Uint8Array
}

export function isPlainJob(headers: readonly RecordHeader[]): boolean {
  return headers.some(([name]) => name === 'horolog-task' || name === 'horolog-deliver')
}

/** `value` null: no payload. Throws DecodeError, whose path is the name of the header. */
export function plainJobFromHeaders(
  headers: readonly RecordHeader[],
  value: Uint8Array | null,
  record: PlainJobRecord,
): Command {
  const texts = headerTexts(headers, (name) => name.startsWith(PREFIX) || name === CONTENT_TYPE)
  for (const name of texts.keys()) {
    if (name !== CONTENT_TYPE && !KNOWN.has(name)) throw new DecodeError(name, 'there is no such header')
  }
  const job: Members = {
    task: texts.get('horolog-task'),
    deliver: deliver(texts, record),
    payload: value === null ? undefined : new Uint8Array(value),
    contentType: texts.get(CONTENT_TYPE),
    headers: ownHeaders(headers),
    trigger: trigger(texts, record.timestamp),
    executor: texts.get('horolog-executor'),
    name: texts.get('horolog-name'),
    labels: labels(texts),
    misfireGraceMs: duration(texts, 'horolog-misfire-grace'),
    timeoutMs: duration(texts, 'horolog-timeout'),
    retry: retry(texts),
  }
  const members: Members = {
    commandId: null,
    actor: null,
    ifExists: texts.get('horolog-if-exists') ?? null,
    job: Object.fromEntries(Object.entries(job).filter(([, one]) => one !== undefined)),
  }
  return commandFromMembers('AddJob', members, sourceOf(texts, record))
}

/** Identity of a command by the record that it came on. */
export function sourceOf(texts: HeaderTexts, record: Omit<PlainJobRecord, 'timestamp'>): CommandSource {
  return {
    commandId: texts.get('horolog-command-id') ?? null,
    actor: texts.get('horolog-actor') ?? null,
    jobId: texts.get('horolog-id') ?? record.key,
    place: `${record.topic}/${record.partition}/${record.offset}`,
    offset: record.offset,
  }
}

/** The record's key goes with what is delivered, as its own headers do with every run. A definition keeps it as text. */
function deliver(texts: HeaderTexts, record: PlainJobRecord): Members | undefined {
  const topic = texts.get('horolog-deliver')
  if (topic === undefined) return undefined
  if (record.rawKey !== undefined) {
    const expected = 'expected a record whose key is UTF-8, for what is delivered has the same key'
    throw new DecodeError('horolog-deliver', expected, 'invalid-option')
  }
  return { topic, key: record.key }
}

/** Byte for byte, in their order; copies, for the record's bytes belong to somebody else. */
function ownHeaders(headers: readonly RecordHeader[]): readonly Header[] | undefined {
  const own = headers.filter(([name]) => isOwnHeader(name))
  return own.length === 0 ? undefined : own.map(([name, value]) => ({ name, value: new Uint8Array(value) }))
}

function trigger(texts: HeaderTexts, timestamp: number): Json | undefined {
  const schedule = texts.get('horolog-schedule')
  const json = texts.get('horolog-trigger')
  if (schedule !== undefined && json !== undefined) {
    throw new DecodeError(
      'horolog-trigger',
      'expected either horolog-schedule or horolog-trigger, got both',
      'invalid-trigger',
    )
  }
  const made =
    json === undefined
      ? scheduled(schedule, timestamp)
      : jsonObject(parseJson(json, 'horolog-trigger'), 'horolog-trigger')
  const zone = texts.get('horolog-zone')
  const dst = texts.get('horolog-dst')
  if (made === undefined) return undefined
  return { ...(zone === undefined ? {} : { zone }), ...(dst === undefined ? {} : { dst }), ...made }
}

function scheduled(schedule: string | undefined, timestamp: number): { readonly [member: string]: Json } | undefined {
  if (schedule === undefined) return undefined
  const header = 'horolog-schedule'
  const [word = '', rest = ''] = split(schedule)
  switch (word) {
    case '@in':
      return { type: 'date', at: instant(timestamp + durationMs(rest, header), header) }
    case '@at':
      return { type: 'date', at: rest }
    case '@every': {
      const everyMs = durationMs(rest, header)
      return { type: 'interval', every: formatIsoDuration(everyMs), start: instant(timestamp + everyMs, header) }
    }
    default:
      // Crontab text, or @daily and its like: the trigger's parser knows which there are.
      return { type: 'crontab', expression: schedule }
  }
}

function split(schedule: string): readonly string[] {
  const space = schedule.search(/\s/)
  return space < 0 ? [schedule] : [schedule.slice(0, space), schedule.slice(space).trim()]
}

function instant(ms: number, header: string): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime()))
    throw new DecodeError(header, 'expected a time before the year 10000', 'invalid-trigger')
  return date.toISOString()
}

function duration(texts: HeaderTexts, header: string): number | undefined {
  const text = texts.get(header)
  return text === undefined ? undefined : durationMs(text, header, 'invalid-option')
}

function durationMs(
  text: string,
  header: string,
  code: 'invalid-option' | 'invalid-trigger' = 'invalid-trigger',
): number {
  try {
    return parseDurationMs(text, header)
  } catch (error) {
    if (error instanceof TriggerError)
      throw new DecodeError(header, `expected a duration like 90s or PT90S, got ${shown(text)}`, code)
    throw error
  }
}

function labels(texts: HeaderTexts): Record<string, string> | undefined {
  const text = texts.get('horolog-labels')
  if (text === undefined) return undefined
  const found: Record<string, string> = {}
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).trim()
    if (name === '' || name === '__proto__') {
      throw new DecodeError('horolog-labels', `expected a=1,b=2, got ${shown(part)}`, 'invalid-option')
    }
    found[name] = part.slice(equals + 1).trim()
  }
  return found
}

function retry(texts: HeaderTexts): { readonly maxAttempts: number } | undefined {
  const text = texts.get('horolog-max-attempts')
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text)) {
    throw new DecodeError('horolog-max-attempts', `expected a whole number, got ${shown(text)}`, 'invalid-option')
  }
  return { maxAttempts: Number(text) }
}
