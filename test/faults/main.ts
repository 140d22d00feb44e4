/**
 * `npm run test:faults -- --kafka [--share 0.1] [--seed n] [name …]`: what can happen to a cluster, on a real broker, and
 * the independent checker over the events afterwards. Without `--kafka` the same on the embedded log, where the only fault
 * is the end of its process: `test:kill`.
 * Exit 0: nothing lost, nothing decided twice · 1: otherwise · 2: usage.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCampaign, vacuity } from '../kill/campaign.ts'
import { Victim } from '../kill/victim.ts'
import { FAULTS, runFault } from './run-fault.ts'

const EMBEDDED_KILLS = 50

interface Usage {
  readonly kafka: boolean
  readonly share: number
  readonly seed: number
  readonly names: readonly string[]
}

function readUsage(): Usage | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        kafka: { type: 'boolean', default: false },
        share: { type: 'string', default: '1' },
        seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 2 ** 31)) },
      },
    })
    const share = Number(values.share)
    const seed = Number(values.seed)
    if (!(share > 0 && share <= 1)) throw new Error(`--share: expected a number over 0 up to 1, got ${values.share}`)
    if (!Number.isSafeInteger(seed) || seed < 1) throw new Error(`--seed: expected a whole number, got ${values.seed}`)
    const unknown = positionals.filter((name) => !(name in FAULTS))
    if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')}`)
    return { kafka: values.kafka, share, seed, names: positionals.length > 0 ? positionals : Object.keys(FAULTS) }
  } catch (error) {
    const names = Object.keys(FAULTS).join(' | ')
    console.error(
      `${(error as Error).message}\nusage: npm run test:faults -- [--kafka] [--share <0…1>] [--seed <n>] [${names}]`,
    )
    return null
  }
}

async function onKafka(usage: Usage): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'horolog-faults-'))
  const compiled = join(folder, 'compiled')
  await new Victim(`file:${join(folder, 'warm-up')}`, 'warm-up', 'open', compiled).ended
  let wrong = 0
  for (const name of usage.names) {
    const { lines, wrong: found } = await runFault(name, { ...usage, compiled })
    for (const line of [...lines, ...found.map((one) => `  wrong: ${one}`)]) console.log(line)
    wrong += found.length
  }
  rmSync(folder, { recursive: true })
  console.log(wrong === 0 ? 'nothing lost, nothing decided twice' : `${wrong} things are wrong`)
  return wrong === 0 ? 0 : 1
}

async function onEmbeddedLog({ seed, share }: Usage): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'horolog-faults-'))
  const kills = Math.ceil(EMBEDDED_KILLS * share)
  const result = await runCampaign({ kills, seed, folder, say: (line) => console.log(line) })
  const wrong = [...result.wrong, ...vacuity(result)]
  for (const line of wrong) console.log(line)
  if (wrong.length === 0) rmSync(folder, { recursive: true })
  return wrong.length === 0 ? 0 : 1
}

const usage = readUsage()
if (usage === null) process.exitCode = 2
else process.exitCode = await (usage.kafka ? onKafka(usage) : onEmbeddedLog(usage))
