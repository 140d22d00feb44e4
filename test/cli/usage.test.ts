import { describe, expect, test, vi } from 'vitest'
import { cli, parsed, temporaryFolder } from './cli-process.ts'

// A test starts up to two dozen processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 30_000 })

const WRONG: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['jbos', 'ls'], /unknown command 'jbos' \(Did you mean jobs\?\)/],
  [['jobs', 'add', 'a'], /required option '--task <name>'/],
  [['jobs', 'add', 'a', '--task', 't', '--cron', '61 * * * *'], /expected 0 to 59.*got "61"/],
  [['jobs', 'add', 'a', '--task', 't', '--payload', '{x'], /--payload: expected JSON/],
  [['jobs', 'add', 'a', '--task', 't', '--timeout', 'soon'], /: --timeout: expected/],
  [['jobs', 'ls', '-o', 'xml'], /Allowed choices are table, json, jsonl/],
  [['jobs', 'add', 'a', '--task', 't', '--every', 'soon'], /: --every: expected/],
  [['jobs', 'add', 'a', '--task', 't', '--trigger', '{"type":"date","at":"x"}'], /: --trigger at: expected/],
  [['jobs', 'add', 'a', '--task', 't', '--every=1h', '--zone', 'Mars'], /: --zone: expected an IANA time zone/],
  [['jobs', 'add', 'a', '--task', 't', '--zone', 'UTC'], /: --zone: expected beside --cron/],
  [['jobs', 'add', 'a', '--task', 't', '--retry-max=soon'], /: --retry-max: expected/],
  [['jobs', 'modify', 'a'], /: expected a change/],
  [['jobs', 'modify', 'a', '--reset', 'task'], /: --reset: expected names of payload, .*got "task"/],
  [['jobs', 'reschedule', 'a'], /: expected a trigger: --cron/],
  [['jobs', 'pause', 'a', '--label', 'b=c'], /: expected <id> or --label, got both/],
  [['jobs', 'pause', 'a', '--until', 'soon'], /: --until: expected an RFC 3339 instant .*, or a duration/],
  [['jobs', 'backfill', 'a', '--from', 'soon'], /: --from: expected an RFC 3339 instant .*, or a duration/],
  [['jobs', 'import', 'absent.json'], /: <file>: expected a file that can be read/],
  [['jobs', 'ls', '--watch', '-o', 'json'], /: --output: expected table with --watch/],
  [['runs', 'ls', '--status', 'done'], /: --status: expected names of waiting, .*got "done"/],
  [['runs', 'ls', '--limit', '0'], /'--limit <n>'.*whole number from 1/],
  [['explain', 'a/1-1-0/x', '--at', '2027-01-01T00:00:00Z'], /: --at: expected the id of a job/],
  [['jobs', 'ls', '--log', 'kafka:'], /: --log: expected 'memory:', 'file:<folder>' or 'kafka:.*, got "kafka:"/],
  [['events', '--type', 'RunQueud'], /--type: expected names of .*got "RunQueud"/],
  [['events', '--follow', '-o', 'json'], /expected table or jsonl with --follow/],
  [['next', '* * * * *', '--zone', 'Mars/Base'], /expected an IANA time zone/],
  [['next', 'every 1h', '--dst', 'skip'], /: --dst: expected beside crontab, .*got it beside interval/],
  [['next', 'H 3 * * *'], /--job <id>/],
  [['demo', '--for', 'ever'], /--for: expected/],
  [['demo', '--log', 'kafka://host'], /: --log: expected 'file:<folder>' or 'memory:'/],
]

