// What the command line says of clusters when none is there.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { cli, temporaryFolder } from './cli-process.ts'

// A test starts up to a dozen processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 30_000 })

/** Nobody listens there: only a superuser may. */
const NOWHERE = 'kafka://127.0.0.1:1/nowhere'

const ASKING: readonly (readonly string[])[] = [
  ['jobs', 'ls'],
  ['jobs', 'add', 'a', '--task', 't'],
  ['runs', 'ls'],
  ['schedule', 'pause'],
  ['events', '--follow'],
  ['explain', 'a'],
  ['verify'],
  ['topics', 'plan'],
  ['topics', 'apply'],
  ['serve'],
  ['worker', '--tasks', './tasks.ts'],
  ['dev'],
]

const WRONG: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['serve', '--log', 'file:x'], /: --log: expected 'kafka:.*got 'file:.*x': a folder has one process.*'horolog dev'/],
  [['worker', '--log', 'file:x', '--tasks', 't.ts'], /: --log: expected 'kafka:.*a folder has one process/],
  [['topics', 'plan', '--log', 'memory:'], /: --log: expected 'kafka:.*only a cluster has topics/],
  [['worker', '--log', NOWHERE], /required option '--tasks <module>'/],
  [['worker', '--log', NOWHERE, '--tasks', 'absent.ts'], /--tasks: expected a module/],
  [['worker', '--log', NOWHERE, '--tasks', 'tasks.ts', '--deadline', 'soon'], /--deadline: expected/],
  [['worker', '--log', NOWHERE, '--tasks', 'tasks.ts', '--concurrency', '0'], /whole number from 1/],
  [
    ['worker', '--log', NOWHERE, '--tasks', 'tasks.ts', '--concurrency', '2', '--concurrency', '3'],
    /--concurrency: expected one behind each --executor/,
  ],
  [['topics', 'apply', '--log', NOWHERE, '--executor', 'reports'], /Expected <name>=<partitions>/],
  [['jobs', 'ls', '--log', 'kafka://'], /: brokers: expected at least one host:port/],
  [['jobs', 'ls', '--log', 'kafka://me:sesame@host/x'], /: --log: expected no user and password in the address/],
  [['jobs', 'ls', '--log', `${NOWHERE}?acks=0`], /: log\?acks: expected one of/],
  [['jobs', 'ls', '--log', NOWHERE, '--kafka-config', 'absent'], /: --kafka-config: expected a file that can be read/],
  [['jobs', 'rm', 'a', '--log', NOWHERE, '--answer-timeout', 'soon'], /: --answer-timeout: expected/],
  [['serve', '--log', NOWHERE, '--max-clock-skew', '10ms'], /: --max-clock-skew: expected at least 1 s/],
  [['serve', '--log', NOWHERE, '--token-key-file', 'absent'], /: --token-key-file: expected a file that can be read/],
  [['serve', '--log', NOWHERE, '--token-key-file', 'short-key'], /: --token-key-file: expected keys of at least 16/],
]

/** Two at a time, as many as there are cores. */
async function each<T>(cases: readonly T[], check: (one: T) => Promise<void>): Promise<void> {
  const lane = async (first: number): Promise<void> => {
    for (let index = first; index < cases.length; index += 2) await check(cases[index] as T)
  }
  await Promise.all([lane(0), lane(1)])
}

function folderWithTasks(): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'tasks.ts'), 'export const t = (): number => 1\n')
  writeFileSync(join(folder, 'short-key'), 'sesame\n')
  return folder
}

describe('a cluster that is not there', () => {
  test('is unreachable, exit code 5, and its broker is named', async () => {
    const folder = folderWithTasks()
    await each(ASKING, async (args) => {
      const { code, stdout, stderr } = await cli(folder, ...args, '--log', NOWHERE)
      expect([args, code, stdout]).toEqual([args, 5, ''])
      expect(stderr).toMatch(/\nhorolog: .*127\.0\.0\.1:1\b.*\n$|^horolog: .*127\.0\.0\.1:1\b.*\n$/)
    })
  })

  test('is not asked when the verb is used wrongly, and no secret is repeated', async () => {
    const folder = folderWithTasks()
    await each(WRONG, async ([args, says]) => {
      const { code, stdout, stderr } = await cli(folder, ...args)
      expect([args, code, stdout]).toEqual([args, 2, ''])
      expect(stderr).toMatch(says)
      expect(stderr).not.toContain('sesame')
    })
  })
})

test('who asks for help, or reads a folder, does not load the Kafka client', async () => {
  const folder = temporaryFolder()
  const preload = join(folder, 'loaded.cjs')
  const list = "Object.keys(require.cache).some((file) => file.includes('kafkajs'))"
  writeFileSync(preload, `process.on('exit', () => process.stderr.write('kafkajs ' + ${list} + '\\n'))\n`)
  await cli(folder, 'jobs', 'add', 'a', '--task', 't', '--every', '1h')
  expect(await loads(folder, preload, ['--help'])).toBe('kafkajs false')
  expect(await loads(folder, preload, ['jobs', 'ls'])).toBe('kafkajs false')
  expect(await loads(folder, preload, ['jobs', 'ls', '--log', NOWHERE])).toBe('kafkajs true')
})

async function loads(folder: string, preload: string, args: readonly string[]): Promise<string | undefined> {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--require', preload, main, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', (bytes: Buffer) => void (text += bytes.toString()))
  await new Promise((resolve) => child.on('close', resolve))
  return text.trimEnd().split('\n').at(-1)
}
