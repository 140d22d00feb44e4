/** Why a command was refused: a fact on the log, not an exception. The list is closed (protocol §3). */
export type RejectionCode =
  | 'malformed'
  | 'unsupported-type'
  | 'invalid-id'
  | 'invalid-trigger'
  | 'never-fires'
  | 'unknown-zone'
  | 'unknown-executor'
  | 'invalid-option'
  | 'payload-too-large'
  | 'job-exists'
  | 'job-not-found'
  | 'version-conflict'
  | 'run-not-found'
  | 'run-final'
  | 'limit-exceeded'
  | 'topic-not-allowed'
  | 'expired'

export interface Rejection {
  readonly code: RejectionCode
  /** What was expected and what came, for people. */
  readonly reason: string
  /** The member at fault, like `job.retry.maxAttempts`. */
  readonly path: string | null
}

export function reject(code: RejectionCode, reason: string, path: string | null = null): Rejection {
  return { code, reason, path }
}
