import { describe, expect, test, vi } from 'vitest'
import { cli, type Ended, parsed, startCli, temporaryFolder } from './cli-process.ts'

// A test starts up to two dozen processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 30_000 })

describe('horolog runs', () => {
  test('are listed with how they ended, looked at, done again and cancelled', async () => {
    const folder = temporaryFolder()
    const add = (id: string, ...args: readonly string[]): Promise<Ended> => cli(folder, 'jobs', 'add', id, ...args)
    await add('good', '--task', 'echo', '--payload', '"fine"')
    await add('bad', '--task', 'fail', '--cron', '0 0 1 1 *')
    const asked = JSON.parse((await cli(folder, 'jobs', 'run', 'bad', '-o', 'json')).stdout) as { runId: string }
    const dev = startCli(folder, 'dev')
    await dev.line('good ', 'finished')
    await dev.line('bad ', 'failed')
    dev.kill('SIGINT')
    await dev.ended

    const list = async (...args: readonly string[]): Promise<Record<string, unknown>[]> => {
      const { code, stdout } = await cli(folder, 'runs', 'ls', ...args, '-o', 'jsonl')
      expect([args, code]).toEqual([args, 0])
      return parsed(stdout)
    }
    const all = await list()
    expect(all.map(({ jobId, status }) => `${String(jobId)} ${String(status)}`).toSorted()).toEqual([
      'bad failed',
      'good succeeded',
    ])
    // Its job is gone; the events still have its run.
    expect(await list('good')).toMatchObject([{ status: 'succeeded', result: 'fine' }])
    expect(await list('--status', 'failed,lost')).toMatchObject([{ runId: asked.runId, cause: 'run-now' }])
    expect(await list('--limit', '1')).toHaveLength(1)

    const got = await cli(folder, 'runs', 'get', asked.runId, '-o', 'json')
    expect(JSON.parse(got.stdout)).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { name: 'Error', message: expect.stringContaining('attempt 1 fails') },
    })
    expect((await cli(folder, 'runs', 'get', asked.runId)).stdout).toMatch(
      /^id +bad\/[^]*\nerror +Error: attempt 1 fails/,
    )

    const again = await cli(folder, 'runs', 'retry', asked.runId, '-o', 'json')
    const { runId } = JSON.parse(again.stdout) as { runId: string }
    expect(JSON.parse(again.stdout)).toMatchObject({ retryOf: asked.runId, status: 'queued' })
    expect(await list('bad')).toMatchObject([{ runId, status: 'queued' }, { runId: asked.runId }])
    const cancelled = await cli(folder, 'runs', 'cancel', runId, '--reason', 'never mind')
    expect(cancelled).toMatchObject({ code: 0, stdout: `${runId} cancelled\n` })
    expect(await list('bad', '--status', 'cancelled')).toMatchObject([{ runId, reason: 'never mind' }])
    expect((await cli(folder, 'runs', 'cancel', runId)).stderr).toMatch(
      /^horolog: rejected \(run-final\): <run>: the run ended cancelled already\n$/,
    )
    const table = (await cli(folder, 'runs', 'ls')).stdout.split('\n')
    expect(table[0]).toMatch(/^RUN +STATUS +ATTEMPT +CAUSE +SINCE +TOOK +NOTE$/)
    expect(table[1]).toMatch(/ cancelled +1 +run-now .* never mind$/)
  })
})
