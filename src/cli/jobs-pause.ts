/** `horolog jobs pause`: nothing of the job starts until it is resumed. */
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

interface PauseOptions extends LogOption, OutputOption, CommandOption {
  readonly reason?: string
}

export function addJobsPause(jobs: Command): void {
  const command = jobs
    .command('pause')
    .description('no fire and no retry of the job starts until it is resumed')
    .argument('<id>')
    .option('--reason <text>', 'kept in the events')
    .action((id: string, options: PauseOptions) => jobsPause(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsPause(id: string, options: PauseOptions): Promise<void> {
  const { commandOptions, owning } = await import('./own-log.ts')
  const { jobJson } = await import('./job-view.ts')
  const { reason } = options
  const info = await owning({ ...options, create: false }, async (scheduler) => {
    await scheduler.pauseJob(id, { ...commandOptions(options), ...(reason === undefined ? {} : { reason }) })
    return scheduler.getJob(id)
  })
  if (options.output !== 'table') return writeJson(info === undefined ? { id } : jobJson(info), options.output)
  await writeLine(`${id} paused${reason === undefined ? '' : `: ${reason}`}`)
}
