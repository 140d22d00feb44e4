/** `horolog events`: the accepted events of a log, one after another. */
import { type Command, Option } from 'commander'
import type { EventType } from '../core/events.ts'
import { CliError, EXIT } from './cli-error.ts'
import { addLogOption, addOutputOption, commaList, type LogOption, type OutputOption } from './options.ts'
import { tell } from './output.ts'
import type { LogLine } from './partition-lines.ts'
import type { ReadableLog } from './read-log.ts'

interface EventsOptions extends LogOption, OutputOption {
  readonly job?: string
  readonly type?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly follow?: boolean
  readonly raw?: boolean
}

type Filter = (line: LogLine) => boolean

const EXAMPLES = `
Examples:
  horolog events --job report --from 1h
  horolog events --type RunFailed,RunTimedOut -o jsonl
  horolog events --follow -o jsonl

As a table the end of each batch (BatchCommitted) is left out, unless --type names it or with --raw.`

export function addEvents(program: Command): void {
  const command = program
    .command('events')
    .description('the accepted events of the log; also while another process owns it')
    .option('--job <id>', 'of this job only')
    .option('--type <names>', 'of these types only: a comma list, may be repeated', commaList)
    .option('--from <instant>', 'not earlier: an RFC 3339 instant, or a duration before now as 1h')
    .option('--to <instant>', 'not later: alike')
    .addOption(new Option('-f, --follow', 'go on with those that come').conflicts('to'))
    .option('--raw', 'also the records that the reading rule does not accept, and why')
    .addHelpText('after', EXAMPLES)
    .action((options: EventsOptions) => events(options))
  addOutputOption(addLogOption(command))
}

async function events(options: EventsOptions): Promise<void> {
  if (options.follow === true && options.output === 'json') {
    throw new CliError(
      EXIT.usage,
      '--output: expected table or jsonl with --follow, got json: its array would never end',
    )
  }
  const filter = await filterOf(options)
  const { reading } = await import('./read-log.ts')
  await reading(options, (readable) => printEvents(readable, options, filter))
}

async function printEvents({ name, log }: ReadableLog, options: EventsOptions, filter: Filter): Promise<void> {
  const { createEventCodec } = await import('../codec/event-codec.ts')
  const { byTime, PartitionLines } = await import('./partition-lines.ts')
  const { linePrinter } = await import('./line-printer.ts')
  const codec = createEventCodec()
  const partitions = Array.from({ length: log.partitions }, (_, index) => new PartitionLines(log, codec, index))
  const printer = linePrinter({
    format: options.output,
    raw: options.raw === true,
    partitions: log.partitions,
  })
  const following = options.follow === true ? (await import('./follow-log.ts')).followLog(log) : null
  await printer.begin()
  for (;;) {
    for await (const line of byTime(partitions.map((partition) => partition.toEnd()))) {
      if (following?.stopped === true) break
      if (filter(line)) await printer.print(line)
    }
    await printer.flush()
    if (following === null || !(await following.news())) break
  }
  await printer.end()
  const refused = partitions.reduce((sum, partition) => sum + partition.refused, 0)
  if (refused > 0 && options.raw !== true) {
    tell(`${refused} records in ${name} are not accepted by the reading rule: see --raw, and 'horolog verify'`)
  }
}

async function filterOf(options: EventsOptions): Promise<Filter> {
  const { EVENT_TYPES } = await import('../core/events.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { pastInstantMs } = await import('./trigger-text.ts')
  const now = createSystemClock().now()
  const types = new Set(options.type)
  for (const type of types) {
    if (EVENT_TYPES.includes(type as EventType)) continue
    throw new CliError(EXIT.usage, `--type: expected names of ${EVENT_TYPES.join(', ')}; got ${JSON.stringify(type)}`)
  }
  const from = options.from === undefined ? -Infinity : pastInstantMs(options.from, now, '--from')
  const to = options.to === undefined ? Infinity : pastInstantMs(options.to, now, '--to')
  const { job } = options
  const raw = options.raw === true
  const hidden = options.output === 'table' && !raw && !types.has('BatchCommitted')
  return ({ event, refused }) => {
    if (refused !== null && !raw) return false
    if (event === null) return types.size === 0 && job === undefined
    if (types.size > 0 && !types.has(event.type)) return false
    if (job !== undefined && !('jobId' in event && event.jobId === job)) return false
    return event.time >= from && event.time <= to && !(hidden && event.type === 'BatchCommitted')
  }
}
