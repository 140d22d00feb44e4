/** `horolog explain`: why a job or a run did or did not run: where it stands, and what happened to it, in words. */
import { type Command, Option } from 'commander'
import type { Explanation, Replay } from '../client/explain/explain.ts'
import { CliError, EXIT } from './cli-error.ts'
import { countText } from '../client/count-text.ts'
import { addLogOption, addOutputOption, type LogOption, type OutputOption, wholeNumber } from './options.ts'
import { styled, write, writeJson } from './output.ts'
import { pad } from './table.ts'
import { instantText } from '../client/time-text.ts'

interface ExplainOptions extends LogOption, OutputOption {
  readonly at?: string
  readonly limit: number
}

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100_000

const EXAMPLES = `
Examples:
  horolog explain report                                  why does it fire, or not
  horolog explain report --at 2027-01-01T09:00:00Z        why did it run then, or not
  horolog explain report/1-1-0/20270101T090000.000Z       what happened to this run`

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('why a job or a run did or did not run; also while another process owns the log')
    .argument('<job|run>', "the id of a job, or of a run as 'runs ls' shows it")
    .option('--at <instant>', 'what became of this scheduled time of the job: an RFC 3339 instant')
    .addOption(
      new Option('--limit <n>', 'at most so many lines, the last ones')
        .default(DEFAULT_LIMIT)
        .argParser(wholeNumber(1, MAX_LIMIT)),
    )
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: ExplainOptions) => explain(id, options))
  addOutputOption(addLogOption(command))
}

async function explain(id: string, { at, limit, ...options }: ExplainOptions): Promise<void> {
  const { reading } = await import('./read-log.ts')
  const { createEventCodec } = await import('../codec/event-codec.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { explain: explained } = await import('../client/explain/explain.ts')
  const { partitionOf } = await import('../core/partition.ts')
  const { parseInstantMs } = await import('../core/triggers/instant.ts')
  const { readAccepted } = await import('../materializer/read-accepted.ts')
  const isRun = id.includes('/')
  if (isRun && at !== undefined)
    throw new CliError(EXIT.usage, '--at: expected the id of a job beside it, got that of a run')
  const asked = at === undefined ? { limit } : { limit, at: parseInstantMs(at, '--at') }
  const explanation = await reading(options, async ({ name, log, isShared }) => {
    const replay: Replay = (jobId, see) => {
      const partition = partitionOf(jobId, log.partitions)
      return readAccepted({ log, codec: createEventCodec(), partition, singleWriter: !isShared }, see)
    }
    const found = await explained(replay, createSystemClock().now(), id, asked)
    if (found === undefined)
      throw new CliError(EXIT.notFound, `no ${isRun ? 'run' : 'job'} ${JSON.stringify(id)} in the events of ${name}`)
    return found
  })
  await print(explanation, options)
}

async function print(explanation: Explanation, { output }: OutputOption): Promise<void> {
  const { verdict, heldBy, counts, timeline, omitted, runId } = explanation
  const title = titleOf(explanation)
  if (output !== 'table') {
    return writeJson({ what: title, verdict, heldBy, ...(counts === null ? {} : { counts }), timeline }, output)
  }
  const text = [
    styled('bold', title),
    ...verdict.map((sentence) => `  ${sentence}`),
    ...(omitted === 0 ? [] : [styled('dim', `  … ${countText(omitted, 'line')} before these: see --limit`)]),
    ...timeline.map(
      (fact) => `${instantText(fact.time)}  ${runId === null ? pad(runText(fact.runId), RUN_COLUMNS) : ''}${fact.text}`,
    ),
  ]
  await write(`${text.join('\n')}\n`)
}

function titleOf({ jobId, runId, at }: Explanation): string {
  if (runId !== null) return `run ${runId}`
  return at === null ? `job ${jobId}` : `job ${jobId} at ${instantText(at)}`
}

/** The scheduled time of a run, and the beginning of what tells it from others of that time. */
const RUN_CHARS = '20270101T090000.000Z/1234'.length
const RUN_COLUMNS = RUN_CHARS + 2

function runText(runId: string | null): string {
  return runId === null ? '' : runId.split('/').slice(2).join('/').slice(0, RUN_CHARS)
}
