/** A tenth of `npm run test:faults -- --kafka`, on every run of the tests on a real broker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FAULTS, runFault } from '../faults/run-fault.ts'
import { describeWithBrokers } from '../support/kafka/on-kafka.ts'

const LIMIT_MS = 240_000
const SHARE = 0.1

describeWithBrokers('nothing is lost and nothing is decided twice', () => {
  test.for(Object.entries(FAULTS))('with %s', { timeout: LIMIT_MS }, async ([name]) => {
    const folder = mkdtempSync(join(tmpdir(), 'horolog-faults-'))
    const { wrong } = await runFault(name, { share: SHARE, seed: 1, compiled: join(folder, 'compiled') })
    expect(wrong).toEqual([])
    rmSync(folder, { recursive: true })
  })
})
