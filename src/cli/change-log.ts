/**
 * Changing a log: applies commands, and says what became of them. A folder is opened as its owner and given back, and nothing
 * fires meanwhile; on a cluster whoever owns the partitions decides.
 */
import { userInfo } from 'node:os'
import type { CommandOptions } from '../client/commands.ts'
import type { JobClient, ModifyOptions, PauseOptions } from '../client/job-client.ts'
import { Scheduler } from '../scheduler.ts'
import { type ClusterLog, lastingLog, mustHaveLog } from './log-address.ts'
import type { ChangeOption, CommandOption, LogOption, PauseOption } from './options.ts'
import { tell } from './output.ts'

const DEFAULT_ANSWER_TIMEOUT = '30s'

interface ChangingOptions extends LogOption, CommandOption {
  /** A log is made where none is. */
  readonly create: boolean
}

/** Rejects with `LogError` `owned` while another process has the folder; with `unknown-outcome` when no owner answers. */
export async function changing<T>(options: ChangingOptions, act: (client: JobClient) => Promise<T>): Promise<T> {
  const named = await lastingLog(options)
  if (named.kind === 'kafka') return asking(named, options, act)
  if (!options.create) mustHaveLog(named.name)
  const scheduler = await Scheduler.open({ log: named.log })
  try {
    return await act(scheduler)
  } finally {
    await scheduler.shutdown({ wait: false })
  }
}

async function asking<T>(
  { log, kafka }: ClusterLog,
  { answerTimeout = DEFAULT_ANSWER_TIMEOUT }: CommandOption,
  act: (client: JobClient) => Promise<T>,
): Promise<T> {
  const client = await Scheduler.connect({ log, kafka, answerTimeout })
  try {
    return await act(client)
  } finally {
    await client.close()
  }
}

/** Of a folder: this process leaves it without having executed anything. On a cluster somebody fires, or will. */
export async function tellWhenItRuns(options: LogOption, line: string = NOBODY_EXECUTES): Promise<void> {
  if ((await lastingLog(options)).kind === 'file') tell(line)
}

const NOBODY_EXECUTES =
  "No process executes runs of this log: it will run when 'horolog dev' or the application starts."

export function commandOptions(options: CommandOption): CommandOptions {
  const { commandId } = options
  const actor = options.actor ?? userName()
  return { ...(commandId === undefined ? {} : { commandId }), ...(actor === undefined ? {} : { actor }) }
}

export function changeOptions(options: ChangeOption): ModifyOptions {
  const { ifVersion } = options
  return { ...commandOptions(options), ...(ifVersion === undefined ? {} : { version: ifVersion }) }
}

/** Throws `TriggerError` for an end that can't be read. */
export async function pauseOptions(options: CommandOption & PauseOption): Promise<PauseOptions> {
  const { reason, until } = options
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { futureInstantMs } = await import('./trigger-text.ts')
  const end = until === undefined ? {} : { until: futureInstantMs(until, createSystemClock().now(), '--until') }
  return { ...commandOptions(options), ...(reason === undefined ? {} : { reason }), ...end }
}

/** undefined where the system has no name for the user, as in some containers. */
function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}
