import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Design §5, for a job of some 250 bytes in its record: the goal, and the most. */
const GOAL_BYTES = 450
const MOST_BYTES = 600

test('a job at rest takes no more memory than was promised', () => {
  const script = fileURLToPath(new URL('state-memory.ts', import.meta.url))
  const { added, hasRun } = JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })) as {
    readonly added: number
    readonly hasRun: number
  }
  expect(added).toBeGreaterThan(100)
  expect(added).toBeLessThan(GOAL_BYTES)
  expect(hasRun).toBeGreaterThan(added)
  expect(hasRun).toBeLessThan(MOST_BYTES)
})
