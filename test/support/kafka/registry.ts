/**
 * A real schema registry for tests, with the API that Confluent's has: a JVM with its schemas in memory, from Maven Central,
 * kept outside of the repository beside the broker's jars.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCommand } from './command.ts'
import { freePorts } from './free-ports.ts'
import { cacheFolder } from './jars.ts'
import { startNode } from './node-process.ts'
import { tailOf } from './tail.ts'
import { until } from './until.ts'

const VERSION = '2.6.13.Final'
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
const START_TIMEOUT_MS = 50_000

export interface TestRegistry {
  readonly url: string
  readonly stop: () => Promise<void>
}

export async function startRegistry(): Promise<TestRegistry> {
  const folder = await registryFolder()
  const jar = readdirSync(folder).find((file) => file.endsWith('-runner.jar')) ?? ''
  const [port] = await freePorts(1)
  const scratch = mkdtempSync(join(tmpdir(), 'horolog-registry-'))
  const log = join(scratch, 'registry.log')
  const settings = [`-Dquarkus.http.host=127.0.0.1`, `-Dquarkus.http.port=${port}`]
  const node = startNode(['-Xmx256m', '-XX:TieredStopAtLevel=1', ...settings, '-jar', join(folder, jar)], log)
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const answers = (): Promise<boolean> =>
    fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    )
  if (!(await until(answers, START_TIMEOUT_MS))) {
    await node.stop()
    throw new Error(`the registry did not come up:\n${tailOf(log)}`)
  }
  const stop = async (): Promise<void> => {
    await node.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  return { url, stop }
}

/** Downloaded when it is not there: 140 MB of network, once. It appears by one rename, complete. */
async function registryFolder(): Promise<string> {
  const folder = join(cacheFolder(), `registry-${VERSION}`)
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const staging = mkdtempSync(`${folder}.part-`)
  try {
    const copy = ['dependency:copy', `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${staging}`]
    await must('mvn', ['-B', '-q', ...copy])
    const unpacked = join(staging, 'unpacked')
    mkdirSync(unpacked)
    const archive = readdirSync(staging).find((file) => file.endsWith('.tar.gz')) ?? ''
    await must('tar', ['-xzf', join(staging, archive), '-C', unpacked])
    // Another process may have been faster.
    if (!existsSync(folder)) renameSync(unpacked, folder)
    return folder
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(program, args)
  if (code !== 0) throw new Error(`${program} could not fetch the registry (exit ${code}):\n${output.trimEnd()}`)
}
