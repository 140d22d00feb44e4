/** What callers are told when their batch did not get into the log. */
import { LogError } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Settled } from './settle.ts'

export type Unsettled = Exclude<Settled, { readonly kind: 'accepted' }>

/** The log is not usable any more in this process. */
const FATAL: ReadonlySet<string> = new Set(['disk-failed', 'closed', 'corrupt'])

export function isFatal(settled: Unsettled): boolean {
  return 'error' in settled && settled.error !== null && isFatalError(settled.error)
}

/** What is damaged on one broker may be whole on the next. */
export function isFatalError(error: Error): boolean {
  const mayPass = error instanceof LogError && error.retryable
  return 'code' in error && FATAL.has(String(error.code)) && !mayPass
}

/** Only a refusal and a batch of an overtaken owner certainly don't count. */
export function callerError(settled: Unsettled, partition: number): OperationalError {
  const cause = 'error' in settled ? settled.error : null
  if (settled.kind === 'overtaken') return notOwner(partition)
  if (settled.kind === 'refused') {
    return new OperationalError('log-failed', `the log refused the batch: ${settled.error.message}`, { cause })
  }
  return new OperationalError('unknown-outcome', 'the log did not say whether it has the batch', {
    cause,
    retryable: true,
  })
}

export function notOwner(partition: number): OperationalError {
  return new OperationalError('not-owner', `partition ${partition} is not owned by this process`, { retryable: true })
}

/** Asking again is of no use in this process: its partition stopped, because of its log or a bug of ours. */
export function stopped(partition: number, cause: Error): OperationalError {
  const code = cause instanceof LogError ? 'log-failed' : 'stopped'
  return new OperationalError(code, `partition ${partition} stopped: ${cause.message}`, { cause })
}
