/** `horolog jobs backfill`: the runs of a past range, one after another; with --dry-run only which they would be. */
import type { Command } from 'commander'
import { countText } from '../client/count-text.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  type LogOption,
  type OutputOption,
} from './options.ts'
import { tell, writeJson, writeLine } from './output.ts'

interface BackfillFlags extends LogOption, OutputOption, CommandOption {
  readonly from: string
  readonly to?: string
  readonly dryRun?: boolean
}

const EXAMPLES = `
Examples:
  horolog jobs backfill report --from 2027-01-01T00:00:00Z --to 2027-01-08T00:00:00Z --dry-run
  horolog jobs backfill report --from 7d`

export function addJobsBackfill(jobs: Command): void {
  const command = jobs
    .command('backfill')
    .description('queue the runs of a past range, one after another; at most 500')
    .argument('<id>')
    .requiredOption('--from <instant>', 'first scheduled time: an RFC 3339 instant, or a duration before now as 7d')
    .option('--to <instant>', 'earlier than this: alike (default: now)')
    .option('--dry-run', 'only say which times it would run')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: BackfillFlags) => jobsBackfill(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsBackfill(id: string, options: BackfillFlags): Promise<void> {
  const { changing, commandOptions, tellWhenItRuns } = await import('./change-log.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { pastInstantMs } = await import('./trigger-text.ts')
  const now = createSystemClock().now()
  const from = pastInstantMs(options.from, now, '--from')
  const to = options.to === undefined ? now : pastInstantMs(options.to, now, '--to')
  const dryRun = options.dryRun === true
  const { count, times, runs } = await changing({ ...options, create: false }, (client) =>
    client.backfill(id, { ...commandOptions(options), from, to, dryRun }),
  )
  const runIds = runs.map(({ runId }) => runId)
  if (options.output !== 'table') return writeJson({ jobId: id, dryRun, count, times, runs: runIds }, options.output)
  for (const [index, time] of times.entries())
    await writeLine(dryRun ? time.toISOString() : `${time.toISOString()}  ${runIds[index] ?? ''}`)
  if (count > times.length) tell(`… and ${count - times.length} more`)
  if (count === 0) return tell(`${id} has no scheduled time in that range.`)
  if (dryRun) return tell(`${id} would get ${countText(count, 'run')}; without --dry-run it does.`)
  tell(`${id}: ${countText(count, 'run')} queued, one after another.`)
  await tellWhenItRuns(options)
}
