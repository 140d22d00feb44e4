/** `horolog schedule resume`: the schedule goes on. */
import type { Command } from 'commander'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { writeJson, writeLine } from './output.ts'

type ResumeFlags = LogOption & OutputOption & CommandOption

const EXAMPLE = `
Example:
  horolog schedule resume`

export function addScheduleResume(schedule: Command): void {
  const command = schedule
    .command('resume')
    .description('let the schedule go on; jobs and labels that are paused by themselves stay so')
    .addHelpText('after', EXAMPLE)
    .action((options: ResumeFlags) => scheduleResume(options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function scheduleResume(options: ResumeFlags): Promise<void> {
  const { commandOptions, changing } = await import('./change-log.ts')
  const resumed = await changing({ ...options, create: false }, async (client) => {
    let resumed = false
    client.on('ScheduleResumed', () => (resumed = true))
    await client.resume(commandOptions(options))
    return resumed
  })
  if (options.output !== 'table') return writeJson({ paused: null, resumed }, options.output)
  await writeLine(resumed ? 'the schedule goes on' : 'the schedule was not paused')
}
