/** `horolog jobs resume`: the job goes on; times that came due during the pause are skipped and counted. */
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

type ResumeOptions = LogOption & OutputOption & CommandOption

export function addJobsResume(jobs: Command): void {
  const command = jobs
    .command('resume')
    .description('let a paused job go on; times that came due during the pause are skipped and counted')
    .argument('<id>')
    .action((id: string, options: ResumeOptions) => jobsResume(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsResume(id: string, options: ResumeOptions): Promise<void> {
  const { commandOptions, owning } = await import('./own-log.ts')
  const { jobJson } = await import('./job-view.ts')
  const { info, skipped } = await owning({ ...options, create: false }, async (scheduler) => {
    let skipped = 0
    scheduler.on('JobResumed', (event) => (skipped = event.skipped?.count ?? 0))
    await scheduler.resumeJob(id, commandOptions(options))
    return { info: scheduler.getJob(id), skipped }
  })
  if (options.output !== 'table')
    return writeJson(info === undefined ? { id, finished: true } : jobJson(info), options.output)
  const next = info?.nextFireTime?.toISOString()
  const then = next === undefined ? 'it has no time left' : `next ${next}`
  await writeLine(`${id} resumed: ${then}${skipped === 0 ? '' : `; ${skipped} skipped during the pause`}`)
}
