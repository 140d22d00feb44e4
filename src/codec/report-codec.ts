/**
 * Reports: Avro, the JSON form of the protocol, and plain headers with the result as the value (protocol §5). All three
 * give the same report; its job is the first part of the run id.
 */
import { isUtf8 } from 'node:buffer'

import { shown } from '../core/job/check.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { MAX_RECORD_BYTES } from '../core/limits.ts'
import type { Report, ReportType, RunError } from '../core/reports.ts'
import type { RecordHeader } from '../ports/event-log.ts'
import { DecodeError } from './decode-error.ts'
import { headerTexts } from './headers.ts'
import { type Members, readJson } from './json-read.ts'
import { parseJson } from './json-text.ts'
import { writeJson } from './json-write.ts'
import { recordCodec } from './record-codec.ts'
import { storedSchema } from './schema-store.ts'

const TYPES: Readonly<Record<ReportType, true>> = {
  started: true,
  heartbeat: true,
  succeeded: true,
  failed: true,
  'timed-out': true,
  cancelled: true,
  missed: true,
  'unknown-task': true,
}
export const REPORT_TYPES: readonly ReportType[] = Object.freeze(Object.keys(TYPES) as ReportType[])

const AVRO = 0xc3
const JSON_OBJECT = 0x7b
/** Run ids hold a job id, an incarnation, an instant and a command id; texts of executors are shorter. */
const MAX_TEXT_CHARS = 1_000
const codec = recordCodec<Omit<Report, 'jobId'>>('Report')

/** Throws TypeError when a member doesn't fit the schema. */
export function encodeReport(report: Report): Uint8Array {
  return codec.encode(report)
}

/** Throws DecodeError. */
export function decodeReport(value: Uint8Array): Report {
  return reportOf({ ...codec.decode(value) })
}

export function reportToJson(report: Report): JsonObject {
  return writeJson(storedSchema('Report').schema, report, { exactPayloads: true })
}

/** The JSON comes from `parseJson`; members that are not known are ignored. Throws DecodeError. */
export function reportFromJson(json: Json): Report {
  return reportOf(readJson(storedSchema('Report').schema, json, '', { unknown: 'ignore', absent: 'null' }))
}

export interface ReportRecord {
  /** Epoch ms. */
  readonly timestamp: number
  readonly headers: readonly RecordHeader[]
  readonly value: Uint8Array | null
}

/** Its outcome is said by a header, and its value is the result. */
export function isPlainReport(headers: readonly RecordHeader[]): boolean {
  return headers.some(([name]) => name === 'horolog-outcome')
}

/** A record of the reports topic in any of the three forms. Throws DecodeError. */
export function readReport(record: ReportRecord): Report {
  const { value } = record
  if (isPlainReport(record.headers)) return plainReport(record)
  if (value !== null && value.length > MAX_RECORD_BYTES) throw new DecodeError('', `${value.length} bytes`)
  if (value?.[0] === AVRO) return decodeReport(value)
  if (value?.[0] === JSON_OBJECT) return reportFromJson(parseJson(text(value), ''))
  throw new DecodeError('', 'expected Avro, JSON or the header horolog-outcome')
}

/** The value is the result, JSON or text; of a run that failed, the message. */
function plainReport(record: ReportRecord): Report {
  const texts = headerTexts(record.headers, (name) => name.startsWith('horolog-'))
  const type = texts.get('horolog-outcome')
  const attempt = texts.get('horolog-attempt') ?? ''
  if (!/^[1-9]\d{0,8}$/.test(attempt)) {
    throw new DecodeError('horolog-attempt', `expected the number of the attempt, got ${shown(attempt)}`)
  }
  const said = record.value === null || record.value.length === 0 ? null : text(record.value)
  const failed = type === 'failed' || type === 'timed-out'
  return reportOf({
    type,
    runId: texts.get('horolog-run-id') ?? '',
    attempt: Number(attempt),
    token: texts.get('horolog-token') ?? null,
    at: record.timestamp,
    startedAt: null,
    executor: texts.get('horolog-executor') ?? '',
    result: failed || said === null ? null : jsonOrText(said),
    error: failed ? plainError(said) : null,
  })
}

function plainError(message: string | null): RunError {
  return { name: 'Error', message: message ?? 'no message was given', stack: null, retryable: true }
}

function reportOf(members: Members): Report {
  const { type, runId, executor, token } = members
  const error = members['error'] as (Omit<RunError, 'retryable'> & { readonly retryable: boolean | null }) | null
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) {
    throw new DecodeError('type', `expected ${REPORT_TYPES.join(' | ')}, got ${shown(type)}`, 'unsupported-type')
  }
  for (const [name, value] of Object.entries({ runId, executor, token })) {
    if (typeof value === 'string' && value.length > MAX_TEXT_CHARS) {
      throw new DecodeError(name, `expected at most ${MAX_TEXT_CHARS} characters, got ${value.length}`)
    }
  }
  if (typeof runId !== 'string' || runId === '') throw new DecodeError('runId', 'expected the id of a run, got nothing')
  const [jobId] = runId.split('/', 1)
  return { ...members, jobId, error: error && { ...error, retryable: error.retryable ?? true } } as unknown as Report
}

function text(value: Uint8Array): string {
  if (!isUtf8(value)) throw new DecodeError('', 'expected UTF-8')
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
}

function jsonOrText(said: string): Json {
  try {
    return parseJson(said, '')
  } catch (error) {
    if (error instanceof DecodeError) return said
    throw error
  }
}
