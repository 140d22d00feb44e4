/** What a verb throws when it can't do what it was asked: one line for people, and the exit code. */

/** Exit codes of every verb. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  /** A command that was rejected, as by another version of a job than was expected. */
  conflict: 4,
  /** Nobody can be asked: another process owns the log, or it does not answer. */
  unreachable: 5,
  /** What was verified does not hold. */
  unverified: 6,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export class CliError extends Error {
  override readonly name: string = 'CliError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}
