/** Changing a log: opens its folder as owner, applies commands, and gives it back. Nothing fires meanwhile. */
import { userInfo } from 'node:os'
import type { CommandOptions } from '../client/commands.ts'
import { Scheduler } from '../scheduler.ts'
import { logFolder, mustHaveLog } from './log-folder.ts'
import type { CommandOption, LogOption } from './options.ts'

/** Rejects with `LogError` `owned` while another process has the folder. With `create`, a log is made where none is. */
export async function owning<T>(
  options: LogOption & { readonly create: boolean },
  act: (scheduler: Scheduler) => Promise<T>,
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

/** undefined where the system has no name for the user, as in some containers. */
function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}
