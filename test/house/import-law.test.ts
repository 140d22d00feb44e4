// The linter's laws bite: each violation planted here is reported by the repository's own lint configuration, and the
// lawful files next to them are not.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importViolation } from '../../scripts/import-law.ts'

interface Finding {
  readonly code?: string
  readonly filename: string
}

const repository = fileURLToPath(new URL('../..', import.meta.url))
const configuration = [
  '.oxlintrc.json',
  'tsconfig.json',
  'package.json',
  'scripts/house-rules.ts',
  'scripts/import-law.ts',
]

/** What every planted file may import. */
const targets: Record<string, string> = {
  'src/index.ts': `export { one } from './core/one.ts'\n`,
  'src/scheduler.ts': `export const scheduler = 1\n`,
  'src/cli/main.ts': `export const main = 1\n`,
  ...Object.fromEntries(
    [
      'core',
      'core/triggers',
      'core/job',
      'ports',
      'codec',
      'adapters/memory',
      'adapters/kafka',
      'adapters/system',
      'materializer',
      'executor',
      'client',
      'config',
    ].map((part) => [`src/${part}/one.ts`, `export const one = 1\n`]),
  ),
}

const unlawfulImports: [importer: string, specifier: string][] = [
  ['core', 'node:fs'],
  ['core', 'node:crypto'],
  ['core', 'fs'],
  ['core', 'luxon'],
  ['core', '../ports/one.ts'],
  ['core', '../codec/one.ts'],
  ['core', '../adapters/memory/one.ts'],
  ['core', '../config/one.ts'],
  ['core', '../index.ts'],
  ['core/job', '../../ports/one.ts'],
  ['core/job', 'luxon'],
  ['core/triggers', 'node:fs'],
  ['core/triggers', 'avsc'],
  ['core/triggers', '../../ports/one.ts'],
  ['ports', '../codec/one.ts'],
  ['ports', 'node:fs'],
  ['codec', '../adapters/memory/one.ts'],
  ['codec', '../materializer/one.ts'],
  ['codec', 'luxon'],
  ['adapters/memory', '../kafka/one.ts'],
  ['adapters/memory', '../../materializer/one.ts'],
  ['adapters/memory', '../../config/one.ts'],
  ['adapters/memory', 'commander'],
  ['materializer', '../codec/one.ts'],
  ['materializer', '../adapters/memory/one.ts'],
  ['materializer', '../executor/one.ts'],
  ['materializer', 'node:fs'],
  ['executor', '../materializer/one.ts'],
  ['executor', '../client/one.ts'],
  ['executor', '../adapters/system/one.ts'],
  ['client', '../executor/one.ts'],
  ['client', '../materializer/one.ts'],
  ['client', '../scheduler.ts'],
  ['client', 'node:fs'],
  ['config', '../ports/one.ts'],
  ['config', 'luxon'],
  ['config', '../cli/main.ts'],
  ['.', './cli/main.ts'],
  ['.', '../test/one.ts'],
  ['unheard-of', '../core/one.ts'],
]

const lawfulImports: [importer: string, specifier: string][] = [
  ['core', './job/one.ts'],
  ['core', './triggers/one.ts'],
  ['core/job', '../one.ts'],
  ['core/triggers', 'luxon'],
  ['core/triggers', 'node:crypto'],
  ['core/triggers', '../job/one.ts'],
  ['ports', '../core/one.ts'],
  ['codec', '../ports/one.ts'],
  ['codec', 'avsc'],
  ['codec', 'node:fs'],
  ['adapters/memory', '../../codec/one.ts'],
  ['adapters/memory', 'node:fs'],
  ['materializer', '../ports/one.ts'],
  ['executor', 'node:worker_threads'],
  ['client', '../core/one.ts'],
  ['config', 'node:fs'],
  ['cli', '../scheduler.ts'],
  ['cli', '../adapters/system/one.ts'],
  ['cli', 'commander'],
  ['.', './adapters/kafka/one.ts'],
  ['.', './codec/one.ts'],
]

