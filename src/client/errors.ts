/** What callers catch. */
import type { RejectionCode } from '../core/rejections.ts'

/** The command was refused, and the log says so. */
export class RejectedError extends Error {
  override readonly name: string = 'RejectedError'
  readonly code: RejectionCode
  /** The member at fault, like `job.retry.maxAttempts`; null when it is the command as a whole. */
  readonly path: string | null
  readonly commandId: string

  constructor(rejection: { code: RejectionCode; reason: string; path: string | null }, commandId: string) {
    super(rejection.reason)
    this.code = rejection.code
    this.path = rejection.path
    this.commandId = commandId
  }
}

/** A run that ended otherwise than `succeeded`. */
export class RunError extends Error {
  override readonly name: string = 'RunError'
  readonly runId: string
  readonly outcome: string

  constructor(runId: string, outcome: string, message: string) {
    super(message)
    this.runId = runId
    this.outcome = outcome
  }
}
