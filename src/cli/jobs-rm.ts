/** `horolog jobs rm`: removes a job. */
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

type RemoveOptions = LogOption & OutputOption & CommandOption

const EXAMPLE = `
Example:
  horolog jobs rm report`

export function addJobsRm(jobs: Command): void {
  const command = jobs
    .command('rm')
    .alias('remove')
    .description('remove a job; a run that is under way may finish')
    .argument('<id>')
    .addHelpText('after', EXAMPLE)
    .action((id: string, options: RemoveOptions) => jobsRm(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsRm(id: string, options: RemoveOptions): Promise<void> {
  const { commandOptions, changing } = await import('./change-log.ts')
  await changing({ ...options, create: false }, (client) => client.removeJob(id, commandOptions(options)))
  if (options.output !== 'table') return writeJson({ id, removed: true }, options.output)
  await writeLine(`${id} removed`)
}