/** Every way to import is the same to the law. */
const importForms: [name: string, source: string][] = [
  ['a type import', `import type { one } from '../ports/one.ts'\nexport type One = typeof one\n`],
  ['a re-export', `export { one } from '../ports/one.ts'\n`],
  ['a re-export of everything', `export * from '../ports/one.ts'\n`],
  ['a side-effect import', `import '../ports/one.ts'\n`],
  ['a dynamic import', `export const load = async (): Promise<unknown> => import('../ports/one.ts')\n`],
  ['an inline type', `export type One = import('../ports/one.ts').One\n`],
]

const rules: [rule: string, path: string, source: string][] = [
  ['house(no-ambient)', 'src/core/date-now.ts', `export const at = Date.now()\n`],
  ['house(no-ambient)', 'src/core/date-now-value.ts', `export const clock = Date.now\n`],
  ['house(no-ambient)', 'src/core/date-now-global.ts', `export const at = globalThis.Date['now']()\n`],
  ['house(no-ambient)', 'src/core/date-now-taken.ts', `const { now } = Date\nexport const at = now()\n`],
  ['house(no-ambient)', 'src/core/new-date.ts', `export const at = new Date()\n`],
  ['house(no-ambient)', 'src/core/called-date.ts', `export const at = Date()\n`],
  ['house(no-ambient)', 'src/executor/performance.ts', `export const at = performance.now()\n`],
  ['house(no-ambient)', 'src/executor/hrtime.ts', `export const at = process.hrtime()\n`],
  ['house(no-ambient)', 'src/executor/hrtime-bigint.ts', `export const at = process.hrtime.bigint()\n`],
  [
    'house(no-ambient)',
    'src/executor/perf-hooks.ts',
    `import { performance as clock } from 'node:perf_hooks'\nexport const at = clock.now()\n`,
  ],
  ['house(no-ambient)', 'src/adapters/memory/random.ts', `export const chance = Math.random()\n`],
  ['house(no-ambient)', 'src/client/uuid.ts', `export const id = crypto.randomUUID()\n`],
  [
    'house(no-ambient)',
    'src/adapters/memory/bytes.ts',
    `import { randomBytes as bytes } from 'node:crypto'\nexport const id = bytes(16)\n`,
  ],
  ['house(no-ambient)', 'src/materializer/timer.ts', `export const timer = setTimeout(() => {}, 10)\n`],
  ['house(no-ambient)', 'src/executor/env.ts', `export const home = process.env['HOME']\n`],
  ['house(no-ambient)', 'src/executor/env-taken.ts', `const { env } = process\nexport const home = env['HOME']\n`],
  [
    'house(no-ambient)',
    'src/adapters/system/env.ts',
    `import { env } from 'node:process'\nexport const home = env['HOME']\n`,
  ],
  ['house(no-ambient)', 'src/scheduler-env.ts', `export const home = process.env['HOME']\n`],
  ['house(plain-syntax)', 'src/core/enum.ts', `export enum Colour {\n  Red,\n}\n`],
  ['house(plain-syntax)', 'test/enum.ts', `export const enum Colour {\n  Red,\n}\n`],
  [
    'house(plain-syntax)',
    'src/core/decorator.ts',
    `const mark = (_: unknown, __: unknown): void => {}\nexport class Marked {\n  one = 1\n  @mark\n  get(): number {\n    return this.one\n  }\n}\n`,
  ],
  [
    'eslint(max-lines)',
    'src/core/long.ts',
    Array.from({ length: 401 }, (_, i) => `export const n${i} = ${i}\n`).join(''),
  ],
  [
    'import(no-cycle)',
    'src/core/cycle-a.ts',
    `import { b } from './cycle-b.ts'\nexport const a = (): number => b() + 1\n`,
  ],
  [
    'import(no-cycle)',
    'src/core/cycle-b.ts',
    `import { a } from './cycle-a.ts'\nexport const b = (): number => a() + 1\n`,
  ],
  ['import(no-default-export)', 'src/core/default.ts', `const one = 1\nexport default one\n`],
  ['typescript(no-explicit-any)', 'src/core/any.ts', `export const one = (value: any): unknown => value\n`],
  [
    'typescript(no-floating-promises)',
    'src/core/floating.ts',
    `const later = async (): Promise<number> => 1\nexport const start = (): void => {\n  later()\n}\n`,
  ],
  [
    'typescript(consistent-type-imports)',
    'src/core/type-import.ts',
    `import { one } from './one.ts'\nexport type One = typeof one\n`,
  ],
  [
    'typescript(switch-exhaustiveness-check)',
    'src/core/switch.ts',
    `export const say = (word: 'a' | 'b'): number => {\n  switch (word) {\n    case 'a':\n      return 1\n  }\n  return 2\n}\n`,
  ],
  ['unicorn(filename-case)', 'src/core/camelCase.ts', `export const one = 1\n`],
]

