import { describe, expect, test } from 'vitest'
import { cli, parsed, temporaryFolder } from './cli-process.ts'

const WRONG: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['jbos', 'ls'], /unknown command 'jbos' \(Did you mean jobs\?\)/],
  [['jobs', 'add', 'a'], /required option '--task <name>'/],
  [['jobs', 'add', 'a', '--task', 't', '--cron', '61 * * * *'], /expected 0 to 59.*got "61"/],
  [['jobs', 'add', 'a', '--task', 't', '--payload', '{x'], /--payload: expected JSON/],
  [['jobs', 'add', 'a', '--task', 't', '--timeout', 'soon'], /job\.timeout: expected/],
  [['jobs', 'ls', '-o', 'xml'], /Allowed choices are table, json, jsonl/],
  [['jobs', 'ls', '--log', 'kafka:'], /log: expected 'memory:' or 'file:<folder>', got "kafka:"/],
  [['events', '--type', 'RunQueud'], /--type: expected names of .*got "RunQueud"/],
  [['events', '--follow', '-o', 'json'], /expected table or jsonl with --follow/],
  [['next', '* * * * *', '--zone', 'Mars/Base'], /expected an IANA time zone/],
  [['next', 'H 3 * * *'], /--job <id>/],
  [['demo', '--for', 'ever'], /--for: expected/],
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
    for (const verb of ['demo', 'dev', 'jobs', 'events', 'verify', 'next'])
      expect(help.stdout).toContain(`\n  ${verb} `)
    expect(help.stdout).toContain('Examples:')
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('horolog next', () => {
  test('shows local time and UTC, and the days on which the clocks change', async () => {
    const folder = temporaryFolder()
    const after = ['--after', '2027-03-27T00:00:00Z', '--count', '2']
    const table = await cli(folder, 'next', '30 2 * * *', '--zone', 'Europe/Paris', ...after)
    expect(table.stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^Europe\/Paris +UTC +WHEN$/),
      expect.stringMatching(/^2027-03-27T02:30:00\+01:00 {2}2027-03-27T01:30:00\.000Z {2}.*[^ ]$/),
      expect.stringMatching(
        /^2027-03-28T03:30:00\+02:00 {2}2027-03-28T01:30:00\.000Z {2}.*clocks go forward: 02:00-03:00 is skipped$/,
      ),
    ])
    const rows = parsed(
      (await cli(folder, 'next', '30 2 * * *', '--zone', 'Europe/Paris', ...after, '-o', 'jsonl')).stdout,
    )
    expect(rows.map(({ at }) => at)).toEqual(['2027-03-27T01:30:00.000Z', '2027-03-28T01:30:00.000Z'])
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
