/** `horolog verify`: whether the log is what its chain says, and whether the invariants hold over it. */
import type { Command } from 'commander'
import { CliError, EXIT } from './cli-error.ts'
import { addLogOption, addOutputOption, type LogOption, type OutputOption } from './options.ts'
import { styled, write, writeJson } from './output.ts'
import type { Problem } from './problem.ts'
import type { PartitionVerdict } from './verify-log.ts'

const TEXT = `
Folds the log from its first record by the reading rule and checks:
  the chain of hashes over all accepted batches, and that no record is refused
  I1 one run per job and scheduled time      I2 scheduled times rise
  I3 batches without a gap, one owner each   I4 each given command id has one answer
  I7 every run has one outcome, final        and what the engine asserts when it decides (I8, I9, I11)
Exit code 6 when something does not hold, or when bytes before the end are damaged.

Example:
  horolog verify --log file:./data`

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('check the log, its chain and its invariants; also while another process owns it')
    .addHelpText('after', TEXT)
    .action((options: LogOption & OutputOption) => verify(options))
  addOutputOption(addLogOption(command))
}

async function verify(options: LogOption & OutputOption): Promise<void> {
  const { reading } = await import('./read-log.ts')
  const { verifyPartition } = await import('./verify-log.ts')
  const { LogError } = await import('../ports/event-log.ts')
  try {
    await reading(options, async ({ name, log, isShared }) => {
      const verdicts: PartitionVerdict[] = []
      for (let partition = 0; partition < log.partitions; partition += 1)
        verdicts.push(await verifyPartition(log, partition, { isShared }))
      await print(name, verdicts, options)
    })
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'corrupt') throw error
    throw new CliError(EXIT.unverified, `verify: ${error.message}`, { cause: error })
  }
}

async function print(name: string, verdicts: readonly PartitionVerdict[], options: OutputOption): Promise<void> {
  const problems = verdicts.flatMap((verdict) => verdict.problems)
  const found = verdicts.reduce((sum, verdict) => sum + verdict.problemCount, 0)
  if (options.output === 'table') await write(`${tableText(name, verdicts, found)}\n`)
  else await writeJson({ ok: found === 0, log: name, partitions: verdicts }, options.output)
  const [first] = problems
  if (first === undefined) return
  throw new CliError(EXIT.unverified, `verify: ${problemText(first)}${found > 1 ? ` (and ${found - 1} more)` : ''}`)
}

function tableText(name: string, verdicts: readonly PartitionVerdict[], found: number): string {
  const lines = [`log        ${name}`, ...verdicts.flatMap(partitionLines)]
  lines.push(
    found === 0
      ? styled('green', 'verified   the chain and the invariants I1 I2 I3 I4 I7 I8 I9 I11 hold')
      : styled('red', `broken     ${found} problems`),
  )
  return lines.join('\n')
}

function partitionLines(verdict: PartitionVerdict): string[] {
  const { counts, problems } = verdict
  const { partition, records, epoch, seq, chain, logId } = verdict
  return [
    `partition  ${partition}: ${records} records, ${counts.batches} batches, ${counts.events} events, ${counts.owners} owners; ${verdict.ignored} ignored, ${verdict.dropped} dropped`,
    `           ${verdict.jobs} jobs, ${counts.runs} runs (${counts.outcomes} ended, ${counts.runs - counts.outcomes} open), ${counts.times} scheduled times decided, ${counts.commands} commands`,
    `           epoch ${epoch}, batch ${seq}, log ${logId}`,
    `chain      ${chain}`,
    ...problems.map((problem) => styled('red', `problem    ${problemText(problem)}`)),
  ]
}

function problemText({ partition, offset, rule, what }: Problem): string {
  return `events/${partition} offset ${offset}: ${rule}: ${what}`
}
