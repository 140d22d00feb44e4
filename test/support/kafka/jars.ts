/**
 * The broker's jars, by Maven from Maven Central, kept outside of the repository in
 * `$XDG_CACHE_HOME/horolog/kafka-<version>` (default `~/.cache`).
 *
 * 1. The folder appears by one rename, complete; what is half done has another name.
 * 2. One process downloads, the others wait for it: Maven's own repository takes no two writers.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCommand } from './command.ts'

const KAFKA_VERSION = '4.3.1'
const LOG4J_VERSION = '2.25.5'
const OLDEST_JAVA = 17
const LOCK_POLL_MS = 200

const JARS = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.logging.log4j', 'log4j-core', LOG4J_VERSION],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION],
]

/** What is missing for a broker of our own, as a sentence that says what to install; null when nothing is. */
export async function missingForJvmBroker(): Promise<string | null> {
  const java = await versionOutput('java', '-version')
  const [, version] = /version "(\d+)/.exec(java ?? '') ?? []
  if (Number(version ?? 0) < OLDEST_JAVA) {
    const found = version === undefined ? 'there is no java on the path' : `java on the path is version ${version}`
    return `Kafka's broker needs Java ${OLDEST_JAVA} or later, ${found}: install a JRE (Debian: default-jre-headless)`
  }
  if (existsSync(jarFolder()) || (await versionOutput('mvn', '--version')) !== null) return null
  return "fetching Kafka's jars needs mvn, which is not on the path: install Maven (Debian: maven)"
}

/** The folder with the jars, downloaded when it is not there: some 60 MB of network, once. */
export async function kafkaJars(): Promise<string> {
  const missing = await missingForJvmBroker()
  if (missing !== null) throw new Error(missing)
  const folder = jarFolder()
  mkdirSync(dirname(folder), { recursive: true })
  const lock = `${folder}.lock`
  while (!existsSync(folder)) {
    if (!takeLock(lock)) {
      await sleep(LOCK_POLL_MS)
      continue
    }
    try {
      if (!existsSync(folder)) await download(folder)
    } finally {
      rmSync(lock, { force: true })
    }
  }
  return folder
}

/** Where the tests keep what they fetched, outside of the repository. */
export function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME']
  const root = cache === undefined || cache === '' ? join(homedir(), '.cache') : cache
  return join(root, 'horolog')
}

function jarFolder(): string {
  return join(cacheFolder(), `kafka-${KAFKA_VERSION}`)
}

async function versionOutput(program: string, flag: string): Promise<string | null> {
  try {
    const { code, output } = await runCommand(program, [flag])
    return code === 0 ? output : null
  } catch {
    return null
  }
}

/** The lock holds its owner's process id, so that a dead owner's lock can be told; such a lock is removed. */
function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (!ownerLives(lock)) rmSync(lock, { force: true })
  return false
}

function ownerLives(lock: string): boolean {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    // An owner between creating the file and writing its id.
    if (owner === 0) return true
    process.kill(owner, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function download(folder: string): Promise<void> {
  const staging = mkdtempSync(`${folder}.part-`)
  try {
    writeFileSync(join(staging, 'pom.xml'), pom())
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=lib']
    const { code, output } = await runCommand('mvn', ['-B', '-q', '-f', 'pom.xml', ...goal], { cwd: staging })
    if (code !== 0) throw new Error(`mvn could not fetch Kafka ${KAFKA_VERSION} (exit ${code}):\n${output.trimEnd()}`)
    renameSync(join(staging, 'lib'), folder)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function pom(): string {
  const dependencies = JARS.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>horolog</groupId><artifactId>test-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('')}</dependencies>
</project>
`
}
