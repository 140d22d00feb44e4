/** `horolog jobs modify`: changes the options that are given; the others stay, and so does the phase of the trigger. */
import type { Command } from 'commander'
import type { JobChanges } from '../client/job-client.ts'
import { CliError, EXIT } from './cli-error.ts'
import { addJobFlags, type JobFlags, jobOfFlags } from './job-flags.ts'
import {
  addChangeOptions,
  addLogOption,
  addOutputOption,
  type ChangeOption,
  commaList,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { printChanged } from './print-job.ts'

interface ModifyFlags extends JobFlags, LogOption, OutputOption, ChangeOption {
  readonly reset?: readonly string[]
}

/** Flags whose option has a default to go back to, by the name of the option. */
const RESETTABLE: ReadonlyMap<string, keyof JobChanges> = new Map([
  ['payload', 'payload'],
  ['misfire-grace', 'misfireGrace'],
  ['coalesce', 'coalesce'],
  ['max-catch-up', 'maxCatchUp'],
  ['max-instances', 'maxInstances'],
  ['overlap', 'overlap'],
  ['queue-limit', 'queueLimit'],
  ['retry', 'retry'],
  ['timeout', 'timeout'],
  ['heartbeat-timeout', 'heartbeatTimeout'],
  ['delivery', 'delivery'],
  ['executor', 'executor'],
  ['label', 'labels'],
  ['metadata', 'metadata'],
  ['name', 'name'],
  ['description', 'description'],
  ['keep-runs', 'keepRuns'],
])

const EXAMPLES = `
The defaults above are those of a job that is added: here what no flag gives stays as it is. --label replaces all labels.

Examples:
  horolog jobs modify report --timeout 90s --max-attempts 3
  horolog jobs modify report --cron '0 10 * * 1-5' --zone Europe/Paris
  horolog jobs modify report --reset timeout,retry`

export function addJobsModify(jobs: Command): void {
  const command = jobs
    .command('modify')
    .description('change options of a job; a trigger that stays keeps its phase')
    .argument('<id>')
    .option('--task <name>', 'the task that runs')
  addJobFlags(command)
    .option('--reset <names>', `back to the default: a comma list of ${[...RESETTABLE.keys()].join(', ')}`, commaList)
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: ModifyFlags) => jobsModify(id, options))
  addChangeOptions(addOutputOption(addLogOption(command)))
}

async function jobsModify(id: string, options: ModifyFlags): Promise<void> {
  const { jobChanges } = await import('../client/job-options.ts')
  const { changeOptions, changing } = await import('./change-log.ts')
  const changes: JobChanges = { ...(await jobOfFlags(id, options)), ...resets(options.reset ?? []) }
  if (Object.keys(changes).length === 0)
    throw new CliError(EXIT.usage, "expected a change: a flag of 'horolog jobs modify --help'")
  // What can't be read is refused before the log is touched.
  jobChanges(changes)
  const changed = await changing({ ...options, create: false }, async (client) => {
    let what = 'is unchanged'
    client.on('JobModified', ({ jobId }) => {
      if (jobId === id) what = 'changed'
    })
    await client.modifyJob(id, changes, changeOptions(options))
    return { what, info: client.getJob(id) }
  })
  await printChanged(id, changed, options.output)
}

function resets(names: readonly string[]): JobChanges {
  const members = names.map((name) => {
    const member = RESETTABLE.get(name)
    if (member !== undefined) return [member, null] as const
    const known = [...RESETTABLE.keys()].join(', ')
    throw new CliError(EXIT.usage, `--reset: expected names of ${known}; got ${JSON.stringify(name)}`)
  })
  return Object.fromEntries(members)
}
