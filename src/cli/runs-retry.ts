/** `horolog runs retry`: does a run that ended without success again, as a run of its own. */
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

type RetryFlags = LogOption & OutputOption & CommandOption

const EXAMPLES = `
It has to be one of the runs that are kept for its job, by default the last 10.

Examples:
  horolog runs ls report --status failed
  horolog runs retry report/1-1-0/20270101T090000.000Z`

export function addRunsRetry(runs: Command): void {
  const command = runs
    .command('retry')
    .description('do a run that did not succeed again, as a run of its own')
    .argument('<run>', "its id, as 'runs ls' shows it")
    .addHelpText('after', EXAMPLES)
    .action((run: string, options: RetryFlags) => runsRetry(run, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function runsRetry(run: string, options: RetryFlags): Promise<void> {
  const { changing, commandOptions, tellWhenItRuns } = await import('./change-log.ts')
  const { runId } = await changing({ ...options, create: false }, (client) =>
    client.retryRun(run, commandOptions(options)),
  )
  if (options.output === 'table') await writeLine(`${run} queued again: ${runId}`)
  else await writeJson({ runId, retryOf: run, status: 'queued' }, options.output)
  await tellWhenItRuns(options)
}
