/** `npm run test:sim -- [--runs 200] [--seed n]`: clusters over topics in trouble. Exit 0: all promises held · 1: not · 2: usage. */
import { parseArgs } from 'node:util'
import { simulate } from './topics-sim.ts'

const text = { type: 'string' } as const

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runs: text, seed: text } })
  const runs = Number(values.runs ?? 200)
  const first = Number(values.seed ?? 1 + Math.floor(Math.random() * 2 ** 30))
  if (!Number.isSafeInteger(runs) || !Number.isSafeInteger(first)) {
    console.error('usage: npm run test:sim -- [--runs <number>] [--seed <number>]')
    return 2
  }
  const begun = performance.now()
  const sums = { commands: 0, runs: 0, crashes: 0, faults: 0 }
  let broken = 0
  for (let seed = first; seed < first + runs; seed += 1) {
    try {
      const done = await simulate(seed)
      for (const name of ['commands', 'runs', 'crashes', 'faults'] as const) sums[name] += done[name]
    } catch (error) {
      broken += 1
      console.log((error as Error).message)
    }
  }
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  console.log(`seeds ${first} to ${first + runs - 1}: ${JSON.stringify(sums)}, ${broken} broken, ${seconds} s`)
  return broken === 0 ? 0 : 1
}

process.exitCode = await main()
