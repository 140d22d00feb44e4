import { describe, expect, test, vi } from 'vitest'
import { cli, startCli, temporaryFolder } from './cli-process.ts'

// A test starts up to two dozen processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 30_000 })

describe('horolog demo', () => {
  test('fires at once, shows every kind of fact on a line of its own, and ends by itself with a summary', async () => {
    const folder = temporaryFolder()
    const startedAt = Date.now()
    const { code, stdout, stderr } = await cli(folder, 'demo', '--for', '3s')
    expect(code).toBe(0)
    const facts = stdout.split('\n').filter((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}\S+ +\S+/.test(line))
    const words = new Set(facts.map((line) => line.split(/ +/)[2]))
    for (const word of ['queued', 'succeeded', 'failed', 'retrying']) expect(words).toContain(word)
    for (const job of ['every-second', 'crontab', 'flaky', 'long'])
      expect(facts.some((line) => line.includes(`  ${job} `))).toBe(true)
    const firstFire = facts.find((line) => line.includes(' queued '))?.split(' ')[0] ?? ''
    expect(Date.parse(firstFire) - startedAt).toBeLessThan(2_000)
    expect(stdout).toMatch(/^summary: \d+ runs in 3\.\ds: \d+ succeeded, 1 failed; \d+ retr/m)
    expect(stderr).toContain(`${folder}/.horolog-demo`)
    expect(stderr).toContain('kill -9')
    expect(stderr).not.toContain('rror')
  })

  test('goes on after kill -9, and says what it found, caught up and recovered', async () => {
    const folder = temporaryFolder()
    const first = startCli(folder, 'demo')
    // Reported when it has run for a second: it is in the middle of its two.
    await first.line('long', 'started')
    first.kill('SIGKILL')
    await first.ended
    await untilDue(folder)
    const second = startCli(folder, 'demo')
    await second.line('found 5 jobs and 1 run that had not ended')
    await second.line('caught up:', 'passed while nothing ran')
    await second.line('recovered: long/', 'ran again and succeeded')
    second.kill('SIGINT')
    const { code, stdout } = await second.ended
    expect(code).toBe(0)
    expect(stdout).toContain('summary:')
    expect(stdout).not.toContain('added')
    expect((await cli(folder, 'verify', '--log', LOG)).code).toBe(0)
  })

  test('Ctrl-C does not wait for a long run: it is left open, and the next start takes it up', async () => {
    const folder = temporaryFolder()
    const first = startCli(folder, 'demo')
    await first.line('long', 'started')
    first.kill('SIGINT')
    const { code, stdout } = await first.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/^summary: .*; 1 run under way, to run again at the next start$/m)
    const second = startCli(folder, 'demo')
    await second.line('recovered: long/', 'ran again and succeeded')
    second.kill('SIGINT')
    expect((await second.ended).code).toBe(0)
  })
})

const LOG = 'file:.horolog-demo'

/** Until a job was due while nothing ran. */
async function untilDue(folder: string): Promise<void> {
  for (;;) {
    const { stdout } = await cli(folder, 'jobs', 'get', 'every-second', '--log', LOG, '-o', 'json')
    const { nextFireTime } = JSON.parse(stdout) as { nextFireTime: string }
    if (Date.parse(nextFireTime) < Date.now()) return
  }
}
