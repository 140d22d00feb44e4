/** Prints one JSON line per figure. `npm run bench [-- name …]` runs those whose group is named; all without a name. */
import { benchAppend } from './append.ts'
import { benchJobs } from './jobs.ts'
import { benchLateness } from './lateness.ts'
import type { BenchLine } from './line.ts'
import { benchTriggers } from './triggers.ts'
import { benchKafka } from './kafka.ts'
import { benchRestore } from './restore.ts'

const GROUPS: Readonly<Record<string, () => Promise<BenchLine[]>>> = {
  jobs: benchJobs,
  lateness: benchLateness,
  append: benchAppend,
  triggers: benchTriggers,
  restore: benchRestore,
  kafka: benchKafka,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in GROUPS))
if (unknown.length > 0) {
  process.stderr.write(`bench: expected names of ${Object.keys(GROUPS).join(', ')}, got ${unknown.join(', ')}\n`)
  process.exit(2)
}
for (const [name, run] of Object.entries(GROUPS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  for (const line of await run()) process.stdout.write(`${JSON.stringify(rounded(line))}\n`)
}

/** Four digits are more than a shared machine can tell. */
function rounded(line: BenchLine): BenchLine {
  const entries = Object.entries(line).map(([key, value]) => [key, typeof value === 'number' ? digits(value) : value])
  return Object.fromEntries(entries) as BenchLine
}

function digits(value: number): number {
  return Number(value.toPrecision(4))
}
