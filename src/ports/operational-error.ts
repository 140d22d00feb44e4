/** Failures of operation: not a rejected command, not a bug of ours. */
export type OperationalCode =
  /** This process doesn't own the partition of that job. */
  | 'not-owner'
  /** The scheduler is shut down, or was never opened. */
  | 'closed'
  /** It can't be known whether the log has the answer; ask again with the same command id. */
  | 'unknown-outcome'
  /** The log failed. The cause says how. */
  | 'log-failed'
  /** This process had to stop deciding for that job's partition; the cause says why. Nothing was applied. */
  | 'stopped'
  /** The log is not what its own chain says, or was written by a later version. */
  | 'log-broken'
  /** The clock of this process is too far from the log's for deciding what is due. */
  | 'wrong-clock'
  /** An option of the process is wrong. */
  | 'invalid-option'
  /** It was asked for something that this kind of log doesn't have. */
  | 'unsupported'

export class OperationalError extends Error {
  override readonly name: string = 'OperationalError'
  readonly code: OperationalCode
  readonly retryable: boolean

  constructor(code: OperationalCode, message: string, details: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? false
  }
}
