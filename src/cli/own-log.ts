/** Changing a log: opens its folder as owner, applies commands, and gives it back. Nothing fires meanwhile. */
import { userInfo } from 'node:os'
import type { CommandOptions } from '../client/commands.ts'
import type { JobClient, ModifyOptions, PauseOptions } from '../client/job-client.ts'
import { Scheduler } from '../scheduler.ts'
import { logFolder, mustHaveLog } from './log-folder.ts'
import type { ChangeOption, CommandOption, LogOption, PauseOption } from './options.ts'

/** Of a log that this process owns, and leaves without having executed anything. */
export const NOBODY_EXECUTES =
  "No process executes runs of this log: it will run when 'horolog dev' or the application starts."

/** Rejects with `LogError` `owned` while another process has the folder. With `create`, a log is made where none is. */
export async function owning<T>(
  options: LogOption & { readonly create: boolean },
  act: (client: JobClient) => Promise<T>,
): Promise<T> {
  const folder = logFolder(options.log)
  if (!options.create) mustHaveLog(folder)
  const scheduler = await Scheduler.open({ log: `file:${folder}` })
  try {
    return await act(scheduler)
  } finally {
    await scheduler.shutdown({ wait: false })
  }
}

export function commandOptions(options: CommandOption): CommandOptions {
  const { commandId } = options
  const actor = options.actor ?? userName()
  return { ...(commandId === undefined ? {} : { commandId }), ...(actor === undefined ? {} : { actor }) }
}

export function changeOptions(options: ChangeOption): ModifyOptions {
  const { ifVersion } = options
  return { ...commandOptions(options), ...(ifVersion === undefined ? {} : { version: ifVersion }) }
}

/** Throws `TriggerError` for an end that can't be read. */
export async function pauseOptions(options: CommandOption & PauseOption): Promise<PauseOptions> {
  const { reason, until } = options
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { futureInstantMs } = await import('./trigger-text.ts')
  const end = until === undefined ? {} : { until: futureInstantMs(until, createSystemClock().now(), '--until') }
  return { ...commandOptions(options), ...(reason === undefined ? {} : { reason }), ...end }
}

/** undefined where the system has no name for the user, as in some containers. */
function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}
