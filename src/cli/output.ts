/**
 * Where verbs write: data to stdout, chatter to stderr.
 *
 * A reader that went away (`| head`) is no error: the verb ends quietly, or, when it runs jobs, as if it were told to
 * stop.
 */
import { styleText } from 'node:util'
import { EXIT } from './cli-error.ts'

export type OutputFormat = 'table' | 'json' | 'jsonl'

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['table', 'json', 'jsonl']

let closed = (): void => process.exit(EXIT.ok)

/** Once, before anything is written. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return closed()
    tell(`horolog: stdout can't be written: ${error.message}`)
    process.exit(EXIT.failed)
  })
  // Nobody is left to be told.
  process.stderr.on('error', () => undefined)
}

/** Instead of ending the process when the reader of stdout is gone. */
export function onOutputClosed(then: () => void): void {
  closed = then
}

/** Resolves when more may be written, so that a slow reader costs no memory. */
export function write(text: string): Promise<void> {
  if (process.stdout.destroyed || process.stdout.write(text)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      process.stdout.off('drain', done)
      process.stdout.off('close', done)
      resolve()
    }
    process.stdout.on('drain', done)
    process.stdout.on('close', done)
  })
}

export function writeLine(line: string): Promise<void> {
  return write(`${line}\n`)
}

/** For people, beside the data. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** One JSON value: indented with `json`, on one line with `jsonl`. */
export function writeJson(value: unknown, format: 'json' | 'jsonl'): Promise<void> {
  return writeLine(JSON.stringify(value, null, format === 'json' ? 2 : 0))
}

/** A list: one array with `json`, a line each with `jsonl`. */
export function writeJsonList(values: readonly unknown[], format: 'json' | 'jsonl'): Promise<void> {
  if (format === 'json') return writeJson(values, 'json')
  return write(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Plain where stdout is no terminal, and with NO_COLOR. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
