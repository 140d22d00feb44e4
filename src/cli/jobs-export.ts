/** `horolog jobs export`: the jobs with their phase, as JSON that `jobs import` reads. */
import type { Command } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { countText } from '../client/count-text.ts'
import { addLogOption, type LogOption } from './options.ts'
import { tell, writeJson } from './output.ts'

const EXAMPLES = `
Examples:
  horolog jobs export > jobs.json
  horolog jobs export report poll --log file:./data`

export function addJobsExport(jobs: Command): void {
  const command = jobs
    .command('export')
    .description('write jobs and their phase as JSON to stdout; also while another process owns the log')
    .argument('[ids...]', 'only these (default: all)')
    .addHelpText('after', EXAMPLES)
    .action((ids: string[], options: LogOption) => jobsExport(ids, options))
  addLogOption(command)
}

async function jobsExport(ids: readonly string[], options: LogOption): Promise<void> {
  const { jobFile } = await import('../client/job-file.ts')
  const { currentStates } = await import('./read-log.ts')
  const { name, states } = await currentStates(options)
  const all = states.flatMap((state) => [...state.jobs()])
  const absent = ids.find((id) => all.every(({ jobId }) => jobId !== id))
  if (absent !== undefined) throw new CliError(EXIT.notFound, `no job ${JSON.stringify(absent)} in ${name}`)
  const chosen = ids.length === 0 ? all : all.filter(({ jobId }) => ids.includes(jobId))
  const file = jobFile(chosen.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1)))
  await writeJson(file, 'json')
  const left = chosen.length - file.jobs.length
  const without = left === 0 ? '' : `; ${countText(left, 'job')} left out: no time is to come`
  tell(`${countText(file.jobs.length, 'job')} of ${name}${without}`)
}
