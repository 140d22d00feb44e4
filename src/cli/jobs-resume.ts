/** `horolog jobs resume`: jobs go on; times that came due during the pause are skipped and counted. */
import type { Command } from 'commander'
import { jobOrLabels } from './jobs-pause.ts'
import { labelText } from '../client/label-text.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  labels,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { writeJson, writeLine } from './output.ts'

interface ResumeOptions extends LogOption, OutputOption, CommandOption {
  readonly label?: Readonly<Record<string, string>>
}

const EXAMPLES = `
Examples:
  horolog jobs resume report
  horolog jobs resume --label team=a`

export function addJobsResume(jobs: Command): void {
  const command = jobs
    .command('resume')
    .description('let a paused job go on; times that came due during the pause are skipped and counted')
    .argument('[id]')
    .option('--label <key=value>', 'ends the pause of exactly these labels; may be repeated', labels)
    .addHelpText('after', EXAMPLES)
    .action((id: string | undefined, options: ResumeOptions) => jobsResume(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsResume(id: string | undefined, options: ResumeOptions): Promise<void> {
  const { commandOptions, changing } = await import('./change-log.ts')
  const of = jobOrLabels(id, options.label)
  if (of.id === null) return resumeLabels(of.labels, options)
  const { jobJson } = await import('./job-view.ts')
  const jobId = of.id
  const { info, skipped } = await changing({ ...options, create: false }, async (client) => {
    let skipped = 0
    client.on('JobResumed', (event) => {
      if (event.jobId === jobId) skipped = event.skipped?.count ?? 0
    })
    await client.resumeJob(jobId, commandOptions(options))
    return { info: client.getJob(jobId), skipped }
  })
  if (options.output !== 'table')
    return writeJson(info === undefined ? { id, finished: true } : jobJson(info), options.output)
  const next = info?.nextFireTime?.toISOString()
  const then = next === undefined ? 'it has no time left' : `next ${next}`
  await writeLine(`${jobId} resumed: ${then}${skipped === 0 ? '' : `; ${skipped} skipped during the pause`}`)
}

async function resumeLabels(labels: Readonly<Record<string, string>>, options: ResumeOptions): Promise<void> {
  const { commandOptions, changing } = await import('./change-log.ts')
  const resumed = await changing({ ...options, create: false }, async (client) => {
    let resumed = false
    client.on('JobsResumed', () => (resumed = true))
    await client.resumeJobs(labels, commandOptions(options))
    return resumed
  })
  if (options.output !== 'table') return writeJson({ labels, resumed }, options.output)
  const jobs = `jobs with ${labelText(labels)}`
  await writeLine(resumed ? `${jobs} resumed` : `${jobs} had no pause of exactly these labels`)
}
