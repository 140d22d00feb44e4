import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cli, parsed, startCli, temporaryFolder } from './cli-process.ts'

const TASKS = `
interface Payload { readonly name: string }
export const greet = async (_context: unknown, payload: Payload): Promise<object> => ({ greeted: payload.name })
export default async (scheduler: { addJob(job: object): Promise<unknown> }): Promise<void> => {
  await scheduler.addJob({ id: 'hello', task: 'greet', payload: { name: 'ts' }, trigger: { type: 'interval', every: 'PT0.2S' } })
}
`

describe('horolog dev', () => {
  test('runs the tasks of a TypeScript module; meanwhile others may read the log but not change it', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'tasks.ts'), TASKS)
    const dev = startCli(folder, 'dev', '--tasks', './tasks.ts')
    expect(await dev.line('log ')).toContain(join(folder, '.horolog'))
    await dev.line('found 0 jobs')
    await dev.line('tasks', 'greet')
    await dev.line('hello', 'succeeded', '{"greeted":"ts"}')

    const changing = [
      ['rm', 'hello'],
      ['pause', 'hello'],
      ['resume', 'hello'],
      ['run', 'hello'],
      ['add', 'b', '--task', 'greet'],
    ]
    const refused = await Promise.all(changing.map((args) => cli(folder, 'jobs', ...args)))
    expect(refused.map(({ code }) => code)).toEqual([5, 5, 5, 5, 5])
    for (const { stderr } of refused) expect(stderr).toMatch(new RegExp(`^horolog: .*process ${dev.pid}\\b.*\\n$`))

    const [ls, get, events, verify, runs, exported, why] = await Promise.all([
      cli(folder, 'jobs', 'ls', '-o', 'json'),
      cli(folder, 'jobs', 'get', 'hello', '-o', 'json'),
      cli(folder, 'events', '--type', 'RunSucceeded', '-o', 'jsonl'),
      cli(folder, 'verify'),
      cli(folder, 'runs', 'ls', 'hello', '-o', 'jsonl'),
      cli(folder, 'jobs', 'export'),
      cli(folder, 'explain', 'hello'),
    ])
    expect(parsed(runs.stdout)).toContainEqual(expect.objectContaining({ jobId: 'hello', status: 'succeeded' }))
    expect(JSON.parse(exported.stdout)).toMatchObject({ jobs: [{ id: 'hello' }] })
    expect(why.stdout).toContain('succeeded')
    expect(JSON.parse(ls.stdout)).toMatchObject([{ id: 'hello' }])
    expect(JSON.parse(get.stdout)).toMatchObject({ task: 'greet' })
    expect(parsed(events.stdout).length).toBeGreaterThan(0)
    expect(verify.code).toBe(0)

    dev.kill('SIGTERM')
    expect(await dev.ended).toMatchObject({ code: 0 })
    expect((await cli(folder, 'jobs', 'rm', 'hello')).code).toBe(0)
  })

  test('has sample tasks without a module, finds the jobs of before, and lets what runs finish', async () => {
    const folder = temporaryFolder()
    await cli(folder, 'jobs', 'add', 'nap', '--task', 'sleep', '--payload', '{"ms":400}')
    const dev = startCli(folder, 'dev')
    await dev.line('samples')
    await dev.line('found 1 job and 0 runs')
    await dev.line('nap', 'queued')
    dev.kill('SIGINT')
    const { code, stdout } = await dev.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/nap +succeeded .*\{"sleptMs":400\}/)
  })

  test('a module that gives no tasks, or that is not there, is told before the log is touched', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'none.ts'), 'export const x = 1')
    const results = await Promise.all(['none.ts', 'absent.ts'].map((name) => cli(folder, 'dev', '--tasks', name)))
    expect(results.map(({ code }) => code)).toEqual([2, 2])
    for (const { stderr } of results) expect(stderr).toMatch(/^horolog: --tasks: expected .*\n$/)
  })
})
