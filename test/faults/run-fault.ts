/** One kind of fault on a cluster of its own: it happens, everything is brought to its end, and the log is judged. */
import { seededRandom } from '../kill/seeded-random.ts'
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

interface Fault {
  readonly what: string
  readonly count: number
  readonly broker: BrokerOptions
  readonly run: (trouble: Trouble) => Promise<void>
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'kill-owner': { what: 'owners killed', count: 50, broker: {}, run: killOwners },
  'pause-owner': { what: 'owners stopped beyond their session', count: 10, broker: {}, run: pauseOwners },
  'kill-broker': { what: 'brokers killed', count: 5, broker: {}, run: killBroker },
  rebalance: { what: 'changes of the group', count: 60, broker: {}, run: rebalance },
  'lose-replies': { what: 'replies lost', count: 50, broker: { proxied: true }, run: loseReplies },
  'kill-leader': { what: 'leaders of three killed', count: 3, broker: { nodes: 3 }, run: killLeaders },
  poison: { what: 'rounds of poison, copies and strays', count: 40, broker: {}, run: poison },
}
const SESSION_TIMEOUT_MS = 1_000
/** From the end of a dead owner's session to the next fire. */
const TAKEOVER_MS = 1_000

export interface FaultOptions {
  /** Of the whole count: over 0 to 1. */
  readonly share: number
  readonly seed: number
  /** A folder with compiled code, so that processes start fast. */
  readonly compiled: string
}

export interface FaultResult {
  readonly lines: readonly string[]
  /** One line each; empty: nothing lost, nothing decided twice. */
  readonly wrong: readonly string[]
}

/** Says what was wrong, one line each. */
export async function runFault(name: string, { share, seed, compiled }: FaultOptions): Promise<FaultResult> {
  const scenario = FAULTS[name]
  if (scenario === undefined) throw new Error(`no such fault: ${name}`)
  const lines: string[] = []
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
    lines.push(`${name}: ${count} ${scenario.what}, seed ${seed}`)
    lines.push(
      `  ${records.length} records, ${fires} fires, ${coalesced} coalesced, ${missed} missed, ${answers} answers`,
    )
    lines.push(`  ${ownerships} ownerships, ${leftBehind} records ignored, ${duplicates} commands repeated`)
    if (takenAt.length > 0) {
      const { line, median } = failovers(records, takenAt)
      lines.push(`  ${line}`)
      if (median > SESSION_TIMEOUT_MS + TAKEOVER_MS) cluster.wrong.push(`${name}: partitions stood still: ${line}`)
    }
    if (fires < 10) cluster.wrong.push(`${name}: ${fires} fires show nothing`)
  } finally {
    cluster.end()
    await broker.stop()
  }
  return { lines, wrong: cluster.wrong }
}
