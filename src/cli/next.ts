/** `horolog next`: when a trigger fires next. Reads no log. */
import { type Command, Option } from 'commander'
import type { DstPolicy } from '../core/triggers/trigger.ts'
import { addOutputOption, dstOption, type OutputOption, wholeNumber } from './options.ts'
import { styled, tell, write, writeJsonList } from './output.ts'

interface NextOptions extends OutputOption {
  readonly zone?: string
  readonly count: number
  readonly after?: string
  readonly dst?: DstPolicy
  readonly job?: string
}

const DEFAULT_COUNT = 5
const MAX_COUNT = 1_000

const EXAMPLES = `
Examples:
  horolog next '0 9 * * 1-5' --zone Europe/Paris
  horolog next 'every 90s' --count 3
  horolog next '30 2 * * *' --zone America/New_York --after 2027-03-13T00:00:00Z
  horolog next '{"type":"calendar-interval","months":1,"start":"2027-01-31"}'`

export function addNext(program: Command): void {
  const command = program
    .command('next')
    .description('when a trigger fires next, in local time and UTC')
    .argument(
      '<expr...>',
      "crontab text, @daily and its like, 'every 90s', 'in 10m', 'at <instant>', or a trigger's JSON",
    )
    .option('--zone <zone>', 'IANA name or ±HH:MM (default: that of the trigger, else UTC)')
    .addOption(new Option('--count <n>', 'how many times').default(DEFAULT_COUNT).argParser(wholeNumber(1, MAX_COUNT)))
    .option('--after <instant>', 'times later than this RFC 3339 instant (default: now)')
    .addOption(dstOption())
    .option('--job <id>', 'the job that H in crontab text is for')
    .addHelpText('after', EXAMPLES)
    .action((words: string[], options: NextOptions) => next(words.join(' '), options))
  addOutputOption(command)
}

async function next(expression: string, options: NextOptions): Promise<void> {
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { parseInstantMs } = await import('../core/triggers/instant.ts')
  const { resolvedTrigger, triggerOfText, withDst } = await import('./trigger-text.ts')
  const { fireRows } = await import('./fire-rows.ts')
  const { describeTrigger } = await import('../core/triggers/describe-trigger.ts')
  const { tableLines } = await import('./table.ts')
  const { relativeText } = await import('../client/time-text.ts')
  const now = createSystemClock().now()
  const given = withDst(triggerOfText(expression, now), options.dst)
  const own = 'zone' in given ? given.zone : undefined
  const zone = options.zone ?? own ?? 'UTC'
  const trigger = resolvedTrigger(given, zone, options.job)
  const after = options.after === undefined ? now : parseInstantMs(options.after, '--after')
  const rows = fireRows(trigger, { after, zone, count: options.count })
  if (options.output !== 'table') return writeJsonList(rows, options.output)
  tell(describeTrigger(trigger))
  if (rows.length < options.count)
    tell(rows.length === 0 ? 'It never fires again.' : `It fires ${rows.length} more times.`)
  if (rows.length === 0) return
  const isUtc = zone === 'UTC'
  const cells = rows.map((row) => [
    ...(isUtc ? [] : [row.local]),
    row.at,
    relativeText(Date.parse(row.at), now),
    row.clockChange === null ? '' : styled('yellow', row.clockChange),
  ])
  const head = [...(isUtc ? [] : [zone]), 'UTC', 'WHEN', '']
  await write(
    tableLines(head, cells)
      .map((line) => `${line.trimEnd()}\n`)
      .join(''),
  )
}
