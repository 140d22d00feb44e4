/** Runs as the command line shows them. */
import type { RunDetails } from '../client/run-info.ts'
import { styledWord } from './fact-lines.ts'
import { memberLines, tableLines } from './table.ts'
import { instantText, relativeText, spanText } from '../client/time-text.ts'

const MAX_NOTE_CHARS = 80

export function runTable(runs: readonly RunDetails[], now: number): string[] {
  const rows = runs.map((run) => [
    run.runId,
    styledWord(run.status, run.status),
    String(run.attempt),
    run.cause,
    relativeText((run.finishedAt ?? run.queuedAt).getTime(), now),
    tookText(run) ?? '-',
    noteText(run, now),
  ])
  return tableLines(['RUN', 'STATUS', 'ATTEMPT', 'CAUSE', 'SINCE', 'TOOK', 'NOTE'], rows).map((line) => line.trimEnd())
}

export function runMembers(run: RunDetails, now: number): string[] {
  const at = (time: Date | null): string | null =>
    time === null ? null : `${instantText(time)} (${relativeText(time.getTime(), now)})`
  const members: (readonly [string, string | null])[] = [
    ['id', run.runId],
    ['job', run.jobId],
    ['status', styledWord(run.status, run.status)],
    ['cause', run.cause],
    ['attempt', String(run.attempt)],
    ['scheduled', instantText(run.scheduledAt)],
    ['queued', at(run.queuedAt)],
    ['started', at(run.startedAt)],
    ['finished', at(run.finishedAt)],
    ['took', tookText(run)],
    ['next try', at(run.retryAt)],
    ['executor', run.executor],
    ['payload', run.contentType === null ? null : payloadText(run.payload)],
    ['result', run.result === null ? null : JSON.stringify(run.result)],
    ['error', run.error === null ? null : `${run.error.name}: ${run.error.message}`],
    ['reason', run.reason],
  ]
  return memberLines(members.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])))
}

/** The members of `getRun`; a payload that is no JSON stands under `payloadBase64`. */
export function runJson(run: RunDetails): Record<string, unknown> {
  const { payload, ...rest } = run
  return { ...rest, ...(payload instanceof Uint8Array ? { payloadBase64: base64(payload) } : { payload }) }
}

function payloadText(payload: unknown): string {
  return JSON.stringify(payload instanceof Uint8Array ? { base64: base64(payload) } : payload)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function tookText({ startedAt, finishedAt }: RunDetails): string | null {
  if (startedAt === null || finishedAt === null) return null
  return spanText(Math.max(0, finishedAt.getTime() - startedAt.getTime()))
}

function noteText(run: RunDetails, now: number): string {
  const text = noteOf(run, now).replaceAll(/\s+/g, ' ')
  return text.length > MAX_NOTE_CHARS ? `${text.slice(0, MAX_NOTE_CHARS)}…` : text
}

function noteOf({ error, reason, result, retryAt }: RunDetails, now: number): string {
  if (retryAt !== null) return `tried again ${relativeText(retryAt.getTime(), now)}`
  if (error !== null) return `${error.name}: ${error.message}`
  return reason ?? (result === null ? '' : JSON.stringify(result))
}
