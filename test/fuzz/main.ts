/** `npm run test:fuzz [-- inputs [seed]]`: a million inputs to the parsers of triggers. Exits 1 when one goes wrong. */
import { fuzzTriggers } from './fuzz.ts'

const [inputs = 1_000_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
process.stderr.write(`fuzz: ${inputs} inputs, seed ${seed}\n`)
const began = performance.now()
const { accepted, slowestMs, slowest, problems } = fuzzTriggers(seed, inputs, (done) => {
  process.stderr.write(`fuzz: ${done} after ${((performance.now() - began) / 1_000).toFixed(0)} s\n`)
})
for (const problem of problems) process.stdout.write(`${problem}\n`)
process.stdout.write(`${accepted} of ${inputs} accepted; the slowest took ${slowestMs.toFixed(1)} ms: ${slowest}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
