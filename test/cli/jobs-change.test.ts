import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { cli, type Ended, parsed, startCli, temporaryFolder } from './cli-process.ts'

// A test starts up to two dozen processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 30_000 })

/** The jobs of a folder, as JSON; every call is expected to succeed. */
function jobsIn(folder: string): (...args: readonly string[]) => Promise<Record<string, unknown>> {
  return async (...args) => {
    const { code, stdout, stderr } = await cli(folder, ...args, '-o', 'json')
    expect([args, code, stderr.match(/^horolog:.*/m)]).toEqual([args, 0, null])
    return JSON.parse(stdout) as Record<string, unknown>
  }
}

describe('horolog jobs modify and reschedule', () => {
  test('what a flag gives is changed, the rest and the phase stay, and a reset goes back to the default', async () => {
    const folder = temporaryFolder()
    const horolog = jobsIn(folder)
    const policies = ['--timeout', '90s', '--max-attempts', '3', '--label', 'team=a']
    const added = await horolog('jobs', 'add', 'a', '--task', 'echo', '--every', '1h', ...policies)
    const modify = (...args: readonly string[]): Promise<Record<string, unknown>> =>
      horolog('jobs', 'modify', 'a', ...args)
    expect(await modify('--retry-initial', '5s', '--overlap', 'queue', '--payload', '[1]')).toMatchObject({
      version: 2,
      payload: [1],
      overlap: 'queue',
      timeoutMs: 90_000,
      labels: { team: 'a' },
      retry: { maxAttempts: 3, initialMs: 5_000 },
      nextFireTime: added['nextFireTime'],
    })
    expect(await modify('--reset', 'timeout,retry,payload,label')).toMatchObject({
      version: 3,
      payload: null,
      timeoutMs: null,
      labels: {},
      retry: { maxAttempts: 1, initialMs: 1_000 },
    })
    expect(await modify('--name', 'A', '--if-version', '3')).toMatchObject({ name: 'A', version: 4 })
    expect(await modify('--name', 'A')).toMatchObject({ version: 4 })

    const next = await horolog('jobs', 'reschedule', 'a', '--at', '2100-01-01T00:00:00', '--zone', 'Europe/Paris')
    expect(next).toMatchObject({ version: 5, nextFireTime: '2099-12-31T23:00:00.000Z' })
    expect((await cli(folder, 'jobs', 'modify', 'a', '--cron', '@daily')).stdout).toMatch(
      /^a changed, version 6: .*; next \d{4}-.*T00:00:00\.000Z\n$/,
    )
  })
})

describe('horolog jobs pause', () => {
  test('holds all jobs of a label until an instant, also those that are added later', async () => {
    const folder = temporaryFolder()
    const horolog = jobsIn(folder)
    const add = (id: string): Promise<unknown> =>
      horolog('jobs', 'add', id, '--task', 'echo', '--every', '1h', '--label', 'team=a')
    await add('early')
    const until = '2100-01-01T00:00:00.000Z'
    expect(await horolog('jobs', 'pause', '--label', 'team=a', '--until', until, '--reason', 'why not')).toEqual({
      labels: { team: 'a' },
      paused: { reason: 'why not', until },
    })
    await add('late')
    await horolog('jobs', 'add', 'other', '--task', 'echo', '--every', '1h')
    const states = (await cli(folder, 'jobs', 'ls')).stdout
    for (const id of ['early', 'late'])
      expect(states).toMatch(new RegExp(`^${id} +echo +paused by team=a: why not `, 'm'))
    expect(states).toMatch(/^other +echo +scheduled /m)
    const [labelled, limited] = [
      await cli(folder, 'jobs', 'ls', '--label', 'team=a', '-o', 'jsonl'),
      await cli(folder, 'jobs', 'ls', '--limit', '1', '-o', 'jsonl'),
    ]
    expect(parsed(labelled.stdout).map(({ id }) => id)).toEqual(['early', 'late'])
    const hold = { kind: 'labels', labels: { team: 'a' }, reason: 'why not', until }
    expect(parsed(labelled.stdout)).toMatchObject(Array.from({ length: 2 }, () => ({ paused: null, heldBy: [hold] })))
    expect(parsed(limited.stdout)).toHaveLength(1)
    expect(await horolog('jobs', 'resume', '--label', 'team=a')).toEqual({ labels: { team: 'a' }, resumed: true })
    expect(await horolog('jobs', 'resume', '--label', 'team=a')).toMatchObject({ resumed: false })
  })

  test('of one job ends by itself after a duration', async () => {
    const folder = temporaryFolder()
    const horolog = jobsIn(folder)
    await horolog('jobs', 'add', 'a', '--task', 'echo', '--every', '1h')
    const from = Date.now()
    const { paused } = (await horolog('jobs', 'pause', 'a', '--until', '2h')) as { paused: { until: string } }
    expect(Date.parse(paused.until) - from).toBeGreaterThanOrEqual(7_200_000)
    expect(Date.parse(paused.until) - Date.now()).toBeLessThanOrEqual(7_200_000)
  })
})

