/** `horolog explain`: why a job or a run did or did not run: where it stands, and what happened to it, in words. */
import { type Command, Option } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { countText } from './count-text.ts'
import { addLogOption, addOutputOption, type LogOption, type OutputOption, wholeNumber } from './options.ts'
import { styled, write, writeJson } from './output.ts'
import type { ReadableLog } from './read-log.ts'
import { jobIdOfRun } from './run-id-text.ts'
import type { StoryLines } from './story-lines.ts'
import { pad } from './table.ts'
import { instantText } from './time-text.ts'

interface ExplainOptions extends LogOption, OutputOption {
  readonly at?: string
  readonly limit: number
}

interface Explained {
  readonly title: string
  /** Where it stands, in sentences. */
  readonly verdict: readonly string[]
  readonly counts: object | null
  readonly lines: StoryLines
  /** The lines are of several runs. */
  readonly runs: boolean
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

async function explain(id: string, options: ExplainOptions): Promise<void> {
  const { reading } = await import('./read-log.ts')
  const { createSystemClock } = await import('../adapters/system/system-clock.ts')
  const { parseInstantMs } = await import('../core/triggers/instant.ts')
  const now = createSystemClock().now()
  const at = options.at === undefined ? null : parseInstantMs(options.at, '--at')
  const { limit } = options
  const isRun = id.includes('/')
  if (isRun && at !== null)
    throw new CliError(EXIT.usage, '--at: expected the id of a job beside it, got that of a run')
  const explained = await reading(options, (readable) =>
    isRun ? explainRun(readable, id, limit, now) : explainJob(readable, id, { at, limit, now }),
  )
  await print(explained, options)
}

async function explainJob(
  { name, log }: ReadableLog,
  jobId: string,
  { at, limit, now }: { readonly at: number | null; readonly limit: number; readonly now: number },
): Promise<Explained> {
  const { JobStory } = await import('./job-story.ts')
  const { jobVerdict } = await import('./job-verdict.ts')
  const { partitionOf } = await import('../core/partition.ts')
  const story = new JobStory(jobId, { limit, at })
  await story.read(log, partitionOf(jobId, log.partitions))
  if (story.added === 0) throw new CliError(EXIT.notFound, `no job ${JSON.stringify(jobId)} in the events of ${name}`)
  const { question, lines, counts } = story
  if (question === null)
    return { title: `job ${jobId}`, verdict: jobVerdict(jobId, story, now), counts, lines, runs: true }
  const unanswered = question.unanswered(story.history.state.job(jobId))
  const title = `job ${jobId} at ${instantText(question.at)}`
  return { title, verdict: unanswered === null ? [] : [unanswered], counts: null, lines, runs: true }
}

async function explainRun({ name, log }: ReadableLog, runId: string, limit: number, now: number): Promise<Explained> {
  const { RunStory } = await import('./run-story.ts')
  const { partitionOf } = await import('../core/partition.ts')
  const jobId = jobIdOfRun(runId)
  const story = new RunStory(jobId, runId, limit)
  await story.read(log, partitionOf(jobId, log.partitions))
  if (!story.isKnown) throw new CliError(EXIT.notFound, `no run ${JSON.stringify(runId)} in the events of ${name}`)
  return { title: `run ${runId}`, verdict: story.verdict(now), counts: null, lines: story.lines, runs: false }
}

async function print({ title, verdict, counts, lines, runs }: Explained, options: ExplainOptions): Promise<void> {
  const told = lines.last
  if (options.output !== 'table') {
    const timeline = told.map((line) => ({ ...line, time: instantText(line.time) }))
    return writeJson({ what: title, verdict, ...(counts === null ? {} : { counts }), timeline }, options.output)
  }
  const left = lines.count - told.length
  const text = [
    styled('bold', title),
    ...verdict.map((sentence) => `  ${sentence}`),
    ...(left === 0 ? [] : [styled('dim', `  … ${countText(left, 'line')} before these: see --limit`)]),
    ...told.map(
      (line) => `${instantText(line.time)}  ${runs ? pad(runText(line.runId), RUN_COLUMNS) : ''}${line.text}`,
    ),
  ]
  await write(`${text.join('\n')}\n`)
}

/** The scheduled time of a run, and the beginning of what tells it from others of that time. */
const RUN_CHARS = '20270101T090000.000Z/1234'.length
const RUN_COLUMNS = RUN_CHARS + 2

function runText(runId: string | null): string {
  return runId === null ? '' : runId.split('/').slice(2).join('/').slice(0, RUN_CHARS)
}
