/** A run that is a record on a topic of the user's: its outcome is the broker's answer. */
import type { Report, RunError } from '../core/reports.ts'
import type { Clock } from '../ports/clock.ts'
import type { RunRequest } from '../ports/dispatcher.ts'
import { LogError } from '../ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../ports/outbox.ts'

export interface Delivering {
  readonly outbox: Outbox
  readonly clock: Clock
  readonly process: string
}

/** What the owner reports of the attempt. Rejects only when nothing can be said of it: the outbox was closed. */
export async function deliver(record: OutgoingRecord, request: RunRequest, delivering: Delivering): Promise<Report> {
  const { clock, outbox, process } = delivering
  const { runId, jobId, attempt, startBefore } = request
  const startedAt = clock.now()
  const common = { runId, jobId, attempt, token: null, startedAt, executor: process, result: null }
  if (startBefore !== null && startedAt > startBefore) {
    return { ...common, type: 'missed', at: startedAt, startedAt: null, error: null }
  }
  try {
    await outbox.send(record)
    return { ...common, type: 'succeeded', at: clock.now(), error: null }
  } catch (error) {
    if (!(error instanceof LogError) || error.code === 'closed') throw error
    return { ...common, type: 'failed', at: clock.now(), error: runError(error, record.topic) }
  }
}

function runError(error: LogError, topic: string): RunError {
  return { name: nameOf(error), message: `topic ${topic}: ${error.message}`, stack: null, retryable: true }
}

function nameOf({ code }: LogError): string {
  if (code === 'invalid-record') return 'UnknownTopicError'
  if (code === 'too-large') return 'RecordTooLargeError'
  if (code === 'not-authorized') return 'TopicAuthorizationError'
  return 'DeliveryError'
}
