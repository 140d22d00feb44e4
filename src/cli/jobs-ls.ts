/** `horolog jobs ls`: the jobs, by their next fire time. */
import type { Command } from 'commander'
import type { State } from '../core/state.ts'
import { addLogOption, addOutputOption, labels, type LogOption, type OutputOption, wholeNumber } from './options.ts'
import { tell, write, writeJsonList } from './output.ts'
import type { WatchOption } from './watch-view.ts'

interface ListOptions extends LogOption, OutputOption, WatchOption {
  readonly label?: Readonly<Record<string, string>>
  readonly limit?: number
}

const MAX_LIMIT = 1_000_000

const EXAMPLES = `
Examples:
  horolog jobs ls --label team=a --limit 20
  horolog jobs ls --watch
  horolog jobs ls -o jsonl`

export function addJobsLs(jobs: Command): void {
  const command = jobs
    .command('ls')
    .alias('list')
    .description('the jobs, by their next fire time; also while another process owns the log')
    .option('--label <key=value>', 'only jobs with it; may be repeated (default: all)', labels)
    .option('--limit <n>', 'at most so many (default: all)', wholeNumber(1, MAX_LIMIT))
    .option('--watch', 'show it again when something changes, until Ctrl-C')
    .addHelpText('after', EXAMPLES)
    .action((options: ListOptions) => jobsLs(options))
  addOutputOption(addLogOption(command))
}

async function jobsLs(options: ListOptions): Promise<void> {
  const { currentStates, reading } = await import('./read-log.ts')
  const { mustBeWatchable, showLog } = await import('./watch-view.ts')
  const { watch = false } = options
  mustBeWatchable(options)
  if (!watch) {
    const { name, states } = await currentStates(options)
    return show(states, name, options)
  }
  await reading(options, (readable) =>
    showLog(readable, { watch }, ({ states }) => show(states, readable.name, options)),
  )
}

async function show(states: readonly State[], name: string, options: ListOptions): Promise<void> {
  const { byNextFire, jobJson, jobTable } = await import('./job-view.ts')
  const { jobInfo } = await import('../client/job-info.ts')
  const { hasLabels } = await import('../core/job/labels.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { label = {}, limit, output } = options
  const all = states.flatMap((state) => [...state.jobs()].map((job) => ({ job, state })))
  const found = byNextFire(all.filter(({ job }) => hasLabels(job, label)))
  const jobs = found.slice(0, limit).map(({ job, state }) => jobInfo(job, state))
  if (output !== 'table') return writeJsonList(jobs.map(jobJson), output)
  if (states.some((state) => state.schedulePaused !== null)) tell('The whole schedule is paused: no job fires.')
  if (options.label !== undefined && jobs.length === 0) return tell(`No jobs with these labels in ${name}.`)
  if (jobs.length === 0) return tell(`No jobs in ${name}. 'horolog jobs add' adds one.`)
  await write(`${jobTable(jobs, createSystemClock().now()).join('\n')}\n`)
  if (jobs.length < found.length) tell(`… and ${found.length - jobs.length} more: see --limit`)
}
