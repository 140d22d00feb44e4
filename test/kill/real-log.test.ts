// The checker on a log that a scheduler wrote: what it reads there by the documentation alone is what the process did.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkLog } from '../checker/check-log.ts'
import { Victim } from './victim.ts'
import { JOB_IDS } from './workload.ts'

const LIMIT_MS = 60_000
let folder = ''
let victim: Victim

beforeAll(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'horolog-real-')), 'log')
  victim = new Victim(`file:${folder}`, 'real-1', 'drain')
  await victim.ended
}, LIMIT_MS)
afterAll(() => rmSync(join(folder, '..'), { recursive: true }))

test('the scheduler ended everything, and said nothing about it', async () => {
  expect(victim.stderr).toBe('')
  expect(await victim.ended).toEqual({ code: 0, signal: null })
})

test('a log that was closed after all runs were over is clean', () => {
  const executed = new Set(victim.after('ran').map((line) => line.slice(0, line.lastIndexOf(' '))))
  const report = checkLog(folder, { final: true, executed })
  expect(report.violations).toEqual([])
  expect(report.fires).toBeGreaterThanOrEqual(JOB_IDS.length)
  expect(report.outcomes).toBe(report.fires + report.extraRuns)
  expect(report).toMatchObject({ ownerships: 1, partitions: 1, openRuns: 0, tornTailBytes: 0, givenFireTimes: 0 })
  expect(report.unchecked.size).toBe(0)
  expect(report.events.get('JobRemoved')).toBe(JOB_IDS.length)
})

test('a byte that changes in it is found', () => {
  const file = join(folder, 'segment-00000000.log')
  const bytes = readFileSync(file)
  const at = bytes.indexOf(JOB_IDS[7] ?? '')
  const changed = Buffer.from(bytes)
  changed[at] = 0
  writeFileSync(file, changed)
  expect([...checkLog(folder).violationCounts.keys()]).toContain('damaged-frame')
  writeFileSync(file, bytes)
})