describe('the command line', () => {
  test('a wrong use is told in one line, with exit code 2 and nothing on stdout', async () => {
    const folder = temporaryFolder()
    const half = Math.ceil(WRONG.length / 2)
    // Two at a time: as many as there are cores.
    const run = async (cases: typeof WRONG): Promise<void> => {
      for (const [args, says] of cases) {
        const { code, stdout, stderr } = await cli(folder, ...args)
        expect([args, code, stdout]).toEqual([args, 2, ''])
        expect(stderr).toMatch(says)
        expect(stderr).toMatch(/^horolog: .*\n$/)
      }
    }
    await Promise.all([run(WRONG.slice(0, half)), run(WRONG.slice(half))])
  })

  test('help and version are no errors, and no verb is one', async () => {
    const folder = temporaryFolder()
    const [help, version, none] = await Promise.all([cli(folder, '--help'), cli(folder, '--version'), cli(folder)])
    expect([help.code, version.code, none.code]).toEqual([0, 0, 2])
    for (const verb of ['demo', 'dev', 'serve', 'worker', 'jobs', 'runs', 'schedule', 'topics', 'explain', 'events'])
      expect(help.stdout).toContain(`\n  ${verb} `)
    expect(help.stdout).toContain('Examples:')
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('help', () => {
  test('every verb that horolog --help leads to says its usage, its options and an example', async () => {
    const folder = temporaryFolder()
    const { stdout } = await cli(folder, '--help')
    const nouns = [...stdout.matchAll(/^ {2}(jobs|runs|schedule|topics) {2,}/gm)].map(([, noun]) => noun ?? '')
    expect(nouns).toEqual(['jobs', 'runs', 'schedule', 'topics'])
    const singles = ['demo', 'dev', 'serve', 'worker', 'explain', 'events', 'verify', 'next'].map((verb) => [verb])
    const ofNouns = await Promise.all(
      nouns.map(async (noun) => verbsOf(noun, (await cli(folder, noun, '--help')).stdout)),
    )
    const verbs = [...singles, ...ofNouns.flat()]
    expect(verbs.length).toBeGreaterThanOrEqual(28)
    for (const verb of verbs) {
      const help = await cli(folder, ...verb, '--help')
      expect([verb, help.code, help.stderr]).toEqual([verb, 0, ''])
      expect(help.stdout).toMatch(new RegExp(`^Usage: horolog ${verb.join(' ')}[| ]`))
      expect(help.stdout).toMatch(new RegExp(`\\nExamples?:\\n {2}horolog [^]*${verb.join(' ')}`))
      expect(help.stdout).toContain('\nOptions:\n')
    }
  })
})

/** As the help of a noun lists them. */
function verbsOf(noun: string, help: string): string[][] {
  const [, list = ''] = help.split('\nCommands:\n')
  const verbs = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb ?? '')
  return verbs.filter((verb) => verb !== 'help').map((verb) => [noun, verb])
}

describe('horolog next', () => {
  test('shows local time and UTC, and the days on which the clocks change', async () => {
    const folder = temporaryFolder()
    const after = ['--after', '2027-03-27T00:00:00Z', '--count', '2']
    const table = await cli(folder, 'next', '30 2 * * *', '--zone', 'Europe/Paris', ...after)
    expect(table.stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^Europe\/Paris +UTC +WHEN$/),
      expect.stringMatching(/^2027-03-27T02:30:00\+01:00 {2}2027-03-27T01:30:00\.000Z {2}.*[^ ]$/),
      expect.stringMatching(
        /^2027-03-28T03:30:00\+02:00 {2}2027-03-28T01:30:00\.000Z {2}.*02:30 does not exist on 28 Mar: fires at 03:30$/,
      ),
    ])
    const rows = parsed(
      (await cli(folder, 'next', '30 2 * * *', '--zone', 'Europe/Paris', ...after, '-o', 'jsonl')).stdout,
    )
    expect(rows.map(({ at }) => at)).toEqual(['2027-03-27T01:30:00.000Z', '2027-03-28T01:30:00.000Z'])
    const skipping = ['--zone', 'Europe/Paris', ...after, '--dst', 'skip', '-o', 'jsonl']
    const skipped = parsed((await cli(folder, 'next', '30 2 * * *', ...skipping)).stdout)
    expect(skipped.map(({ at }) => at)).toEqual(['2027-03-27T01:30:00.000Z', '2027-03-29T00:30:00.000Z'])
  })

  test('understands aliases, spans and the JSON of a trigger', async () => {
    const folder = temporaryFolder()
    const at = async (...args: string[]): Promise<unknown[]> =>
      parsed((await cli(folder, 'next', ...args, '--after', '2027-01-30T12:00:00Z', '-o', 'jsonl')).stdout).map(
        (row) => row['at'],
      )
    expect(await at('@daily', '--count', '1')).toEqual(['2027-01-31T00:00:00.000Z'])
    expect(await at('every', '90s', '--count', '2')).toEqual(['2027-01-30T12:01:30.000Z', '2027-01-30T12:03:00.000Z'])
    const monthly = '{"type":"calendar-interval","months":1,"start":"2027-01-31"}'
    expect(await at(monthly, '--count', '2')).toEqual(['2027-01-31T00:00:00.000Z', '2027-03-31T00:00:00.000Z'])
    expect(await at('at 2020-01-01T00:00:00Z')).toEqual([])
  })
})
