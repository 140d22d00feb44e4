/** The folder of a log: from an option, and whether a log is there. Nothing is made or written here. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { META_NAME } from '../adapters/embedded/meta.ts'
import { parseLogAddress } from '../config/scheduler-options.ts'
import { CliError, EXIT } from './cli-error.ts'

/** Absolute path. Throws `OptionError`, and `CliError` for a log that no other process can have. */
export function logFolder(given: string | undefined): string {
  const address = parseLogAddress(given)
  if (address.kind === 'file') return resolve(address.folder)
  throw new CliError(EXIT.usage, "log: expected 'file:<folder>', got 'memory:': a log in memory ends with its process")
}

/** Throws `CliError` not-found when there is no log in the folder. */
export function mustHaveLog(folder: string): void {
  if (existsSync(join(folder, META_NAME))) return
  const what = existsSync(folder) ? `no Horolog log is in ${folder}` : `no log: the folder ${folder} does not exist`
  throw new CliError(
    EXIT.notFound,
    `${what}. Name another with --log file:<folder>, or make one with 'horolog dev' or 'horolog jobs add'`,
  )
}
