/**
 * What Kafka's errors mean for the port.
 *
 * Invariant: an append is `refused` only for what surely left nothing in the log; everything else is `unknown`.
 */
import { LogError, type LogErrorCode } from '../../ports/event-log.ts'
import { protocolError } from './kjs.ts'

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

export function isStaleLeader(code: number): boolean {
  return STALE_LEADER.has(code)
}

export function produceError(code: number, where: string): LogError {
  const text = `${where}: ${described(code)}`
  const refusal = REFUSALS.get(code)
  if (refusal === undefined) return new LogError('no-answer', text, { outcome: 'unknown', retryable: true })
  return new LogError(refusal, text, { retryable: refusal === 'unavailable' })
}

/** Of a request that changes nothing. */
export function requestError(code: number, where: string): LogError {
  const text = `${where}: ${described(code)}`
  if (code === OFFSET_OUT_OF_RANGE) return new LogError('offset-out-of-range', text)
  if (NOT_AUTHORIZED.has(code)) return new LogError('not-authorized', text)
  if (NOT_TAKEN.has(code)) return new LogError('invalid-record', text)
  return new LogError('unavailable', text, { retryable: true })
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
