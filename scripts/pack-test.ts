// Shows that the package works where only the package is: `npm run test:pack`.
//
// 1. Copies what git would have in a clone to a temporary folder, installs there and packs (prepack builds).
// 2. Looks at the tarball: the files it must and may hold, and publint's opinion.
// 3. Installs the tarball in an empty project; imports it, type-checks against it, runs its command and the demo.
//
// The steps run under the Node that runs this script, which is the repository's when npm starts it. Exit 0 when all
// steps passed; otherwise the output of the first step that failed, and exit 1.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const repository = fileURLToPath(new URL('..', import.meta.url))
const workspace = mkdtempSync(join(tmpdir(), 'horolog-pack-'))
const clean = join(workspace, 'clean')
const empty = join(workspace, 'empty')
const stepTimeoutMs = 180_000

/** Files without which the package is broken, and the only names at its top. */
const required = ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'LICENSE', 'README.md', 'ARCHITECTURE.md']
const topLevel = new Set([
  'dist',
  'schemas',
  'docs',
  'examples',
  'LICENSE',
  'README.md',
  'ARCHITECTURE.md',
  'package.json',
])

// What npm tells the scripts it runs is about this repository; npm in the other folders must find its own.
const aboutThisPackage = /^(npm_(package|lifecycle)_|npm_config_(local_)?prefix$|INIT_CWD$)/
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !aboutThisPackage.test(name)))

const explain = (result: SpawnSyncReturns<string>): string =>
  `${result.error?.message ?? `exit ${result.status ?? result.signal}`}\n${result.stdout}${result.stderr}`

const run = (folder: string, command: string, ...args: string[]): string => {
  const result = spawnSync(command, args, {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: stepTimeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${explain(result)}`)
  return result.stdout
}

const expect = (condition: boolean, message: string): void => {
  if (!condition) throw new Error(message)
}

const copyAsCloned = (): void => {
  const listed = run(repository, 'git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
  const files = listed.split('\0').filter((file) => file !== '' && existsSync(join(repository, file)))
  for (const file of files) {
    mkdirSync(dirname(join(clean, file)), { recursive: true })
    cpSync(join(repository, file), join(clean, file))
  }
}

const tarball = (): string => {
  const [name] = readdirSync(workspace).filter((file) => file.endsWith('.tgz'))
  if (name === undefined) throw new Error('npm pack left no tarball')
  return join(workspace, name)
}

const lookIntoTarball = (): void => {
  const files = run(workspace, 'tar', '-tzf', tarball())
    .split('\n')
    .filter((file) => file !== '' && !file.endsWith('/'))
    .map((file) => file.replace('package/', ''))
  for (const file of required) expect(files.includes(file), `the package lacks ${file}`)
  expect(
    files.some((file) => file.startsWith('schemas/')),
    'the package lacks schemas/',
  )
  for (const file of files) expect(topLevel.has(file.split('/')[0] ?? ''), `the package should not hold ${file}`)
}

const askPublint = async (): Promise<void> => {
  const packed = new Uint8Array(readFileSync(tarball())).buffer
  const { messages, pkg } = await publint({ pack: { tarball: packed }, strict: true })
  // A package without a public repository yet has nothing else to be suggested.
  const texts = messages.map((message) => formatMessage(message, pkg) ?? message.code)
  expect(texts.length === 0, `publint: ${texts.join('\n')}`)
}

const installInEmptyProject = (): void => {
  mkdirSync(empty)
  writeFileSync(join(empty, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
  run(empty, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball())
}

const importIt = (): void => {
  const source = `import { Scheduler } from 'horolog'
import metadata from 'horolog/package.json' with { type: 'json' }
if (typeof Scheduler.open !== 'function' || metadata.name !== 'horolog') throw new Error('not what it should be')
`
  writeFileSync(join(empty, 'main.mjs'), source)
  run(empty, process.execPath, 'main.mjs')
}

const typeCheckAgainstIt = (): void => {
  const source = `import { Scheduler } from 'horolog'
export const opened: Promise<Scheduler> = Scheduler.open({ log: 'memory:' })
// @ts-expect-error a number is no log: fails to compile when the types are not found or any
export const wrong = Scheduler.open({ log: 1 })
`
  writeFileSync(join(empty, 'main.ts'), source)
  const tsc = join(repository, 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--skipLibCheck']
  run(empty, process.execPath, tsc, ...options, 'main.ts')
}

const steps: [name: string, step: () => unknown][] = [
  ['copy what git has', copyAsCloned],
  ['npm ci', () => run(clean, 'npm', 'ci', '--prefer-offline')],
  ['npm pack', () => run(clean, 'npm', 'pack', '--pack-destination', workspace)],
  ['files of the package', lookIntoTarball],
  ['publint', askPublint],
  ['npm install in an empty project', installInEmptyProject],
  ['import from the package', importIt],
  ['type-check against the package', typeCheckAgainstIt],
  ['horolog --help', () => run(empty, 'npx', '--no', 'horolog', '--help')],
  ['horolog demo --for 3s', () => run(empty, 'npx', '--no', 'horolog', 'demo', '--for', '3s')],
]

try {
  for (const [name, step] of steps) {
    const startedAt = performance.now()
    try {
      await step()
    } catch (error) {
      console.error(`failed  ${name}\n${error instanceof Error ? error.message : String(error)}`)
      process.exitCode = 1
      break
    }
    console.log(`passed  ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  }
} finally {
  rmSync(workspace, { recursive: true, force: true })
}
