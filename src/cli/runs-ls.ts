/** `horolog runs ls`: runs, those without an outcome first, then the latest to end. */
import type { Command } from 'commander'
import type { RunDetails } from '../client/run-info.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { LogFold } from './log-fold.ts'
import { addLogOption, addOutputOption, commaList, type LogOption, type OutputOption, wholeNumber } from './options.ts'
import { tell, write, writeJsonList } from './output.ts'
import type { WatchOption } from './watch-view.ts'

interface ListOptions extends LogOption, OutputOption, WatchOption {
  readonly status?: readonly string[]
  readonly limit: number
}

type Status = RunDetails['status']

const STATUSES: readonly Status[] = [
  ...(['waiting', 'queued', 'running', 'retrying'] as const),
  ...(['succeeded', 'failed', 'timed-out', 'cancelled', 'missed', 'lost'] as const),
]
const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100_000

const EXAMPLES = `
Examples:
  horolog runs ls --status failed,lost,timed-out
  horolog runs ls report --limit 100 -o jsonl
  horolog runs ls --watch`

export function addRunsLs(runs: Command): void {
  const command = runs
    .command('ls')
    .alias('list')
    .description('runs, the open ones first, then the latest to end; also while another process owns the log')
    .argument('[job]', 'only its runs (default: of all jobs, also those that are gone)')
    .option('--status <names>', `only these: a comma list of ${STATUSES.join(', ')}`, commaList)
    .option('--limit <n>', 'at most so many', wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .option('--watch', 'show it again when something changes, until Ctrl-C')
    .addHelpText('after', EXAMPLES)
    .action((job: string | undefined, options: ListOptions) => runsLs(job, options))
  addOutputOption(addLogOption(command))
}

async function runsLs(jobId: string | undefined, options: ListOptions): Promise<void> {
  const { partitionOf } = await import('../core/partition.ts')
  const { reading } = await import('./read-log.ts')
  const { mustBeWatchable, showLog } = await import('./watch-view.ts')
  mustBeWatchable(options)
  const statuses = statusesOf(options)
  const { limit, watch = false } = options
  await reading(options, async (readable) => {
    let latest: FinishedRun[] = []
    let seen = false
    const finished = (run: FinishedRun): void => {
      if (jobId !== undefined && run.jobId !== jobId) return
      seen = true
      if (statuses.has(run.outcome)) latest.push(run)
      // Only the latest are shown: a long log must not pile up.
      if (latest.length >= 2 * limit) latest = byEnd(latest).slice(-limit)
    }
    const partition = jobId === undefined ? {} : { partition: partitionOf(jobId, readable.log.partitions) }
    await showLog(readable, { watch, finished, ...partition }, async (fold) => {
      const known = jobId === undefined || seen || fold.states.some((state) => state.job(jobId) !== undefined)
      if (!known)
        throw new CliError(EXIT.notFound, `no job ${JSON.stringify(jobId)} and no run of it in ${readable.name}`)
      await show(await runsOf(fold, latest, { jobId, statuses, limit }), options)
    })
  })
}

interface Wanted {
  readonly jobId: string | undefined
  readonly statuses: ReadonlySet<Status>
  readonly limit: number
}

async function runsOf(fold: LogFold, latest: readonly FinishedRun[], wanted: Wanted): Promise<RunDetails[]> {
  const { finishedRunDetails, openRunDetails } = await import('../client/run-info.ts')
  const { jobId, statuses, limit } = wanted
  const open = fold.states
    .flatMap((state) => [...state.runs()])
    .filter((run) => statuses.has(run.status) && (jobId === undefined || run.jobId === jobId))
    .toSorted((a, b) => b.queuedAt - a.queuedAt)
  const ended = byEnd(latest).toReversed()
  return [...open.map(openRunDetails), ...ended.map(finishedRunDetails)].slice(0, limit)
}

/** Partitions are read one after another: their runs come in no common order. */
function byEnd(runs: readonly FinishedRun[]): FinishedRun[] {
  return runs.toSorted((a, b) => a.finishedAt - b.finishedAt)
}

async function show(runs: readonly RunDetails[], options: ListOptions): Promise<void> {
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { runJson, runTable } = await import('./run-view.ts')
  if (options.output !== 'table') return writeJsonList(runs.map(runJson), options.output)
  if (runs.length === 0) return tell('No runs.')
  await write(`${runTable(runs, createSystemClock().now()).join('\n')}\n`)
  if (runs.length === options.limit) tell(`The first ${options.limit}: see --limit.`)
}

function statusesOf({ status }: ListOptions): ReadonlySet<Status> {
  const wrong = status?.find((name) => !STATUSES.includes(name as Status))
  if (wrong === undefined) return new Set((status as readonly Status[] | undefined) ?? STATUSES)
  throw new CliError(EXIT.usage, `--status: expected names of ${STATUSES.join(', ')}; got ${JSON.stringify(wrong)}`)
}
