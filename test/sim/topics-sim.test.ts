/** A few clusters in trouble; more of them: `npm run test:sim -- --runs 1000`. */
import { expect, test } from 'vitest'
import { simulate } from './topics-sim.ts'

test.each([1, 2, 3, 4, 5, 6])(
  'cluster %i keeps its promises',
  async (seed) => {
    const { commands, runs } = await simulate(seed)
    expect(commands).toBeGreaterThan(50)
    expect(runs).toBeGreaterThan(50)
  },
  30_000,
)
