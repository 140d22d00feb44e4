/** A logger on stderr: silent below `warn`. */
import { inspect } from 'node:util'
import type { Logger } from '../../ports/telemetry.ts'

export function createConsoleLogger(): Logger {
  return {
    debug() {},
    info() {},
    warn: (details, message) => print('warn', details, message),
    error: (details, message) => print('error', details, message),
  }
}

function print(level: string, details: object, message: string): void {
  const shown = Object.entries(details).map(([key, value]) => `${key}=${text(value)}`)
  process.stderr.write(`horolog ${level}: ${[message, ...shown].join(' ')}\n`)
}

function text(value: unknown): string {
  if (value instanceof Error) return value.message
  return typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Infinity })
}
