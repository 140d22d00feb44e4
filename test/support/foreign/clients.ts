/**
 * The clients in other languages that the examples need: each a command to run them by, or what is missing for it.
 *
 * The Python packages are kept outside of the repository, in `$XDG_CACHE_HOME/horolog/venv-<hash>` (default `~/.cache`); a
 * folder appears there by one rename, complete. Java's client is among the test broker's jars.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { runCommand } from '../kafka/command.ts'
import { cacheFolder, kafkaJars, missingForJvmBroker } from '../kafka/jars.ts'

export const EXAMPLES: string = fileURLToPath(new URL('../../../examples/', import.meta.url))

/** A program and the arguments that come first. */
export type Command = readonly [program: string, ...args: string[]]
type Client = Command | { readonly missing: string }

/** `python <file> …`, with the packages that the examples want. */
export async function pythonClient(): Promise<Client> {
  const version = await outputOf('python3', '--version')
  if (version === null) return { missing: 'there is no python3 on the path (Debian: python3-venv)' }
  const wanted = join(EXAMPLES, 'python', 'requirements.txt')
  const hash = createHash('sha256').update(version).update(readFileSync(wanted)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `venv-${hash}`)
  const problem = existsSync(folder) ? null : await makeEnvironment(folder, wanted)
  return problem === null ? [join(folder, 'bin', 'python')] : { missing: problem }
}

/** `java -cp <jars> <file> …`. */
export async function javaClient(): Promise<Client> {
  if ((await outputOf('javac', '--version')) === null) {
    return { missing: 'there is no javac on the path, which runs a Java source file (Debian: default-jdk-headless)' }
  }
  const missing = await missingForJvmBroker()
  if (missing !== null) return { missing }
  const quiet = ['-Dlog4j2.level=ERROR', '-Dlog4j2.statusLoggerLevel=OFF', '-XX:TieredStopAtLevel=1']
  return ['java', ...quiet, '-cp', join(await kafkaJars(), '*')]
}

export async function kcatClient(): Promise<Client> {
  const found = (await outputOf('kcat', '-V')) !== null
  return found ? ['kcat', '-q'] : { missing: 'there is no kcat on the path (Debian: kcat)' }
}

/**
 * The command; null, said aloud, when something is missing, and on a run without Kafka, which has said so. Throws with
 * HOROLOG_REQUIRE_KAFKA=1.
 */
export async function presentOrSkipped(what: string, find: () => Promise<Client>): Promise<Command | null> {
  if (inject('kafkaAddress') === null) return null
  const client = await find()
  if (!('missing' in client)) return client
  if (process.env['HOROLOG_REQUIRE_KAFKA'] === '1') {
    throw new Error(`HOROLOG_REQUIRE_KAFKA is set, but ${client.missing}`)
  }
  console.log(`\nSKIPPED: ${what}, because ${client.missing}\n`)
  return null
}

/** null, or what went wrong. */
async function makeEnvironment(folder: string, requirements: string): Promise<string | null> {
  mkdirSync(dirname(folder), { recursive: true })
  const staging = mkdtempSync(`${folder}.part-`)
  try {
    const made = await runCommand('python3', ['-m', 'venv', staging])
    if (made.code !== 0) return `python3 -m venv failed (Debian: python3-venv):\n${made.output.trimEnd()}`
    const python = join(staging, 'bin', 'python')
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
    const installed = await runCommand(python, install)
    if (installed.code !== 0) return `pip could not install the clients:\n${installed.output.trimEnd()}`
    // Another process may have been faster.
    if (!existsSync(folder)) renameSync(staging, folder)
    return null
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

async function outputOf(program: string, flag: string): Promise<string | null> {
  try {
    const { code, output } = await runCommand(program, [flag])
    return code === 0 ? output : null
  } catch {
    return null
  }
}
