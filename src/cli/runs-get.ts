/** `horolog runs get`: all that is known of one run. */
import type { Command } from 'commander'
import type { RunDetails } from '../client/run-info.ts'
import { CliError, EXIT } from './cli-error.ts'
import { addLogOption, addOutputOption, type LogOption, type OutputOption } from './options.ts'
import { write, writeJson } from './output.ts'
import type { ReadableLog } from './read-log.ts'
import { jobIdOfRun } from './run-id-text.ts'

const EXAMPLE = `
Example:
  horolog runs get report/1-1-0/20270101T090000.000Z -o json`

export function addRunsGet(runs: Command): void {
  const command = runs
    .command('get')
    .description('all that is known of one run; also while another process owns the log')
    .argument('<run>', "its id, as 'runs ls' shows it")
    .addHelpText('after', EXAMPLE)
    .action((run: string, options: LogOption & OutputOption) => runsGet(run, options))
  addOutputOption(addLogOption(command))
}

async function runsGet(runId: string, options: LogOption & OutputOption): Promise<void> {
  const { reading } = await import('./read-log.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { runJson, runMembers } = await import('./run-view.ts')
  const run = await reading(options, (readable) => runIn(readable, runId))
  if (options.output !== 'table') return writeJson(runJson(run), options.output)
  await write(`${runMembers(run, createSystemClock().now()).join('\n')}\n`)
}

async function runIn(readable: ReadableLog, runId: string): Promise<RunDetails> {
  const { finishedRunDetails, openRunDetails } = await import('../client/run-info.ts')
  const { partitionOf } = await import('../core/partition.ts')
  const { LogFold } = await import('./log-fold.ts')
  let found: RunDetails | undefined
  const fold = new LogFold(readable, {
    partition: partitionOf(jobIdOfRun(runId), readable.log.partitions),
    finished: (run) => {
      if (run.runId === runId) found = finishedRunDetails(run)
    },
  })
  await fold.toEnd()
  for (const state of fold.states) {
    const open = state.run(runId)
    if (open !== undefined) found = openRunDetails(open)
  }
  if (found === undefined) throw new CliError(EXIT.notFound, `no run ${JSON.stringify(runId)} in ${readable.name}`)
  return found
}
