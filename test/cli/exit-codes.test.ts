import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { cli, startCli, temporaryFolder } from './cli-process.ts'

// A test starts up to two dozen processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 30_000 })

/** What becomes of a verb: its exit code, and what its one line on stderr says. */
type Told = readonly [args: readonly string[], says: RegExp]

const RUN = 'absent/1-1-0/20270101T090000.000Z'

const NOT_FOUND: readonly Told[] = [
  [['jobs', 'get', 'absent'], /no job "absent" in /],
  [['jobs', 'modify', 'absent', '--name', 'x'], /job-not-found.*<id>: expected the id of a job, got "absent"/],
  [['jobs', 'reschedule', 'absent', '--every', '1h'], /job-not-found/],
  [['jobs', 'pause', 'absent'], /job-not-found/],
  [['jobs', 'resume', 'absent'], /job-not-found/],
  [['jobs', 'rm', 'absent'], /job-not-found/],
  [['jobs', 'run', 'absent'], /job-not-found/],
  [['jobs', 'backfill', 'absent', '--from', '1h'], /job-not-found/],
  [['jobs', 'export', 'absent'], /no job "absent" in /],
  [['runs', 'ls', 'absent'], /no job "absent" and no run of it/],
  [['runs', 'get', RUN], /no run "absent\/.*" in /],
  [['runs', 'cancel', RUN], /run-not-found.*<run>: expected a run of the job/],
  [['runs', 'retry', RUN], /job-not-found/],
  [['explain', 'absent'], /no job "absent" in the events/],
  [['explain', RUN], /no run "absent\/.*" in the events/],
]

const REJECTED: readonly Told[] = [
  [['jobs', 'add', 'a', '--task', 'echo', '--if-exists', 'reject'], /job-exists/],
  [['jobs', 'add', 'b', '--task', 'echo', '--executor', 'absent'], /unknown-executor.*--executor: expected/],
  [['jobs', 'add', 'b!', '--task', 'echo'], /invalid-id.*<id>: expected 1 to 200 characters/],
  [['jobs', 'modify', 'a', '--name', 'x', '--if-version', '7'], /version-conflict.*--if-version: expected/],
  [['jobs', 'modify', 'a', '--timeout', '9000d'], /invalid-option.*--timeout: expected/],
  [['jobs', 'backfill', 'a', '--from', '1h', '--to', '2h'], /--to: expected a time later than --from/],
  [['jobs', 'run', 'a'], /limit-exceeded/],
]

/** Of a log that another process owns. */
const UNREACHABLE: readonly (readonly string[])[] = [
  ['jobs', 'modify', 'a', '--name', 'x'],
  ['jobs', 'backfill', 'a', '--from', '1h'],
  ['jobs', 'import', 'jobs.json'],
  ['runs', 'cancel', RUN],
  ['runs', 'retry', RUN],
  ['schedule', 'pause'],
  ['schedule', 'resume'],
  ['dev'],
]

/** Two at a time, as many as there are cores, each in a folder of its own. */
async function each<T>(
  cases: readonly T[],
  folders: readonly string[],
  check: (one: T, folder: string) => Promise<void>,
): Promise<void> {
  const lanes = folders.map(async (folder, lane) => {
    for (const one of cases.filter((_, index) => index % folders.length === lane)) await check(one, folder)
  })
  await Promise.all(lanes)
}

/** Two folders with an hourly job `a`. */
async function foldersWithJob(): Promise<readonly string[]> {
  const folders = [temporaryFolder(), temporaryFolder()]
  await Promise.all(folders.map((folder) => cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--every', '1h')))
  return folders
}

describe('exit codes', () => {
  test('3: there is no such job or run', async () => {
    await each(NOT_FOUND, await foldersWithJob(), async ([args, says], folder) => {
      const { code, stdout, stderr } = await cli(folder, ...args)
      expect([args, code, stdout]).toEqual([args, 3, ''])
      expect(stderr).toMatch(says)
      expect(stderr).toMatch(/^horolog: .*\n$/)
    })
  })

  test('3: there is no log', async () => {
    const asked = [...NOT_FOUND.map(([args]) => args), ['schedule', 'pause'], ['schedule', 'resume']]
    await each(asked, [temporaryFolder(), temporaryFolder()], async (args, folder) => {
      const { code, stderr } = await cli(folder, ...args, '--log', 'file:nowhere')
      expect([args, code]).toEqual([args, 3])
      expect(stderr).toMatch(/^horolog: no log: the folder .*nowhere does not exist/)
    })
  })

  test('4: the log has rejected the command, and names the flag that was typed', async () => {
    const folders = await foldersWithJob()
    await Promise.all(folders.map((folder) => cli(folder, 'jobs', 'run', 'a')))
    await each(REJECTED, folders, async ([args, says], folder) => {
      const { code, stdout, stderr } = await cli(folder, ...args)
      expect([args, code, stdout]).toEqual([args, 4, ''])
      expect(stderr).toMatch(says)
      expect(stderr).toMatch(/^horolog: rejected \([a-z-]+\): .*\n$/)
    })
  })

  test('5: another process owns the log, and is named', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'jobs.json'), '{"horolog":1,"jobs":[]}')
    const owner = startCli(folder, 'dev')
    await owner.line('ready')
    await each(UNREACHABLE, [folder, folder], async (args) => {
      const { code, stderr } = await cli(folder, ...args)
      expect([args, code]).toEqual([args, 5])
      expect(stderr).toMatch(new RegExp(`horolog: .*process ${owner.pid}\\b.*\\n$`))
    })
  })
})
