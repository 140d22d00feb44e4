/**
 * `node test/checker/main.ts <folder> [--final] [--acknowledged <file>] [--json]`: checks a log by its documentation
 * alone. Exit 0: clean · 1: violations, each one line on stdout · 2: wrong usage, or nothing to read.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Report, violationLine } from './audit/report.ts'
import { checkLog } from './check-log.ts'
import { UnreadableLogError } from './embedded/segment-bytes.ts'

const USAGE = `usage: node test/checker/main.ts <folder> [options]
  --final                 the writer has drained: a run without an outcome is a violation
  --acknowledged <file>   ids of acknowledged commands, one per line: each must be answered on the log
  --json                  one object on stdout instead of lines`

class UsageError extends Error {}

function readUsage(): { folder: string; final: boolean; json: boolean; acknowledged: string[] } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        final: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        acknowledged: { type: 'string' },
      },
    })
    const [folder] = positionals
    if (folder === undefined || positionals.length > 1) throw new Error('expected one folder')
    const ids = values.acknowledged === undefined ? '' : readFileSync(values.acknowledged, 'utf8')
    const acknowledged = ids.split('\n').filter((line) => line !== '')
    return { folder, final: values.final, json: values.json, acknowledged }
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}

function printLines(report: Report): void {
  for (const violation of report.violations) console.log(violationLine(violation))
  for (const [kind, count] of report.violationCounts) console.log(`${count} × ${kind}`)
  const { records, batches, frames, ownerships, tornTailBytes } = report
  console.log(`${frames} frames, ${batches} batches of ${records} records, ${ownerships} ownerships`)
  if (tornTailBytes > 0) console.log(`a torn write of ${tornTailBytes} bytes at the end`)
  const { fires, coalesced, skipped, missed } = report
  console.log(`${fires} fires, ${coalesced} times coalesced, ${skipped} skipped, ${missed} missed`)
  const { extraRuns, outcomes, openRuns, runsAcrossOwnerships, answers } = report
  console.log(`${extraRuns} runs beside the schedule, ${outcomes} outcomes, ${openRuns} runs open`)
  console.log(
    `${runsAcrossOwnerships} runs ended by a later ownership, ${answers} commands answered, ${report.duplicates} repeated`,
  )
  for (const [type, count] of report.unchecked) {
    console.log(`${count} definitions with a trigger of type ${type}: only the order of their fires was checked`)
  }
  console.log(report.violationCount === 0 ? 'clean' : `${report.violationCount} violations`)
}

function main(): number {
  const { folder, final, json, acknowledged } = readUsage()
  const report = checkLog(folder, { final, acknowledged })
  if (json) console.log(JSON.stringify(report))
  else printLines(report)
  return report.violationCount === 0 ? 0 : 1
}

try {
  process.exitCode = main()
} catch (error: unknown) {
  if (!(error instanceof UsageError) && !(error instanceof UnreadableLogError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
