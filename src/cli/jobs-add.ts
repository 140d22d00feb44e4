/** `horolog jobs add`: adds a job, or changes the one of that id. */
import { type Command, Option } from 'commander'
import type { JobClient } from '../client/job-client.ts'
import { addJobFlags, type JobFlags, jobOfFlags } from './job-flags.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { writeJson, writeLine } from './output.ts'

interface AddOptions extends JobFlags, LogOption, OutputOption, CommandOption {
  readonly task: string
  readonly ifExists?: 'replace' | 'keep' | 'reject'
  readonly paused?: boolean
}

const EXAMPLES = `
Examples:
  horolog jobs add report --task echo --cron '0 9 * * 1-5' --zone Europe/Paris
  horolog jobs add poll --task echo --payload '{"page":1}' --every 90s --max-attempts 3
  horolog jobs add once --task echo --in 10m`

export function addJobsAdd(jobs: Command): void {
  const command = jobs
    .command('add')
    .description('add a job, or change the one of that id; without a time it runs once, at once')
    .argument('<id>', '1 to 200 characters of A-Z a-z 0-9 . _ : @ -')
    .requiredOption('--task <name>', 'the task that runs')
  addJobFlags(command)
    .addOption(
      new Option('--if-exists <what>', 'when a job of that id exists (default: replace)').choices([
        'replace',
        'keep',
        'reject',
      ]),
    )
    .option('--paused', 'add it paused')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: AddOptions) => jobsAdd(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsAdd(id: string, options: AddOptions): Promise<void> {
  const { jobInput } = await import('../client/job-options.ts')
  const { changing, commandOptions, tellWhenItRuns } = await import('./change-log.ts')
  const { jobJson, whenText } = await import('./job-view.ts')
  const { task, ifExists, paused } = options
  const job = {
    ...(await jobOfFlags(id, options)),
    ...commandOptions(options),
    id,
    task,
    ...(ifExists === undefined ? {} : { ifExists }),
    ...(paused === undefined ? {} : { paused }),
  }
  // What can't be read is refused before the log is touched.
  jobInput(job)
  const { what, info } = await changing({ ...options, create: true }, async (client) => {
    const said = listen(client, id)
    await client.addJob(job)
    return { what: said.what, info: client.getJob(id) }
  })
  if (options.output !== 'table') return writeJson(info === undefined ? { id } : jobJson(info), options.output)
  const next = info?.nextFireTime ?? null
  await writeLine(
    `${id} ${what}${info === undefined ? '' : `: ${whenText(info)}`}${next === null ? '' : `; next ${next.toISOString()}`}`,
  )
  await tellWhenItRuns(options, "It fires while 'horolog dev' or the application runs.")
}

/** What became of the command, by its events. */
function listen(client: JobClient, id: string): { readonly what: string } {
  const said = { what: 'is unchanged' }
  const say = (what: string) => (event: { readonly jobId: string }) => {
    if (event.jobId === id) said.what = what
  }
  client.on('JobAdded', say('added')).on('JobModified', say('changed'))
  return said
}
