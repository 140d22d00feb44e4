/**
 * `npm run test:model -- [--runs 1000] [--seed n] [--path p] [--replay-path r]`: random commands against the model.
 * Exit 0: all agree · 1: a divergence, commands too few, or a situation that never came up · 2: usage.
 */
import { parseArgs } from 'node:util'
import { type CampaignResult, runCampaign } from './campaign.ts'

const DEFAULT_RUNS = 1_000
const LEAST_MEAN_COMMANDS = 50
/** From so many runs on, what never came up is a fault of the test. */
const RUNS_THAT_MEET_ALL = 1_000

interface Usage {
  readonly runs: number
  readonly seed: number
  readonly path?: string
  readonly replayPath?: string
}

function numberOption(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (Number.isSafeInteger(value) && value !== 0) return value
  throw new Error(`--${name}: expected a whole number, got ${text}`)
}

function readUsage(): Usage | null {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({ options: { runs: text, seed: text, path: text, 'replay-path': text } })
    const { path, 'replay-path': replayPath } = values
    return {
      runs: numberOption('runs', values.runs, DEFAULT_RUNS),
      seed: numberOption('seed', values.seed, 1 + Math.floor(Math.random() * 2 ** 31)),
      ...(path === undefined ? {} : { path }),
      ...(replayPath === undefined ? {} : { replayPath }),
    }
  } catch (error) {
    console.error((error as Error).message)
    console.error(
      'usage: npm run test:model -- [--runs <number>] [--seed <number>] [--path <text>] [--replay-path <text>]',
    )
    return null
  }
}

function print({ ledger }: CampaignResult): void {
  const byCount = (entries: Iterable<[string, number]>): [string, number][] =>
    [...entries].toSorted((a, b) => b[1] - a[1])
  console.log('commands')
  for (const [kind, count] of byCount(ledger.commands)) console.log(`  ${kind.padEnd(44)} ${count}`)
  console.log('situations')
  for (const [name, count] of ledger.seen()) console.log(`  ${name.padEnd(44)} ${count}`)
  console.log(`runs ${ledger.runs}, commands ${ledger.commandCount}, mean ${ledger.meanCommands.toFixed(1)}`)
}

function complaints({ ledger, failure }: CampaignResult, usage: Usage): string[] {
  const found = failure === null ? [] : [failure]
  if (usage.path !== undefined || failure !== null) return found
  if (ledger.meanCommands < LEAST_MEAN_COMMANDS) found.push(`a run has less than ${LEAST_MEAN_COMMANDS} commands`)
  const never = usage.runs >= RUNS_THAT_MEET_ALL ? ledger.never() : []
  return [...found, ...never.map((name) => `never seen: ${name}`)]
}

async function main(): Promise<number> {
  const usage = readUsage()
  if (usage === null) return 2
  const begun = performance.now()
  const result = await runCampaign({ ...usage, shrinks: true })
  print(result)
  const found = complaints(result, usage)
  for (const line of found) console.log(line)
  console.log(`seed ${usage.seed}, ${((performance.now() - begun) / 1_000).toFixed(1)} s`)
  return found.length === 0 ? 0 : 1
}

process.exitCode = await main()
