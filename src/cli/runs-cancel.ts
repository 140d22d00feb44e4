/** `horolog runs cancel`: ends a run that has not begun, and asks one that runs to stop. */
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

interface CancelFlags extends LogOption, OutputOption, CommandOption {
  readonly reason?: string
}

const EXAMPLE = `
Example:
  horolog runs cancel report/1-1-0/20270101T090000.000Z --reason 'wrong data'`

export function addRunsCancel(runs: Command): void {
  const command = runs
    .command('cancel')
    .description('end a run that has not begun; ask one that runs to stop')
    .argument('<run>', "its id, as 'runs ls' shows it")
    .option('--reason <text>', 'kept in the events (default: none)')
    .addHelpText('after', EXAMPLE)
    .action((run: string, options: CancelFlags) => runsCancel(run, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function runsCancel(runId: string, options: CancelFlags): Promise<void> {
  const { commandOptions, changing } = await import('./change-log.ts')
  const { reason } = options
  const cancelled = await changing({ ...options, create: false }, async (client) => {
    const ended = new Set<string>()
    client.on('RunCancelled', (event) => void ended.add(event.runId))
    await client.cancelRun(runId, { ...commandOptions(options), ...(reason === undefined ? {} : { reason }) })
    return ended.has(runId)
  })
  if (options.output !== 'table') return writeJson({ runId, cancelled }, options.output)
  await writeLine(`${runId} ${cancelled ? 'cancelled' : 'asked to stop'}`)
}
