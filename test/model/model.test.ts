/** The short form of `npm run test:model`: one seed, so that it says the same for everybody. */
import { expect, test } from 'vitest'
import { runCampaign } from './campaign.ts'

const RUNS = 200
const SEED = 4

test('whatever clients, executors, clock and log do, the scheduler does what a plain model of jobs and runs says', async () => {
  const { ledger, failure } = await runCampaign({ runs: RUNS, seed: SEED, shrinks: true })
  expect(failure).toBeNull()
  expect(ledger.runs).toBe(RUNS)
  expect(ledger.meanCommands, 'runs are long').toBeGreaterThan(50)
}, 60_000)
