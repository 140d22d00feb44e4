import { expect, test } from 'vitest'
import { fuzzTriggers } from './fuzz.ts'

test('50,000 random and mutated inputs end in an answer or a TriggerError, each soon', { timeout: 60_000 }, () => {
  const { accepted, problems, slowestMs } = fuzzTriggers(20_270_101, 50_000)
  expect(problems).toEqual([])
  // Otherwise it would have tested refusals only.
  expect(accepted).toBeGreaterThan(5_000)
  // What is bounded takes some tenths of a second at most; a busy machine may take many times as long.
  expect(slowestMs).toBeLessThan(5_000)
})
