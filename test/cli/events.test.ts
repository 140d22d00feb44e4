import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { cli, parsed, startCli, temporaryFolder } from './cli-process.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

describe('horolog events', () => {
  test('each line is one JSON object with its place on the log; a RunQueued has its job, run and time', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--every', '1h', '--actor', 'me')
    await cli(folder, 'jobs', 'run', 'a')
    const all = parsed((await cli(folder, 'events', '-o', 'jsonl')).stdout)
    expect(all.map(({ type }) => type)).toEqual([
      ...['OwnerAnnounced', 'JobAdded', 'BatchCommitted'],
      ...['OwnerAnnounced', 'RunQueued', 'BatchCommitted'],
    ])
    expect(all.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5])
    for (const event of all) {
      expect(Object.keys(event).slice(0, 2)).toEqual(['partition', 'offset'])
      for (const name of ['partition', 'offset', 'epoch', 'seq', 'index']) expect(event[name]).toBeTypeOf('number')
      expect(event['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    }
    expect(all[1]).toMatchObject({ type: 'JobAdded', jobId: 'a', actor: 'me' })
    const asJsonl = ['-o', 'jsonl']
    const [runs, others, later, recent] = await Promise.all([
      cli(folder, 'events', '--type', 'RunQueued', '--job', 'a', ...asJsonl),
      cli(folder, 'events', '--job', 'b', ...asJsonl),
      cli(folder, 'events', '--from', '2100-01-01T00:00:00Z', '-o', 'json'),
      cli(folder, 'events', '--from', '1h', '-o', 'json'),
    ])
    const [queued] = parsed(runs.stdout)
    expect(queued).toMatchObject({ jobId: 'a', cause: 'run-now' })
    expect(queued?.['runId']).toMatch(/^a\/1-1-0\//)
    expect(queued?.['scheduledAt']).toMatch(/Z$/)
    expect(others.stdout).toBe('')
    expect(JSON.parse(later.stdout)).toEqual([])
    expect(JSON.parse(recent.stdout)).toHaveLength(6)
  })

  test('follows the log while another process writes it', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--every', '1h')
    const following = startCli(folder, 'events', '--follow', '-o', 'jsonl')
    await following.line('"JobAdded"')
    await cli(folder, 'jobs', 'pause', 'a')
    await following.line('"JobPaused"', '"offset":4')
    following.kill('SIGINT')
    expect((await following.ended).code).toBe(0)
  })

  test('a reader that goes away ends it quietly', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--every', '1h')
    const command = `"${process.execPath}" "${MAIN}" events -o jsonl 2>err | head -c 10 >/dev/null; echo "\${PIPESTATUS[0]}"; cat err`
    expect(spawnSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8' }).stdout).toBe('0\n')
  })

  test('a log that is not there is told, and none is made', async () => {
    const folder = temporaryFolder()
    const results = await Promise.all([cli(folder, 'events'), cli(folder, 'verify')])
    expect(results.map(({ code }) => code)).toEqual([3, 3])
    expect(existsSync(join(folder, '.horolog'))).toBe(false)
  })
})
