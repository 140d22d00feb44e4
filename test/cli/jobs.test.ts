import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cli, parsed, temporaryFolder } from './cli-process.ts'

describe('horolog jobs', () => {
  test('a job is added, listed, paused, resumed, run and removed', async () => {
    const folder = temporaryFolder()
    const jobs = async (...args: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await cli(folder, 'jobs', ...args, '-o', 'json')
      expect(stderr).not.toMatch(/^horolog:/m)
      expect(code).toBe(0)
      return JSON.parse(stdout)
    }
    const trigger = ['--cron', '0 9 * * 1-5', '--zone', 'Europe/Paris']
    const policies = [
      '--max-attempts',
      '3',
      '--timeout',
      '90s',
      '--misfire-grace',
      '1h',
      '--label',
      'team=a',
      '--label',
      'x=1=2',
    ]
    expect(
      await jobs('add', 'report', '--task', 'echo', '--payload', '{"page":1}', ...trigger, ...policies),
    ).toMatchObject({
      id: 'report',
      task: 'echo',
      payload: { page: 1 },
      trigger: { type: 'crontab', expression: '0 9 * * 1-5', zone: 'Europe/Paris' },
      retry: { maxAttempts: 3 },
      timeoutMs: 90_000,
      misfireGraceMs: 3_600_000,
      labels: { team: 'a', x: '1=2' },
      version: 1,
    })
    expect(await jobs('ls')).toMatchObject([{ id: 'report', paused: null }])
    expect(await jobs('pause', 'report', '--reason', 'holiday')).toMatchObject({ paused: { reason: 'holiday' } })
    expect(await jobs('get', 'report')).toMatchObject({ id: 'report', paused: { reason: 'holiday' }, openRuns: [] })
    expect(await jobs('resume', 'report')).toMatchObject({ paused: null })
    const run = (await jobs('run', 'report', '--payload', '{"page":2}')) as { runId: string }
    expect(run).toMatchObject({ jobId: 'report', status: 'queued' })
    expect(await jobs('get', 'report')).toMatchObject({ openRuns: [run.runId] })
    expect(await jobs('rm', 'report')).toEqual({ id: 'report', removed: true })
    expect(await jobs('ls')).toEqual([])
  })

  test('adding says what became of the job, and running that nobody executes it', async () => {
    const folder = temporaryFolder()
    const add = (...more: string[]) => cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--every', '1h', ...more)
    expect((await add()).stdout).toMatch(/^a added: every 1 h.*; next \d{4}-/)
    expect((await add()).stdout).toMatch(/^a is unchanged/)
    expect((await add('--payload', '2')).stdout).toMatch(/^a changed/)
    const run = await cli(folder, 'jobs', 'run', 'a')
    expect(run.stdout).toMatch(/^a queued: a\//)
    expect(run.stderr).toContain("it will run when 'horolog dev' or the application starts")
    const again = await cli(folder, 'jobs', 'run', 'a')
    expect(again.code).toBe(4)
    expect(again.stderr).toMatch(/^horolog: rejected \(limit-exceeded\): .*\n$/)
  })

  test('what is not there ends with exit code 3, and no folder is made by asking', async () => {
    const folder = temporaryFolder()
    const asked = [['ls'], ['get', 'a'], ['rm', 'a'], ['pause', 'a'], ['resume', 'a'], ['run', 'a']]
    const answers = await Promise.all(asked.map((args) => cli(folder, 'jobs', ...args)))
    expect(answers.map(({ code, stdout }) => `${code}${stdout}`)).toEqual(asked.map(() => '3'))
    for (const { stderr } of answers) expect(stderr).toContain(join(folder, '.horolog'))
    expect(existsSync(join(folder, '.horolog'))).toBe(false)
    await cli(folder, 'jobs', 'add', 'a', '--task', 'echo', '--in', '1h')
    const [gone, removed] = [await cli(folder, 'jobs', 'get', 'b'), await cli(folder, 'jobs', 'rm', 'b')]
    expect([gone.code, removed.code]).toEqual([3, 3])
    expect(gone.stderr).toContain('no job "b"')
  })

  test('the list is one line a job, in the order of the next fire', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'later', '--task', 'echo', '--in', '2h')
    await cli(folder, 'jobs', 'add', 'sooner', '--task', 'echo', '--in', '1h')
    const [text, lines] = await Promise.all([cli(folder, 'jobs', 'ls'), cli(folder, 'jobs', 'ls', '-o', 'jsonl')])
    const table = text.stdout.split('\n')
    expect(table[0]).toMatch(/^ID +TASK +STATE +NEXT +LAST +OK\/FAILED +WHEN$/)
    expect(table.slice(1, 3).map((line) => line.split(' ')[0])).toEqual(['sooner', 'later'])
    expect(parsed(lines.stdout).map(({ id }) => id)).toEqual(['sooner', 'later'])
  })
})
