/** Errors as the command line tells them: one line, and an exit code. */
import { RejectedError } from '../client/errors.ts'
import { OptionError } from '../config/option-error.ts'
import { TriggerError } from '../core/triggers/trigger-error.ts'
import { LogError } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import { CliError, EXIT, type ExitCode } from './cli-error.ts'
import { withFlagNames } from './flag-names.ts'

export interface ToldError {
  readonly line: string
  readonly exitCode: ExitCode
}

/** `words`: the command line, whose flags the line names. */
export function toldError(error: unknown, words: readonly string[]): ToldError {
  return { line: oneLine(messageOf(error, words)), exitCode: exitCodeOf(error) }
}

function messageOf(error: unknown, words: readonly string[]): string {
  if (error instanceof LogError && error.code === 'owned') {
    return `${error.message}: change its jobs there, or stop it first. Meanwhile ${READERS} can read`
  }
  if (error instanceof RejectedError) return `rejected (${error.code}): ${withFlagNames(error.message, words)}`
  if (isExpected(error)) return withFlagNames(error.message, words)
  if (!(error instanceof Error)) return `unexpected error: ${String(error)}`
  const place = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '))
  return `unexpected error: ${error.name}: ${error.message}${place === undefined ? '' : ` (${place.trim()})`}`
}

const READERS = "'ls' and 'get' of jobs and runs, 'jobs export', 'explain', 'events' and 'verify'"

function isExpected(error: unknown): error is Error {
  const kinds = [CliError, OptionError, TriggerError, LogError, OperationalError]
  return kinds.some((kind) => error instanceof kind)
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode
  if (error instanceof OptionError || error instanceof TriggerError) return EXIT.usage
  if (error instanceof RejectedError) {
    return error.code === 'job-not-found' || error.code === 'run-not-found' ? EXIT.notFound : EXIT.conflict
  }
  if (error instanceof LogError) return exitCodeOfLog(error)
  if (error instanceof OperationalError) return exitCodeOfOperation(error)
  return EXIT.failed
}

function exitCodeOfLog(error: LogError): ExitCode {
  switch (error.code) {
    case 'owned':
    case 'unavailable':
    case 'no-answer':
      return EXIT.unreachable
    default:
      return EXIT.failed
  }
}

function exitCodeOfOperation(error: OperationalError): ExitCode {
  switch (error.code) {
    case 'invalid-option':
      return EXIT.usage
    case 'not-owner':
      return EXIT.unreachable
    default:
      return EXIT.failed
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
