// The command: exit codes, lines and JSON.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { batch, historyOf } from './plant/checked.ts'
import { writeLogFolder } from './plant/frames.ts'
import { at, fired, succeeded } from './plant/story.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'horolog-checker-'))
  writeLogFolder(join(folder, 'clean'), historyOf(batch(at(1), fired(1), succeeded(1))).appends)
  writeLogFolder(join(folder, 'gap'), historyOf(batch(at(2), fired(2))).appends)
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: folder })
}

test('a clean log exits 0, and as JSON gives its counts', () => {
  const { status, stdout } = run('clean', '--final', '--json')
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, fires: 1, outcomes: 1, openRuns: 0, violations: [] })
})

test('a violation exits 1, with a line that names the offset', () => {
  const { status, stdout } = run('gap')
  expect(status).toBe(1)
  expect(stdout).toMatch(/^partition 0 offset 3: not-decided: job tick 1-1-0: 1 from 2027-01-01T09:00:01\.000Z/)
  writeFileSync(join(folder, 'ids'), 'add-tick\nlost\n')
  expect(run('clean', '--acknowledged', 'ids', '--json').stdout).toMatch(/"lost-command":1/)
})

test.each([
  ['no folder', []],
  ['an option that is not known', ['clean', '--quick']],
  ['a folder without a log', ['nothing']],
])('%s exits 2 and says why', (_, args) => {
  const { status, stdout, stderr } = run(...args)
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).not.toBe('')
})
