/**
 * What Kafka's errors mean for the port.
 *
 * Invariant: an append is `refused` only for what surely left nothing in the log; everything else is `unknown`.
 */
import { LogError, type LogErrorCode } from '../../ports/event-log.ts'
import { protocolError } from './kjs.ts'
import type { DamagedBatch } from './record-batch.ts'

export const OFFSET_OUT_OF_RANGE = 1
export const UNKNOWN_TOPIC_OR_PARTITION = 3
export const TOPIC_ALREADY_EXISTS = 36

/** The log has not taken the batch, and says why. */
const REFUSALS: ReadonlyMap<number, LogErrorCode> = new Map([
  [10, 'too-large'],
  [18, 'too-large'],
  [87, 'invalid-record'],
  [19, 'unavailable'],
  [29, 'not-authorized'],
  [31, 'not-authorized'],
])

const NOT_AUTHORIZED: ReadonlySet<number> = new Set([29, 30, 31, 53, 58])
/** Of topics: settings, numbers of copies and policies that the cluster does not take. */
const NOT_TAKEN: ReadonlySet<number> = new Set([17, 37, 38, 40, 42, 44])
/** Another broker leads the partition, or none does yet. */
const STALE_LEADER: ReadonlySet<number> = new Set([3, 5, 6, 8, 9, 56, 74, 75, 76, 78])

/**
 * Of a record that is produced: what nothing but another record, or another setting of its topic, mends (Kafka's own clients
 * don't try these again either): its name, its timestamp, its format, its compression, what a compacted topic needs.
 */
const NEVER_TAKEN: ReadonlySet<number> = new Set([17, 32, 35, 42, 43, 76, 87])
/** A sum that is wrong, and an error that the broker has no name for: of this moment, or of this record for ever. */
const HARDLY_TAKEN: ReadonlySet<number> = new Set([-1, 2])

export function isStaleLeader(code: number): boolean {
  return STALE_LEADER.has(code)
}

export function produceError(code: number, where: string): LogError {
  const text = `${where}: ${described(code)}`
  const refusal = REFUSALS.get(code)
  if (refusal === undefined) return new LogError('no-answer', text, { outcome: 'unknown', retryable: true })
  return new LogError(refusal, text, { retryable: refusal === 'unavailable' })
}

/**
 * Of records that may be sent again whatever became of them, or be given up: also what is no refusal for certain is one when
 * sending them again is of no use. A `record-refused` that is retryable may be of the moment: a few more attempts tell.
 */
export function outboxError(code: number, where: string): LogError {
  const error = produceError(code, where)
  const retryable = HARDLY_TAKEN.has(code)
  if (!retryable && !NEVER_TAKEN.has(code)) return error
  return new LogError('record-refused', error.message, { outcome: error.outcome, retryable })
}

/** Of a request that changes nothing. */
export function requestError(code: number, where: string): LogError {
  const text = `${where}: ${described(code)}`
  if (code === OFFSET_OUT_OF_RANGE) return new LogError('offset-out-of-range', text)
  if (NOT_AUTHORIZED.has(code)) return new LogError('not-authorized', text)
  if (NOT_TAKEN.has(code)) return new LogError('invalid-record', text)
  return new LogError('unavailable', text, { retryable: true })
}

/** A batch that is not what was written. It may be whole at another broker, or when it is sent once more. */
export function damageError({ first, expected, came }: DamagedBatch, where: string): LogError {
  const position = `${where} offset ${first}`
  const sums = `expected CRC-32C ${hex(expected)}, got ${hex(came)}`
  return new LogError('corrupt', `${position}: the record batch is damaged: ${sums}`, { retryable: true, position })
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}

/** Of making or changing a topic; `words` are the broker's. */
export function topicError(code: number, topic: string, words: string | null): LogError {
  const { code: kind, retryable } = requestError(code, topic)
  return new LogError(kind, `${topic}: ${words ?? described(code)}`, { retryable })
}

/** No connection was made, or none that may be used: nothing was sent. */
export function connectFailed(err: unknown): LogError {
  if (err instanceof LogError) return err
  const message = err instanceof Error ? err.message : String(err)
  if (err instanceof Error && err.name === 'KafkaJSSASLAuthenticationError')
    return new LogError('not-authorized', message, { cause: err })
  return new LogError('unavailable', message, { retryable: true, cause: err })
}

/** The request went out, and then something else than an answer came. */
export function noAnswer(err: unknown, where: string): LogError {
  if (err instanceof LogError) return err
  const message = `${where}: ${err instanceof Error ? err.message : String(err)}`
  return new LogError('no-answer', message, { outcome: 'unknown', retryable: true, cause: err })
}

function described(code: number): string {
  const { type, message } = protocolError(code)
  return `${message} (${type} ${code})`
}
