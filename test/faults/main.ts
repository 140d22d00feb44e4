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
import { seededRandom } from '../kill/seeded-random.ts'
import { Victim } from '../kill/victim.ts'
import { type BrokerOptions, startBroker } from '../support/kafka/broker.ts'
import { Cluster } from './cluster.ts'
import { failovers } from './failovers.ts'
import {
  killBroker,
  killLeaders,
  killOwners,
  loseReplies,
  pauseOwners,
  poison,
  rebalance,
  type Trouble,
} from './scenarios.ts'

interface Scenario {
  readonly what: string
  readonly count: number
  readonly broker: BrokerOptions
  readonly run: (trouble: Trouble) => Promise<void>
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'kill-owner': { what: 'owners killed', count: 50, broker: {}, run: killOwners },
  'pause-owner': { what: 'owners stopped beyond their session', count: 10, broker: {}, run: pauseOwners },
  'kill-broker': { what: 'brokers killed', count: 5, broker: {}, run: killBroker },
  rebalance: { what: 'changes of the group', count: 60, broker: {}, run: rebalance },
  'lose-replies': { what: 'replies lost', count: 50, broker: { proxied: true }, run: loseReplies },
  'kill-leader': { what: 'leaders of three killed', count: 3, broker: { nodes: 3 }, run: killLeaders },
  poison: { what: 'rounds of poison, copies and strays', count: 40, broker: {}, run: poison },
}
const SESSION_TIMEOUT_MS = 1_000
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
    const unknown = positionals.filter((name) => !(name in SCENARIOS))
    if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')}`)
    return { kafka: values.kafka, share, seed, names: positionals.length > 0 ? positionals : Object.keys(SCENARIOS) }
  } catch (error) {
    const names = Object.keys(SCENARIOS).join(' | ')
    console.error(
      `${(error as Error).message}\nusage: npm run test:faults -- [--kafka] [--share <0…1>] [--seed <n>] [${names}]`,
    )
    return null
  }
}

/** Says what was wrong, one line each. */
async function run(
  name: string,
  scenario: Scenario,
  { share, seed }: Usage,
  compiled: string,
): Promise<readonly string[]> {
  const count = Math.max(1, Math.ceil(scenario.count * share))
  const broker = await startBroker(scenario.broker)
  const cluster = new Cluster({
    brokers: broker.brokers,
    direct: broker.direct,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    compiled,
  })
  const takenAt: number[] = []
  try {
    await cluster.open()
    await Promise.all([cluster.start('a'), cluster.start('b')])
    await scenario.run({
      cluster,
      broker,
      count,
      random: seededRandom(seed),
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      taken: (at) => takenAt.push(at),
    })
    const { report, records } = await cluster.drain()
    const { fires, ownerships, leftBehind, answers, duplicates, missed, coalesced } = report
    console.log(`${name}: ${count} ${scenario.what}, seed ${seed}`)
    console.log(
      `  ${records.length} records, ${fires} fires, ${coalesced} coalesced, ${missed} missed, ${answers} answers`,
    )
    console.log(`  ${ownerships} ownerships, ${leftBehind} records ignored, ${duplicates} commands repeated`)
    if (takenAt.length > 0) console.log(`  ${failovers(records, takenAt)}`)
    if (fires < 10) cluster.wrong.push(`${name}: ${fires} fires show nothing`)
  } finally {
    cluster.end()
    await broker.stop()
  }
  for (const line of cluster.wrong) console.log(`  wrong: ${line}`)
  return cluster.wrong
}

async function onKafka(usage: Usage): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'horolog-faults-'))
  const compiled = join(folder, 'compiled')
  await new Victim(`file:${join(folder, 'warm-up')}`, 'warm-up', 'open', compiled).ended
  let wrong = 0
  for (const name of usage.names) {
    const scenario = SCENARIOS[name]
    if (scenario !== undefined) wrong += (await run(name, scenario, usage, compiled)).length
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
