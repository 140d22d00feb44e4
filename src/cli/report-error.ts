/** Errors as the command line tells them: one line, and an exit code. */
import { KafkaOptionError } from '../adapters/kafka/kafka-options.ts'
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
  const kinds = [CliError, OptionError, KafkaOptionError, TriggerError, LogError, OperationalError]
  return kinds.some((kind) => error instanceof kind)
}

const USAGE = [OptionError, KafkaOptionError, TriggerError]

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode
  if (USAGE.some((kind) => error instanceof kind)) return EXIT.usage
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
    case 'wrong-log':
      return EXIT.conflict
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
    case 'unknown-outcome':
      return error.retryable ? EXIT.unreachable : EXIT.failed
    default:
      return error.cause instanceof LogError ? exitCodeOfLog(error.cause) : EXIT.failed
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
