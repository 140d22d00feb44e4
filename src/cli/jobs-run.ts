/** `horolog jobs run`: one run now, beside the schedule. It is queued; whoever owns the log next executes it. */
import type { Command } from 'commander'
import { payloadOf } from './job-flags.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { writeJson, writeLine } from './output.ts'

const EXAMPLES = `
Examples:
  horolog jobs run report
  horolog jobs run report --payload '{"page":2}'`

interface RunOptions extends LogOption, OutputOption, CommandOption {
  readonly payload?: string
}

export function addJobsRun(jobs: Command): void {
  const command = jobs
    .command('run')
    .description('queue one run of the job now, beside its schedule')
    .argument('<id>')
    .option('--payload <json>', "instead of the job's: JSON, or @<file> with JSON")
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: RunOptions) => jobsRun(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsRun(id: string, options: RunOptions): Promise<void> {
  const { changing, commandOptions, tellWhenItRuns } = await import('./change-log.ts')
  const payload = options.payload === undefined ? {} : { payload: await payloadOf(options.payload) }
  const { runId } = await changing({ ...options, create: false }, (client) =>
    client.runJob(id, { ...commandOptions(options), ...payload }),
  )
  if (options.output === 'table') await writeLine(`${id} queued: ${runId}`)
  else await writeJson({ jobId: id, runId, status: 'queued' }, options.output)
  await tellWhenItRuns(options)
}
