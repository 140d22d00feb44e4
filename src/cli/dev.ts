/** `horolog dev`: all roles in this process: jobs fire, runs are executed, until it is told to stop. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { MAX_CONCURRENCY } from '../core/limits.ts'
import type { Scheduler } from '../scheduler.ts'
import { CliError, EXIT } from './cli-error.ts'
import { foundText } from './found-text.ts'
import { type ClusterLog, namedLog } from './log-address.ts'
import { addLogOption, type LogOption, wholeNumber } from './options.ts'
import { tell } from './output.ts'
import type { TaskModule } from './task-module.ts'

interface DevOptions extends LogOption {
  readonly tasks?: string
  readonly zone?: string
  readonly concurrency?: number
  readonly quiet?: boolean
}

const TEXT = `
A module of tasks is JavaScript or TypeScript:
  export const greet = async (ctx, payload) => ({ greeted: payload.name })
  export default async (scheduler) => scheduler.addJob({ id: 'hello', task: 'greet', payload: { name: 'world' }, trigger: interval('5s') })
Exported functions are tasks by their names. The default export may be a function, which gets the scheduler, or an object
of handlers by name. Ctrl-C lets what runs finish.

Example:
  horolog dev --tasks ./tasks.ts --log file:./data`

export function addDev(program: Command): void {
  const command = program
    .command('dev')
    .description('scheduler and executor in one process, on the log of a folder or on a cluster, whose topics it makes')
    .option('--tasks <module>', 'the module with the tasks (default: sample tasks)')
    .option('--zone <zone>', 'zone of triggers that name none (default: UTC)')
    .option('--concurrency <n>', 'runs in flight at a time (default: 10)', wholeNumber(1, MAX_CONCURRENCY))
    .option('-q, --quiet', 'no line per event')
    .addHelpText('after', TEXT)
    .action((options: DevOptions) => dev(options))
  addLogOption(command)
}

async function dev(options: DevOptions): Promise<void> {
  const { Scheduler } = await import('../scheduler.ts')
  const { printFacts } = await import('./fact-lines.ts')
  const { untilStopped } = await import('./until-stopped.ts')
  const { concurrency, zone } = options
  const named = await namedLog(options)
  const module = await moduleOf(options.tasks)
  if (named.kind === 'kafka') await makeTopics(named)
  const scheduler = await Scheduler.open({
    log: named.log,
    ...(named.kind === 'kafka' ? { kafka: named.kafka } : {}),
    ...(zone === undefined ? {} : { timezone: zone }),
    ...(concurrency === undefined ? {} : { executors: { default: { concurrency } } }),
  })
  const stopped = untilStopped()
  const failed = new Promise<never>((_, reject) => scheduler.on('SchedulerFailed', ({ error }) => reject(error)))
  try {
    tell(`log    ${named.kind === 'memory' ? 'in memory: it ends with this process' : named.name}`)
    tell(foundText(scheduler))
    for (const [name, run] of module.tasks) scheduler.task(name, run)
    if (options.quiet !== true) printFacts(scheduler)
    await setUp(module, scheduler)
    await scheduler.start()
    tell(`ready  process ${process.pid}; Ctrl-C stops it`)
    await Promise.race([stopped, failed])
    tell('stopping: what runs may finish, 30 s at most; once more to abort')
  } finally {
    await scheduler.shutdown()
  }
  tell('stopped')
}

async function setUp(module: TaskModule, scheduler: Scheduler): Promise<void> {
  try {
    await module.setUp?.(scheduler)
  } catch (cause) {
    throw new CliError(EXIT.failed, `--tasks: the default export failed: ${String(cause)}`, { cause })
  }
}

/** Makes the topics that are missing: whoever tries something out has no operator. */
async function makeTopics({ log, kafka }: ClusterLog): Promise<void> {
  const { applyTopics, planTopics } = await import('../adapters/kafka/topics.ts')
  const { kafkaConnection } = await import('../kafka-connection.ts')
  const connection = kafkaConnection(log, kafka)
  const { missing } = await planTopics(connection)
  if (missing.length === 0) return
  await applyTopics(connection)
  tell(`topics made: ${missing.map(({ topic }) => topic).join(', ')}`)
}

/** Loaded before the log is opened, so that a mistake in it touches nothing. */
async function moduleOf(given: string | undefined): Promise<TaskModule> {
  if (given !== undefined) {
    const { loadTasks } = await import('./task-module.ts')
    const module = await loadTasks(given)
    tell(`tasks  ${[...module.tasks.keys()].join(', ') || 'by the default export'} from ${resolve(given)}`)
    return module
  }
  const { SAMPLE_TASKS } = await import('./sample-tasks.ts')
  const list = [...SAMPLE_TASKS].map(([name, { does }]) => `       ${name.padEnd(5)}  ${does}`)
  tell(`tasks  samples, since no --tasks <module> was given:\n${list.join('\n')}`)
  return { tasks: new Map([...SAMPLE_TASKS].map(([name, { run }]) => [name, run])), setUp: null }
}
