/** `horolog worker`: executes the runs of one or more executors of a cluster; decides nothing, and reads no events. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { MAX_CONCURRENCY } from '../core/limits.ts'
import { CliError, EXIT } from './cli-error.ts'
import { clusterLog } from './log-address.ts'
import { addLogOption, type LogOption, wholeNumber } from './options.ts'
import { tell } from './output.ts'

interface WorkerOptions extends LogOption {
  readonly tasks: string
  readonly deadline: string
}

/** A flag and its value, in the order in which they were typed. */
type Typed = { readonly executor: string } | { readonly concurrency: number }

interface Wanted {
  readonly name: string
  readonly concurrency: number
}

const DEFAULT_EXECUTOR = 'default'
const DEFAULT_CONCURRENCY = 10
const DEFAULT_DEADLINE = '30s'

const TEXT = `
The module's exported functions are tasks by their names; a default export that is an object maps names to handlers. Workers
of the same executor share its runs. SIGTERM or Ctrl-C lets what runs finish until the deadline, once more aborts; what is
not over then runs again on another worker.

Examples:
  horolog worker --tasks ./tasks.ts --executor default --concurrency 20
  horolog worker --tasks ./tasks.ts --executor default --concurrency 20 --executor reports --concurrency 5`

export function addWorker(program: Command): void {
  const typed: Typed[] = []
  const isConcurrency = wholeNumber(1, MAX_CONCURRENCY)
  const command = program
    .command('worker')
    .description('execute the runs of a cluster, beside other processes that do the same')
    .requiredOption('--tasks <module>', 'the module with the tasks')
    .option('--executor <name>', 'whose runs it takes; may be repeated (default: default)', (executor: string) => {
      typed.push({ executor })
    })
    .option('--concurrency <n>', 'of the executor before it: runs at a time (default: 10)', (text: string) => {
      typed.push({ concurrency: isConcurrency(text) })
    })
    .option('--deadline <duration>', 'how long what runs may take to finish at the end', DEFAULT_DEADLINE)
    .addHelpText('after', TEXT)
    .action((options: WorkerOptions) => worker(options, typed))
  addLogOption(command)
}

async function worker(options: WorkerOptions, typed: readonly Typed[]): Promise<void> {
  const { createConsoleLogger } = await import('../adapters/system/console-logger.ts')
  const { parseDurationMs } = await import('../core/triggers/duration.ts')
  const { openWorker } = await import('../open-worker.ts')
  const { loadTasks } = await import('./task-module.ts')
  const { untilStopped } = await import('./until-stopped.ts')
  const why = "a folder has one process, which also executes its runs: use 'horolog dev'"
  const cluster = await clusterLog(options, why)
  const executors = executorsOf(typed)
  const deadlineMs = parseDurationMs(options.deadline, '--deadline')
  const { tasks } = await loadTasks(options.tasks)
  if (tasks.size === 0) {
    const expected = 'exported functions, or a default export that maps names to handlers'
    throw new CliError(EXIT.usage, `--tasks: expected ${expected}: a worker has no scheduler to give to a function`)
  }
  const stopped = untilStopped()
  const opened = await openWorker({ ...cluster, logger: createConsoleLogger() })
  try {
    tell(`log    ${cluster.name}`)
    for (const [name, run] of tasks) opened.tasks.add(name, run, {})
    tell(`tasks  ${[...tasks.keys()].join(', ')} from ${resolve(options.tasks)}`)
    for (const { name, concurrency } of executors) await opened.add(name, concurrency)
    const taken = executors.map(({ name, concurrency }) => `${name} (${concurrency} at a time)`).join(', ')
    tell(`ready  process ${process.pid} takes runs of ${taken}; Ctrl-C stops it`)
    await stopped
    tell(`stopping: what runs may finish, ${options.deadline} at most; once more to abort`)
  } finally {
    await opened.close(deadlineMs)
  }
  tell('stopped')
}

/** Throws `CliError` for a concurrency without its executor. */
function executorsOf(typed: readonly Typed[]): readonly Wanted[] {
  const wanted: { name: string; concurrency: number | null }[] = []
  for (const one of typed) {
    const last = wanted.at(-1)
    if ('executor' in one) wanted.push({ name: one.executor, concurrency: null })
    else if (last === undefined) wanted.push({ name: DEFAULT_EXECUTOR, concurrency: one.concurrency })
    else if (last.concurrency === null) last.concurrency = one.concurrency
    else throw new CliError(EXIT.usage, '--concurrency: expected one behind each --executor, got one more')
  }
  if (wanted.length === 0) wanted.push({ name: DEFAULT_EXECUTOR, concurrency: null })
  return wanted.map(({ name, concurrency }) => ({ name, concurrency: concurrency ?? DEFAULT_CONCURRENCY }))
}
