import { readFileSync } from 'node:fs'

const LINES = 30

/** The last lines of a log file, for a message about a failure. Empty when there is no such file. */
export function tailOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LINES).join('\n')
  } catch {
    return ''
  }
}
