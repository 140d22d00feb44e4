/** `horolog serve`: decides and fires for the partitions of a cluster that it owns; executes nothing itself. */
import type { Command } from 'commander'
import type { Scheduler } from '../scheduler.ts'
import { foundText } from './found-text.ts'
import { clusterLog } from './log-address.ts'
import { addLogOption, commaList, type LogOption } from './options.ts'
import { tell } from './output.ts'

interface ServeOptions extends LogOption {
  readonly zone?: string
  readonly executor?: readonly string[]
  readonly deliverTopic?: readonly string[]
  readonly replyTopic?: readonly string[]
  readonly stateFolder?: string
  readonly registry?: string
  readonly maxClockSkew?: string
  readonly tokenKeyFile?: string
}

/** Owners change several partitions at a time. */
const QUIET_MS = 100

const TEXT = `
Any number of them share the partitions of a namespace; when one dies the others take over its own, and fire on. Runs are
executed by 'horolog worker'. Where the topics are missing it says how to make them, and ends with exit code 4; with 5 when
the cluster can't be reached.

Example:
  horolog serve --log kafka://localhost:9092
  horolog serve --log kafka://localhost:9092/billing --state-folder ./state --executor reports`

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('decide and fire on a cluster, beside other processes that do the same')
    .option('--zone <zone>', 'zone of triggers that name none; the same on every node (default: UTC)')
    .option('--executor <names>', 'that jobs may name beside default: a comma list, may be repeated', commaList)
    .option('--deliver-topic <names>', 'topics that jobs may deliver records to: alike (default: none)', commaList)
    .option('--reply-topic <names>', 'topics on which answers may be asked for: alike (default: none)', commaList)
    .option('--registry <url>', 'schema registry, for commands in the Confluent encoding (default: none)')
    .option(
      '--max-clock-skew <duration>',
      "from the brokers' clock; further it decides nothing; or none (default: 60s)",
    )
    .option(
      '--token-key-file <file>',
      'keys of the tokens that reports give back: alike (default: $HOROLOG_TOKEN_KEY or $HOROLOG_TOKEN_KEY_FILE)',
    )
    .option('--state-folder <folder>', 'checkpoints for a faster start (default: none, from the state topic)')
    .addHelpText('after', TEXT)
    .action((options: ServeOptions) => serve(options))
  addLogOption(command)
}

async function serve(options: ServeOptions): Promise<void> {
  const { Scheduler } = await import('../scheduler.ts')
  const { untilStopped } = await import('./until-stopped.ts')
  const { keyFileText } = await import('../config/token-keys.ts')
  const { zone, executor = [], deliverTopic = [], replyTopic = [], stateFolder, registry } = options
  const { maxClockSkew, tokenKeyFile } = options
  const why = "a folder has one process, which decides and executes: use 'horolog dev'"
  const { log, kafka, name } = await clusterLog(options, why)
  const stopped = untilStopped()
  const scheduler = await Scheduler.open({
    log,
    kafka,
    roles: ['owner'],
    executors: Object.fromEntries(executor.map((one) => [one, {}])),
    deliverTopics: deliverTopic,
    replyTopics: replyTopic,
    ...(zone === undefined ? {} : { timezone: zone }),
    ...(stateFolder === undefined ? {} : { stateFolder }),
    ...(maxClockSkew === undefined ? {} : { maxClockSkew: maxClockSkew === 'none' ? null : maxClockSkew }),
    ...(tokenKeyFile === undefined ? {} : { tokenKey: keyFileText(tokenKeyFile, 'tokenKey') }),
    ...(registry === undefined ? {} : { registry: { url: registry } }),
  })
  const failed = new Promise<never>((_, reject) => scheduler.on('SchedulerFailed', ({ error }) => reject(error)))
  try {
    tell(`log    ${name}`)
    tell(foundText(scheduler))
    await scheduler.start()
    tell(`ready  process ${process.pid}; Ctrl-C stops it`)
    tellOwned(scheduler)
    await Promise.race([stopped, failed])
    tell('stopping: others take over')
  } finally {
    await scheduler.shutdown()
  }
  tell('stopped')
}

/** What it owns now, and again whenever an owner was announced. */
function tellOwned(scheduler: Scheduler): void {
  let told = ''
  const say = (): void => {
    const { owned, count } = scheduler.partitions
    const line = `owns   ${owned.length} of ${count} partitions${owned.length === 0 ? '' : `: ${owned.join(' ')}`}`
    if (line !== told) tell(line)
    told = line
  }
  let timer: NodeJS.Timeout | undefined
  scheduler.on('OwnerAnnounced', () => {
    clearTimeout(timer)
    timer = setTimeout(say, QUIET_MS)
  })
  say()
}
