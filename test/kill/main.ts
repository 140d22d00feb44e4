/**
 * `npm run test:kill -- [--kills 200] [--seed n]`: kills a scheduler at random moments and checks its log after each.
 * Exit 0: no violation · 1: a violation, or kills that met nothing; the logs are kept and their folder is named · 2: usage.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type CampaignResult, runCampaign, vacuity } from './campaign.ts'

const DEFAULT_KILLS = 200

function numberOption(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${name}: expected a whole number over 0, got ${text}`)
}

function readUsage(): { kills: number; seed: number } | null {
  try {
    const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
    const kills = numberOption('kills', values.kills, DEFAULT_KILLS)
    return { kills, seed: numberOption('seed', values.seed, 1 + Math.floor(Math.random() * 2 ** 31)) }
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run test:kill -- [--kills <number>] [--seed <number>]`)
    return null
  }
}

function print(result: CampaignResult, complaints: readonly string[]): void {
  for (const line of [...result.wrong, ...complaints]) console.log(line)
  for (const [name, count] of Object.entries(result)) {
    if (typeof count === 'number') console.log(`${name.padEnd(20)} ${count}`)
  }
}

async function main(): Promise<number> {
  const usage = readUsage()
  if (usage === null) return 2
  const folder = mkdtempSync(join(tmpdir(), 'horolog-kill-'))
  console.log(`${usage.kills} kills, seed ${usage.seed}, logs in ${folder}`)
  const result = await runCampaign({ ...usage, folder, say: (line) => console.log(line) })
  const complaints = vacuity(result)
  print(result, complaints)
  console.log(`seed ${usage.seed}`)
  if (result.wrong.length === 0 && complaints.length === 0) {
    rmSync(folder, { recursive: true })
    return 0
  }
  console.log(`the log is kept: ${result.wrongFolder ?? folder}`)
  return 1
}

process.exitCode = await main()
