/** `horolog schedule pause`: no job fires until the schedule is resumed. */
import type { Command } from 'commander'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  addPauseOptions,
  type CommandOption,
  type LogOption,
  type OutputOption,
  type PauseOption,
} from './options.ts'
import { writeJson, writeLine } from './output.ts'

interface PauseFlags extends LogOption, OutputOption, CommandOption, PauseOption {}

const EXAMPLE = `
Example:
  horolog schedule pause --reason maintenance --until 30m`

export function addSchedulePause(schedule: Command): void {
  const command = schedule
    .command('pause')
    .description('no job fires until it is resumed; what comes due is judged then, by grace and coalescing')
  addPauseOptions(command)
    .addHelpText('after', EXAMPLE)
    .action((options: PauseFlags) => schedulePause(options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function schedulePause(options: PauseFlags): Promise<void> {
  const { changing, pauseOptions } = await import('./change-log.ts')
  const asked = await pauseOptions(options)
  await changing({ ...options, create: false }, (client) => client.pause(asked))
  const { reason = null } = asked
  const until = asked.until === undefined ? null : new Date(asked.until as number)
  if (options.output !== 'table') return writeJson({ paused: { reason, until } }, options.output)
  const end = until === null ? '' : ` until ${until.toISOString()}`
  await writeLine(`the schedule is paused${end}${reason === null ? '' : `: ${reason}`}`)
}
