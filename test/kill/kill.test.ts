// The first kills of `npm run test:kill`, on every run of the tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCampaign, vacuity } from './campaign.ts'

const KILLS = 20
const LIMIT_MS = 120_000

test(
  `a scheduler that is killed ${KILLS} times at random moments loses nothing and decides nothing twice`,
  { timeout: LIMIT_MS },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'horolog-kill-'))
    const result = await runCampaign({ kills: KILLS, seed: 1, folder, say: () => {} })
    expect(result.wrong, `the log is in ${result.wrongFolder}`).toEqual([])
    expect(vacuity(result)).toEqual([])
    rmSync(folder, { recursive: true })
  },
)
