/**
 * The run record of protocol §5: the value is the payload, untouched, and all else is in headers, so that an executor in
 * any language can read it.
 *
 * Boundary: form only. Whether the attempt still matters is decided by who reads it.
 */
import { isUtf8 } from 'node:buffer'

import { shown } from '../core/job/check.ts'
import type { Delivery } from '../core/job/definition.ts'
import { isOwnHeader } from '../core/job/job-headers.ts'
import { JOB_ID_PATTERN } from '../core/limits.ts'
import { parseInstantMs } from '../core/triggers/instant.ts'
import { TriggerError } from '../core/triggers/trigger-error.ts'
import type { RunRequest } from '../ports/dispatcher.ts'
import type { RecordHeader, StoredRecord } from '../ports/event-log.ts'
import type { OutgoingRecord } from '../ports/outbox.ts'
import type { RunReading } from '../ports/run-codec.ts'
import { DecodeError } from './decode-error.ts'

const CONTENT_TYPE = 'content-type'
/** Run ids hold a job id, an incarnation, an instant and a command id; names and tokens are shorter. */
const MAX_TEXT_BYTES = 4_000
/** Of Avro's int: what a report can carry. */
const MAX_ATTEMPT = 2 ** 31 - 1

type Absent = null | undefined

/** Of a run of a task. */
export function runRecord(run: RunRequest): OutgoingRecord {
  const headers: RecordHeader[] = (run.headers ?? []).map(({ name, value }) => [name, value])
  const own = (name: string, value: string | number): void => void headers.push([name, Buffer.from(String(value))])
  const common = (name: string, value: string | number | Absent): void => {
    if (value !== null && value !== undefined) headers.push([name, repeated(String(value))])
  }
  own('horolog-run-id', run.runId)
  common('horolog-attempt', run.attempt)
  common('horolog-task', run.task)
  own('horolog-job-id', run.jobId)
  own('horolog-scheduled-at', instantText(run.scheduledAt))
  own('horolog-due-at', instantText(run.dueAt))
  if (run.startBefore !== null) own('horolog-start-before', instantText(run.startBefore))
  common('horolog-timeout-ms', run.timeoutMs)
  common('horolog-heartbeat-ms', run.heartbeatTimeoutMs)
  common('horolog-delivery', run.delivery)
  common('horolog-partition', run.partition)
  common('horolog-epoch', run.epoch)
  if (run.token !== null && run.token !== undefined) own('horolog-token', run.token)
  common(CONTENT_TYPE, run.contentType)
  return { topic: `runs.${run.executor}`, spreadBy: run.runId, key: run.jobId, value: run.payload, headers }
}

/** Bytes of values that many runs have in common; nobody writes into a record's headers. */
const repeatedBytes = new Map<string, Uint8Array>()
const MAX_REPEATED = 1_000

function repeated(text: string): Uint8Array {
  const known = repeatedBytes.get(text)
  if (known !== undefined) return known
  if (repeatedBytes.size >= MAX_REPEATED) repeatedBytes.clear()
  const bytes = Buffer.from(text)
  repeatedBytes.set(text, bytes)
  return bytes
}

/** Never throws. */
export function readRun(record: Pick<StoredRecord, 'value' | 'headers'>, executor: string): RunReading {
  try {
    const headers = record.headers.filter(([name]) => isOwnHeader(name)).map(([name, value]) => ({ name, value }))
    const run = runOf(new Map(record.headers), record.value ?? new Uint8Array(0), executor)
    return { kind: 'run', run: { ...run, headers: headers.length === 0 ? null : headers } }
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'unreadable', why: error.message }
    throw error
  }
}

type Values = ReadonlyMap<string, Uint8Array>

function runOf(values: Values, payload: Uint8Array, executor: string): Omit<RunRequest, 'headers'> {
  const runId = text(values, 'horolog-run-id')
  const jobId = text(values, 'horolog-job-id')
  if (!JOB_ID_PATTERN.test(jobId)) throw new DecodeError('horolog-job-id', `expected a job id, got ${shown(jobId)}`)
  // Its reports are judged by the job that the run id names.
  if (!runId.startsWith(`${jobId}/`)) {
    throw new DecodeError('horolog-run-id', `expected a run of the job ${jobId}, got ${shown(runId)}`)
  }
  return {
    runId,
    jobId,
    attempt: attempt(values),
    task: text(values, 'horolog-task'),
    deliver: null,
    payload,
    contentType: values.has(CONTENT_TYPE) ? text(values, CONTENT_TYPE) : 'application/json',
    scheduledAt: instant(values, 'horolog-scheduled-at'),
    dueAt: instant(values, 'horolog-due-at'),
    startBefore: optional(values, 'horolog-start-before', instant),
    timeoutMs: optional(values, 'horolog-timeout-ms', count),
    heartbeatTimeoutMs: optional(values, 'horolog-heartbeat-ms', count),
    delivery: delivery(values),
    executor,
    partition: count(values, 'horolog-partition'),
    epoch: count(values, 'horolog-epoch'),
    token: optional(values, 'horolog-token', text),
    again: false,
  }
}

function optional<T>(values: Values, name: string, read: (values: Values, name: string) => T): T | null {
  return values.has(name) ? read(values, name) : null
}

function text(values: Values, name: string): string {
  const value = values.get(name)
  if (value === undefined) throw new DecodeError(name, 'expected this header, got nothing')
  if (value.length > MAX_TEXT_BYTES || !isUtf8(value)) {
    throw new DecodeError(name, `expected at most ${MAX_TEXT_BYTES} bytes of UTF-8`)
  }
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
}

function attempt(values: Values): number {
  const number = count(values, 'horolog-attempt')
  if (number < 1 || number > MAX_ATTEMPT) {
    throw new DecodeError('horolog-attempt', `expected a number from 1 to ${MAX_ATTEMPT}, got ${number}`)
  }
  return number
}

/** Within ±2^52, as all our longs. */
function count(values: Values, name: string): number {
  const written = text(values, name)
  if (!/^\d{1,15}$/.test(written)) throw new DecodeError(name, `expected a whole number, got ${shown(written)}`)
  return Number(written)
}

function instant(values: Values, name: string): number {
  try {
    return parseInstantMs(text(values, name), name)
  } catch (error) {
    if (error instanceof TriggerError) throw new DecodeError(name, 'expected an RFC 3339 instant with Z or an offset')
    throw error
  }
}

function instantText(ms: number): string {
  return new Date(ms).toISOString()
}

const DELIVERIES: readonly string[] = ['at-least-once', 'at-most-once'] satisfies readonly Delivery[]

function delivery(values: Values): Delivery {
  const written = text(values, 'horolog-delivery')
  if (!DELIVERIES.includes(written)) {
    throw new DecodeError('horolog-delivery', `expected ${DELIVERIES.join(' | ')}, got ${shown(written)}`)
  }
  return written as Delivery
}
