/** `horolog jobs pause`: nothing of a job, or of all jobs with some labels, starts until they are resumed. */
import type { Command } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { labelText } from '../client/label-text.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  addPauseOptions,
  type CommandOption,
  labels,
  type LogOption,
  type OutputOption,
  type PauseOption,
} from './options.ts'
import { writeJson, writeLine } from './output.ts'

interface PauseFlags extends LogOption, OutputOption, CommandOption, PauseOption {
  readonly label?: Readonly<Record<string, string>>
}

const EXAMPLES = `
Examples:
  horolog jobs pause report --reason 'quarter end' --until 2h
  horolog jobs pause --label team=a --until 2027-01-08T09:00:00Z`

export function addJobsPause(jobs: Command): void {
  const command = jobs
    .command('pause')
    .description('no fire and no retry starts until it is resumed; times that come due are skipped, and counted')
    .argument('[id]')
    .option('--label <key=value>', 'instead of one: all jobs with it, later ones too; may be repeated', labels)
  addPauseOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((id: string | undefined, options: PauseFlags) => jobsPause(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsPause(id: string | undefined, options: PauseFlags): Promise<void> {
  const { changing, pauseOptions } = await import('./change-log.ts')
  const { jobJson } = await import('./job-view.ts')
  const asked = await pauseOptions(options)
  const { label, output } = options
  const of = jobOrLabels(id, label)
  const info = await changing({ ...options, create: false }, async (client) => {
    if (of.id === null) await client.pauseJobs(of.labels, asked)
    else await client.pauseJob(of.id, asked)
    return of.id === null ? undefined : client.getJob(of.id)
  })
  const { reason = null } = asked
  const until = asked.until === undefined ? null : new Date(asked.until as number)
  if (output !== 'table' && of.id === null) return writeJson({ labels: of.labels, paused: { reason, until } }, output)
  if (output !== 'table') return writeJson(info === undefined ? { id } : jobJson(info), output)
  const what = of.id ?? `jobs with ${labelText(of.labels)}`
  const end = until === null ? '' : ` until ${until.toISOString()}`
  await writeLine(`${what} paused${end}${reason === null ? '' : `: ${reason}`}`)
}

type JobOrLabels = { readonly id: string } | { readonly id: null; readonly labels: Readonly<Record<string, string>> }

export function jobOrLabels(id: string | undefined, label: Readonly<Record<string, string>> | undefined): JobOrLabels {
  if (id !== undefined && label === undefined) return { id }
  if (id === undefined && label !== undefined) return { id: null, labels: label }
  throw new CliError(EXIT.usage, `expected <id> or --label, got ${id === undefined ? 'neither' : 'both'}`)
}
