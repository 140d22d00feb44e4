/** A view that is shown again when its log grows: in place on a terminal, one after another elsewhere. */
import { CliError, EXIT } from './cli-error.ts'
import { LogFold, type LogFoldOptions } from './log-fold.ts'
import type { OutputOption } from './options.ts'
import { write } from './output.ts'
import type { ReadableLog } from './read-log.ts'

export interface WatchOption {
  readonly watch?: boolean
}

/** A busy log is not drawn more often than that. */
const LEAST_MS = 200
/** Times as `in 3 s` go on without news. */
const REDRAW_MS = 1_000
const CLEAR = '\u001B[H\u001B[2J\u001B[3J'

/** Throws `CliError` before anything is read. */
export function mustBeWatchable({ watch, output }: WatchOption & OutputOption): void {
  if (watch !== true || output === 'table') return
  throw new CliError(EXIT.usage, `--output: expected table with --watch, got ${output}: see 'horolog events --follow'`)
}

/** Shows once, or with `watch` until it is stopped. `show` gets the states up to the end of the log. */
export async function showLog(
  readable: ReadableLog,
  options: WatchOption & LogFoldOptions,
  show: (fold: LogFold) => Promise<void>,
): Promise<void> {
  const fold = new LogFold(readable, options)
  if (options.watch !== true) {
    await fold.toEnd()
    return show(fold)
  }
  const { followLog } = await import('./follow-log.ts')
  const following = followLog(readable.log)
  const isTerminal = process.stdout.isTTY
  do {
    await fold.toEnd()
    if (isTerminal) await write(CLEAR)
    await show(fold)
    if (isTerminal) await new Promise((resolve) => setTimeout(resolve, LEAST_MS))
  } while (await following.news(isTerminal ? REDRAW_MS : undefined))
}
