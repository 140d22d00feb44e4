/**
 * Runs that are records on topics of the user's: their outcome is the broker's answer, which their owner reports.
 *
 * Boundary: the record and the report are made by the codec; when a report counts is decided as of any other.
 * Invariants:
 * 1. An attempt is delivered once by one owner, however often it is asked for; an owner that follows may do it again.
 * 2. A delivery that was answered is not repeated because its report could not leave.
 */
import type { Report, RunError } from '../core/reports.ts'
import type { State } from '../core/state.ts'
import type { Clock } from '../ports/clock.ts'
import type { RunRequest } from '../ports/dispatcher.ts'
import { LogError } from '../ports/event-log.ts'
import type { Outbox, OutgoingRecord } from '../ports/outbox.ts'
import type { OutputCodec } from '../ports/output-codec.ts'
import type { EffectRetries } from './effect-retries.ts'

export interface DeliveriesOptions {
  readonly outbox: Outbox
  readonly outputs: OutputCodec
  readonly clock: Clock
  /** `host:pid:<random>` of the owner. */
  readonly process: string
  readonly partition: number
  readonly retries: EffectRetries
}

interface Delivery {
  readonly attempt: number
  readonly reported: Promise<boolean>
}

export class Deliveries {
  readonly #options: DeliveriesOptions
  /** By run id: those of which it is not decided yet how they ended. */
  readonly #open = new Map<string, Delivery>()

  constructor(options: DeliveriesOptions) {
    this.#options = options
  }

  /** Resolves with whether its outcome is reported; false: the owner stopped before. */
  deliver(record: OutgoingRecord, request: RunRequest): Promise<boolean> {
    const { runId, attempt } = request
    const there = this.#open.get(runId)
    if (there?.attempt === attempt) return there.reported
    const reported = this.#deliver(record, request)
    this.#open.set(runId, { attempt, reported })
    return reported
  }

  /** Forgets those that the state waits for no more. */
  prune(state: State): void {
    for (const [runId, { attempt }] of this.#open) {
      const run = state.run(runId)
      if (run?.attempt !== attempt || run.status !== 'queued') this.#open.delete(runId)
    }
  }

  #deliver(record: OutgoingRecord, request: RunRequest): Promise<boolean> {
    const { outbox, outputs, partition, retries } = this.#options
    let report: Report | null = null
    return retries.untilDone('reports', async () => {
      report ??= await this.#outcome(record, request)
      await outbox.send(outputs.report(report, partition))
    })
  }

  /** Rejects only when nothing can be said of it: the outbox was closed. */
  async #outcome(record: OutgoingRecord, request: RunRequest): Promise<Report> {
    const { clock, process } = this.#options
    const { runId, jobId, attempt, startBefore, timeoutMs, token = null } = request
    const startedAt = clock.now()
    const common = { runId, jobId, attempt, token, startedAt, executor: process, result: null }
    if (startBefore !== null && startedAt > startBefore) {
      return { ...common, type: 'missed', at: startedAt, startedAt: null, error: null }
    }
    try {
      const isInTime = await this.#isSentInTime(record, timeoutMs)
      const ending = isInTime
        ? ({ type: 'succeeded', error: null } as const)
        : ({ type: 'timed-out', error: timeoutError(record.topic, timeoutMs) } as const)
      return { ...common, ...ending, at: clock.now() }
    } catch (error) {
      if (!(error instanceof LogError) || error.code === 'closed') throw error
      return { ...common, type: 'failed', at: clock.now(), error: runError(error, record.topic) }
    }
  }

  /** What is late is taken back; it may have left all the same, as of a task that goes on. */
  async #isSentInTime(record: OutgoingRecord, timeoutMs: number | null): Promise<boolean> {
    const { clock, outbox } = this.#options
    const withdrawn = new AbortController()
    const sent = outbox.send(record, withdrawn.signal).then(() => true)
    if (timeoutMs === null) return sent
    const { promise: late, resolve } = Promise.withResolvers<boolean>()
    const tooLate = (): void => {
      resolve(false)
      withdrawn.abort()
    }
    const cancel = clock.schedule(clock.now() + timeoutMs, tooLate, true)
    return Promise.race([sent, late]).finally(cancel)
  }
}

function timeoutError(topic: string, timeoutMs: number | null): RunError {
  const message = `topic ${topic} did not take the record within the time-out of ${timeoutMs} ms`
  return { name: 'TimeoutError', message, stack: null, retryable: true }
}

function runError(error: LogError, topic: string): RunError {
  return { name: nameOf(error), message: `topic ${topic}: ${error.message}`, stack: null, retryable: true }
}

function nameOf({ code }: LogError): string {
  if (code === 'invalid-record') return 'UnknownTopicError'
  if (code === 'record-refused') return 'RecordRefusedError'
  if (code === 'too-large') return 'RecordTooLargeError'
  if (code === 'not-authorized') return 'TopicAuthorizationError'
  return 'DeliveryError'
}
