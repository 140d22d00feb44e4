/** `horolog jobs get`: all that is known of one job. */
import type { Command } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { addLogOption, addOutputOption, type LogOption, type OutputOption } from './options.ts'
import { write, writeJson } from './output.ts'

const EXAMPLE = `
Example:
  horolog jobs get report -o json`

export function addJobsGet(jobs: Command): void {
  const command = jobs
    .command('get')
    .description('all that is known of one job; also while another process owns the log')
    .argument('<id>')
    .addHelpText('after', EXAMPLE)
    .action((id: string, options: LogOption & OutputOption) => jobsGet(id, options))
  addOutputOption(addLogOption(command))
}

async function jobsGet(id: string, options: LogOption & OutputOption): Promise<void> {
  const { currentStates } = await import('./read-log.ts')
  const { jobJson, jobMembers } = await import('./job-view.ts')
  const { jobInfo } = await import('../client/job-info.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { name, states } = await currentStates(options)
  const state = states.find((one) => one.job(id) !== undefined)
  const job = state?.job(id)
  if (state === undefined || job === undefined)
    throw new CliError(EXIT.notFound, `no job ${JSON.stringify(id)} in ${name}`)
  const info = jobInfo(job, state)
  if (options.output !== 'table') return writeJson(jobJson(info), options.output)
  await write(`${jobMembers(info, createSystemClock().now()).join('\n')}\n`)
}
