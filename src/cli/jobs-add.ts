/** `horolog jobs add`: adds a job, or changes the one of that id. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { JobOptions } from '../client/job-options.ts'
import type { Scheduler } from '../scheduler.ts'
import { CliError, EXIT } from './cli-error.ts'
import {
  addCommandOptions,
  addLogOption,
  addOutputOption,
  type CommandOption,
  labels,
  type LogOption,
  type OutputOption,
  wholeNumber,
} from './options.ts'
import { tell, writeJson, writeLine } from './output.ts'
import type { TriggerOptions } from './trigger-text.ts'

interface AddOptions extends TriggerOptions, LogOption, OutputOption, CommandOption {
  readonly task: string
  readonly payload?: string
  readonly ifExists?: 'replace' | 'keep' | 'reject'
  readonly misfireGrace?: string
  readonly coalesce?: 'latest' | 'earliest' | 'all'
  readonly maxInstances?: number
  readonly maxAttempts?: number
  readonly retryInitial?: string
  readonly timeout?: string
  readonly executor?: string
  readonly label?: Readonly<Record<string, string>>
  readonly name?: string
  readonly description?: string
  readonly paused?: boolean
}

const MAX_COUNT = 1_000

const EXAMPLES = `
Examples:
  horolog jobs add report --task echo --cron '0 9 * * 1-5' --zone Europe/Paris
  horolog jobs add poll --task echo --payload '{"page":1}' --every 90s --max-attempts 3
  horolog jobs add once --task echo --in 10m`

export function addJobsAdd(jobs: Command): void {
  const times = ['cron', 'every', 'at', 'in', 'trigger']
  const when = (flags: string, text: string, name: string): Option =>
    new Option(flags, text).conflicts(times.filter((other) => other !== name))
  const command = jobs
    .command('add')
    .description('add a job, or change the one of that id; without a time it runs once, at once')
    .argument('<id>', '1 to 200 characters of A-Z a-z 0-9 . _ : @ -')
    .requiredOption('--task <name>', 'the task that runs')
    .option('--payload <json>', 'what the task gets: JSON, or @<file> with JSON')
    .addOption(when('--cron <text>', 'crontab text of 5 or 6 fields, or an alias as @daily', 'cron'))
    .addOption(when('--every <duration>', 'so much elapsed time between fires: 90s, 1h30m, PT90S', 'every'))
    .addOption(when('--at <instant>', 'once, at this RFC 3339 instant or local time', 'at'))
    .addOption(when('--in <duration>', 'once, after so long', 'in'))
    .addOption(when('--trigger <json>', "any trigger's JSON form", 'trigger'))
    .option('--zone <zone>', 'zone of the trigger, an IANA name or ±HH:MM (default: UTC)')
    .addOption(
      new Option('--if-exists <what>', 'when a job of that id exists (default: replace)').choices([
        'replace',
        'keep',
        'reject',
      ]),
    )
    .option('--misfire-grace <duration>', 'how late a run may be (default: never too late)')
    .addOption(
      new Option('--coalesce <which>', 'which of several due times runs (default: latest)').choices([
        'latest',
        'earliest',
        'all',
      ]),
    )
    .option('--max-instances <n>', 'runs without an outcome at a time (default: 1)', wholeNumber(1, MAX_COUNT))
    .option('--max-attempts <n>', 'attempts in all (default: 1)', wholeNumber(1, MAX_COUNT))
    .option('--retry-initial <duration>', 'wait before the second attempt (default: 1s)')
    .option('--timeout <duration>', 'of each attempt (default: none)')
    .option('--executor <name>', 'name of the executor (default: default)')
    .option('--label <key=value>', 'a label; may be repeated', labels)
    .option('--name <text>')
    .option('--description <text>')
    .option('--paused', 'add it paused')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: AddOptions) => jobsAdd(id, options))
  addCommandOptions(addOutputOption(addLogOption(command)))
}

async function jobsAdd(id: string, options: AddOptions): Promise<void> {
  const { jobInput } = await import('../client/job-options.ts')
  const { commandOptions, owning } = await import('./own-log.ts')
  const { jobJson, whenText } = await import('./job-view.ts')
  const job = { ...(await jobOptions(id, options)), ...commandOptions(options) }
  // What can't be read is refused before the log is touched.
  jobInput(job)
  const { what, info } = await owning({ ...options, create: true }, async (scheduler) => {
    const said = listen(scheduler)
    await scheduler.addJob(job)
    return { what: said.what, info: scheduler.getJob(id) }
  })
  if (options.output !== 'table') return writeJson(info === undefined ? { id } : jobJson(info), options.output)
  const next = info?.nextFireTime ?? null
  await writeLine(
    `${id} ${what}${info === undefined ? '' : `: ${whenText(info)}`}${next === null ? '' : `; next ${next.toISOString()}`}`,
  )
  tell("It fires while 'horolog dev' or the application runs.")
}

/** What became of the command, by its events. */
function listen(scheduler: Scheduler): { readonly what: string } {
  const said = { what: 'is unchanged' }
  scheduler.on('JobAdded', () => (said.what = 'added'))
  scheduler.on('JobModified', () => (said.what = 'changed'))
  return said
}

async function jobOptions(id: string, options: AddOptions): Promise<JobOptions> {
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { triggerOfOptions } = await import('./trigger-text.ts')
  const { task, misfireGrace, coalesce, maxInstances, maxAttempts, retryInitial, timeout, executor } = options
  const trigger = triggerOfOptions(options, id, createSystemClock().now())
  const retry = given({ maxAttempts, initial: retryInitial })
  const { ifExists, label, name, description, paused } = options
  return {
    id,
    task,
    ...(options.payload === undefined ? {} : { payload: await payloadOf(options.payload) }),
    ...given({
      trigger,
      ifExists,
      misfireGrace,
      coalesce,
      maxInstances,
      timeout,
      executor,
      labels: label,
      name,
      description,
      paused,
    }),
    ...(Object.keys(retry).length === 0 ? {} : { retry }),
  }
}

/** JSON, or `@file` that has it. */
export async function payloadOf(text: string): Promise<unknown> {
  const { parseJson } = await import('./trigger-text.ts')
  if (!text.startsWith('@')) return parseJson(text, '--payload')
  try {
    return parseJson(readFileSync(text.slice(1), 'utf8'), `--payload ${text}`)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(EXIT.usage, `--payload: expected a file, got ${text}: ${String(error)}`, { cause: error })
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function given<T extends object>(value: T): Given<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Given<T>
}