describe('horolog schedule', () => {
  test('is paused and resumed as a whole, and the list of jobs says so', async () => {
    const folder = temporaryFolder()
    const horolog = jobsIn(folder)
    await horolog('jobs', 'add', 'a', '--task', 'echo', '--every', '1h')
    expect(await horolog('schedule', 'pause', '--reason', 'maintenance')).toEqual({
      paused: { reason: 'maintenance', until: null },
    })
    expect((await cli(folder, 'jobs', 'ls')).stderr).toContain('The whole schedule is paused')
    expect((await cli(folder, 'schedule', 'resume')).stdout).toBe('the schedule goes on\n')
    expect((await cli(folder, 'schedule', 'resume')).stdout).toBe('the schedule was not paused\n')
    expect((await cli(folder, 'jobs', 'ls')).stderr).toBe('')
  })
})

describe('horolog jobs backfill', () => {
  test('first says which times it would run, then queues them one after another', async () => {
    const folder = temporaryFolder()
    const horolog = jobsIn(folder)
    await horolog('jobs', 'add', 'a', '--task', 'echo', '--cron', '0 * * * *')
    const range = ['--from', '2027-01-01T00:00:00Z', '--to', '2027-01-01T03:00:00Z']
    const times = ['00', '01', '02'].map((hour) => `2027-01-01T${hour}:00:00.000Z`)
    const dry = await cli(folder, 'jobs', 'backfill', 'a', ...range, '--dry-run')
    expect(dry).toMatchObject({ code: 0, stdout: `${times.join('\n')}\n` })
    expect(dry.stderr).toContain('a would get 3 runs')
    expect(await horolog('jobs', 'get', 'a')).toMatchObject({ openRuns: [] })
    const { runs } = (await horolog('jobs', 'backfill', 'a', ...range)) as { runs: string[] }
    expect(await horolog('jobs', 'get', 'a')).toMatchObject({ openRuns: runs })
    const listed = parsed((await cli(folder, 'runs', 'ls', 'a', '-o', 'jsonl')).stdout)
    expect(listed.map(({ scheduledAt, status }) => [scheduledAt, status])).toEqual([
      [times[0], 'queued'],
      [times[1], 'waiting'],
      [times[2], 'waiting'],
    ])
  })
})

describe('horolog jobs export and import', () => {
  test('carry jobs to another log with their phase; those that are there are kept when it is asked', async () => {
    const folder = temporaryFolder()
    const horolog = jobsIn(folder)
    await horolog('jobs', 'add', 'a', '--task', 'echo', '--payload', '{"x":1}', '--every', '1h')
    await horolog('jobs', 'add', 'b', '--task', 'echo', '--cron', '@daily', '--paused')
    const exported = await cli(folder, 'jobs', 'export')
    expect(exported.stderr).toContain('2 jobs of ')
    writeFileSync(join(folder, 'jobs.json'), exported.stdout)
    const there = ['--log', 'file:there']
    const first = await cli(folder, 'jobs', 'import', 'jobs.json', ...there)
    expect(first).toMatchObject({ code: 0, stdout: 'ID  RESULT\na   added\nb   added\n' })
    const [from, to] = [await horolog('jobs', 'get', 'a'), await horolog('jobs', 'get', 'a', ...there)]
    expect(to).toMatchObject({ payload: { x: 1 }, nextFireTime: from['nextFireTime'] })
    expect(await horolog('jobs', 'get', 'b', ...there)).toMatchObject({ paused: { reason: null } })

    const again = (ifExists: string): Promise<Ended> =>
      cli(folder, 'jobs', 'import', 'jobs.json', ...there, '--if-exists', ifExists, '-o', 'jsonl')
    expect(parsed((await again('keep')).stdout).map(({ what }) => what)).toEqual(['kept', 'kept'])
    const refused = await again('reject')
    expect(refused.code).toBe(4)
    expect(parsed(refused.stdout)).toMatchObject([
      { id: 'a', what: 'refused', refused: expect.stringMatching(/^job-exists: /) },
      { id: 'b', what: 'refused' },
    ])
    expect(refused.stderr).toContain('horolog: 2 jobs of 2 refused')
  })

  test('a file that is none is told with the place in it, and no log is made', async () => {
    const folder = temporaryFolder()
    const files = ['{x', '{"jobs":[]}', '{"horolog":1,"jobs":[{"id":"a"},{"task":"x"}]}']
    const says = [
      /jobs\.json: expected JSON/,
      /<file>: expected an object with horolog: 1/,
      /<file> jobs\[1\]\.id: expected/,
    ]
    for (const [index, text] of files.entries()) {
      writeFileSync(join(folder, 'jobs.json'), text)
      const { code, stderr } = await cli(folder, 'jobs', 'import', 'jobs.json')
      expect([text, code]).toEqual([text, 2])
      expect(stderr).toMatch(says[index] ?? /never/)
    }
    expect((await cli(folder, 'jobs', 'ls')).code).toBe(3)
  })
})

describe('--watch', () => {
  test('shows the jobs again when another process changes one, until it is stopped', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--every', '1h')
    const watching = startCli(folder, 'jobs', 'ls', '--watch')
    await watching.line('a ', 'scheduled')
    await cli(folder, 'jobs', 'pause', 'a')
    await watching.line('a ', 'paused')
    watching.kill('SIGINT')
    expect((await watching.ended).code).toBe(0)
  })
})