const lawful: Record<string, string> = {
  'src/adapters/system/clock.ts': `export const at = (): number[] => [Date.now(), performance.now(), Math.random()]\n`,
  'src/config/environment.ts': `export const home = process.env['HOME']\n`,
  'src/core/given-date.ts': `export const year = (at: number): number => new Date(at).getUTCFullYear()\n`,
  'src/cli/screen.ts': `export const timer = setTimeout(() => {}, 10)\n`,
  'test/timing.ts': `export const at = Date.now()\n`,
}

const importing = (specifier: string): string => `import * as it from '${specifier}'\nexport const used: unknown = it\n`
const fileOf = (part: string, kind: string, number: number): string => join('src', part, `${kind}-${number}.ts`)

let folder: string
let findings: Map<string, string[]>

const plant = (path: string, source: string): void => {
  mkdirSync(join(folder, dirname(path)), { recursive: true })
  writeFileSync(join(folder, path), source)
}

const lint = (): Map<string, string[]> => {
  const oxlint = join(repository, 'node_modules/oxlint/bin/oxlint')
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format', 'json', 'src', 'test'], options)
  if (!stdout.startsWith('{')) throw new Error(`the linter did not run: ${stdout}${stderr}`)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Finding[] }
  const byFile = new Map<string, string[]>()
  for (const { filename, code } of diagnostics) byFile.set(filename, [...(byFile.get(filename) ?? []), code ?? ''])
  return byFile
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'horolog-lint-'))
  for (const file of configuration) cpSync(join(repository, file), join(folder, file))
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, source] of Object.entries({ ...targets, ...lawful })) plant(path, source)
  for (const [i, [part, specifier]] of unlawfulImports.entries())
    plant(fileOf(part, 'unlawful', i), importing(specifier))
  for (const [i, [part, specifier]] of lawfulImports.entries()) plant(fileOf(part, 'lawful', i), importing(specifier))
  for (const [i, [, source]] of importForms.entries()) plant(fileOf('core', 'form', i), source)
  for (const [, path, source] of rules) plant(path, source)
  findings = lint()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the import law', () => {
  test.each(unlawfulImports.map((entry, i) => [...entry, i] as const))('%s may not import %s', (part, _, i) => {
    expect(findings.get(fileOf(part, 'unlawful', i))).toEqual(['house(import-law)'])
  })

  test.each(lawfulImports.map((entry, i) => [...entry, i] as const))('%s may import %s', (part, _, i) => {
    expect(findings.get(fileOf(part, 'lawful', i))).toBeUndefined()
  })

  test.each(importForms.map(([name], i) => [name, i] as const))('holds for %s', (_, i) => {
    expect(findings.get(fileOf('core', 'form', i))).toContain('house(import-law)')
  })

  test('says who may not import what', () => {
    expect(importViolation('core/job/decide.ts', '../../ports/clock.ts')).toBe('core may not import src/ports/clock.ts')
    expect(importViolation('client/job.ts', '@scope/name/deep.js')).toBe(
      'client may not import the package @scope/name',
    )
  })
})

describe('the other lint laws', () => {
  test.each(rules)('%s reports %s', (rule, path) => {
    expect(findings.get(path)).toContain(rule)
  })

  test.each(Object.keys({ ...targets, ...lawful }))('%s is lawful', (path) => {
    expect(findings.get(path)).toBeUndefined()
  })
})
