/** Where the keys of tokens come from, and that nothing says what they are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { unflatten } from '../../src/config/flat-options.ts'
import { OptionError } from '../../src/config/option-error.ts'
import { tokenKeys } from '../../src/config/token-keys.ts'
import { Scheduler } from '../../src/index.ts'
import { T0 } from '../support/moments.ts'

const folder = mkdtempSync(join(tmpdir(), 'horolog-token-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

const A = 'hush hush, key a'
const B = 'hush hush, key b'
const NONE = {}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function texts(...[given, variables = NONE]: Parameters<typeof tokenKeys>): string[] {
  return tokenKeys(given, variables).map((key) => key.export().toString())
}

function problem(...[given, variables = NONE]: Parameters<typeof tokenKeys>): string {
  try {
    tokenKeys(given, variables)
  } catch (error) {
    if (error instanceof OptionError) return error.message
    throw error
  }
  return 'nothing is wrong'
}

describe('the keys of tokens', () => {
  test('are none unless they are given', () => {
    expect(tokenKeys(undefined, NONE)).toEqual([])
    expect(tokenKeys(null, { HOROLOG_TOKEN_KEY: '', HOROLOG_TOKEN_KEY_FILE: '' })).toEqual([])
  })

  test('are a text, bytes, or a list in its order', () => {
    expect(texts(A)).toEqual([A])
    expect(texts(Buffer.from(A))).toEqual([A])
    expect(texts([B, Buffer.from(A)])).toEqual([B, A])
  })

  test('stand one a line in a text, in the environment and in a file', () => {
    const lines = `${A}\r\n\n  ${B}\n`
    expect(texts(lines)).toEqual([A, B])
    expect(texts(undefined, { HOROLOG_TOKEN_KEY: lines })).toEqual([A, B])
    expect(texts(undefined, { HOROLOG_TOKEN_KEY_FILE: file('two', lines) })).toEqual([A, B])
  })

  test('come from the option rather than the environment, and from there rather than the file', () => {
    const variables = { HOROLOG_TOKEN_KEY: B, HOROLOG_TOKEN_KEY_FILE: join(folder, 'missing') }
    expect(texts(A, variables)).toEqual([A])
    expect(texts(null, variables)).toEqual([B])
  })

  test.each<[string, unknown, object, string]>([
    ['too short', 'hush', NONE, 'tokenKey: expected keys of at least 16 bytes, got 4'],
    ['too short among others', [A, 'hush'], NONE, 'tokenKey: expected keys of at least 16 bytes, got 4'],
    ['too many', [A, A, A, A, A], NONE, 'tokenKey: expected 1 to 4 keys, got 5'],
    ['no key at all', ' \n', NONE, 'tokenKey: expected 1 to 4 keys, got 0'],
    ['an empty list', [], NONE, 'tokenKey: expected 1 to 4 keys, got 0'],
    ['a number', 1_234, NONE, 'tokenKey: expected a text, bytes, or a list of them, got "number"'],
    ['an empty file', null, { HOROLOG_TOKEN_KEY_FILE: file('empty', '\n') }, 'HOROLOG_TOKEN_KEY_FILE: expected 1 to 4'],
    ['a short variable', null, { HOROLOG_TOKEN_KEY: 'hush' }, 'HOROLOG_TOKEN_KEY: expected keys of at least 16 bytes'],
    [
      'a missing file',
      null,
      { HOROLOG_TOKEN_KEY_FILE: join(folder, 'missing') },
      'HOROLOG_TOKEN_KEY_FILE: expected a file that can be read, got "ENOENT"',
    ],
  ])('are refused when they are %s, without saying what they are', (_what, given, variables, expected) => {
    const said = problem(given, variables as Readonly<Record<string, string>>)
    expect(said).toContain(expected)
    expect(said).not.toContain('hush')
  })

  test('show nothing of themselves when they are printed', () => {
    expect(inspect(tokenKeys(A, NONE), { depth: 9, showHidden: true })).not.toContain('hush')
  })

  test('are not shown when a flat option is taken for a folder of options', () => {
    const flat = { 'horolog.tokenKey': A, 'horolog.tokenKey.file': 'x' }
    expect(() => unflatten(flat)).toThrow(/tokenKey to have options below it, got "string"/)
  })

  test('are an option of the scheduler, which has no effect on a log of its own', async () => {
    const clock = createVirtualClock(T0)
    const scheduler = await Scheduler.open({ log: 'memory:', tokenKey: A, clock })
    const results: unknown[] = []
    scheduler.task('greet', () => 'done')
    scheduler.on('ReportIgnored', ({ why }) => results.push(why))
    scheduler.on('RunSucceeded', ({ result }) => results.push(result))
    await scheduler.start()
    await scheduler.addJob({ id: 'hello', task: 'greet' })
    await clock.settle()
    expect(results).toEqual(['done'])
    await scheduler.shutdown()
  })

  test.each<[string, Parameters<typeof Scheduler.open>[0]]>([
    ['the object', { log: 'memory:', tokenKey: [A, 'hush'] }],
    ['the flat options', { flat: { 'horolog.log': 'memory:', 'horolog.tokenKey': 'hush' } }],
  ])('are checked when the scheduler is opened with %s', async (_way, options) => {
    const message = 'tokenKey: expected keys of at least 16 bytes, got 4'
    await expect(Scheduler.open(options)).rejects.toMatchObject({ code: 'invalid-option', path: 'tokenKey', message })
  })
})
