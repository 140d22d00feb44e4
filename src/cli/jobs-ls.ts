/** `horolog jobs ls`: the jobs, by their next fire time. */
import type { Command } from 'commander'
import { addLogOption, addOutputOption, type LogOption, type OutputOption } from './options.ts'
import { tell, write, writeJsonList } from './output.ts'

export function addJobsLs(jobs: Command): void {
  const command = jobs
    .command('ls')
    .alias('list')
    .description('the jobs, by their next fire time; also while another process owns the log')
    .action((options: LogOption & OutputOption) => jobsLs(options))
  addOutputOption(addLogOption(command))
}

async function jobsLs(options: LogOption & OutputOption): Promise<void> {
  const { foldedStates, reading } = await import('./read-log.ts')
  const { byNextFire, jobJson, jobTable } = await import('./job-view.ts')
  const { jobInfo } = await import('../client/job-info.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { folder, states } = await reading(options.log, async ({ folder, log }) => ({
    folder,
    states: await foldedStates(log),
  }))
  const jobs = byNextFire(states.flatMap((state) => [...state.jobs()])).map((job) => jobInfo(job))
  if (options.output !== 'table') return writeJsonList(jobs.map(jobJson), options.output)
  if (jobs.length === 0) return tell(`No jobs in ${folder}. 'horolog jobs add' adds one.`)
  if (states.some((state) => state.schedulePaused !== null)) tell('The whole schedule is paused: no job fires.')
  await write(`${jobTable(jobs, createSystemClock().now()).join('\n')}\n`)
}
