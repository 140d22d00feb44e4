// The command line on the run's broker, with a namespace of the test's own.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Ended, type RunningCli, cli, startCli, temporaryFolder } from '../cli/cli-process.ts'
import { kafkaBrokers, uniqueName } from '../support/kafka/on-kafka.ts'

export interface ClusterCli {
  readonly folder: string
  /** With session times of two seconds, so that a death is noticed soon. */
  readonly log: string
  run(...args: readonly string[]): Promise<Ended>
  start(...args: readonly string[]): RunningCli
}

const TASKS = `
import { setTimeout as wait } from 'node:timers/promises'
export const greet = async (_context: unknown, payload: { readonly name: string }): Promise<object> => ({ greeted: payload.name })
export const nap = async (_context: unknown, payload: { readonly ms: number }): Promise<string> => {
  console.log('napping')
  await wait(payload.ms)
  console.log('slept')
  return 'slept'
}
`

/** The folder has `tasks.ts`. The namespace has no topics yet. */
export function clusterCli(): ClusterCli {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'tasks.ts'), TASKS)
  const log = `kafka://${kafkaBrokers().join(',')}/${uniqueName('cli')}?sessionTimeoutMs=2000&heartbeatIntervalMs=200`
  const withLog = (args: readonly string[]): readonly string[] =>
    args.includes('--log') ? args : [...args, '--log', log]
  return {
    folder,
    log,
    run: (...args) => cli(folder, ...withLog(args)),
    start: (...args) => startCli(folder, ...withLog(args)),
  }
}

export async function withTopics(partitions: number, ...args: readonly string[]): Promise<ClusterCli> {
  const cluster = clusterCli()
  const { code, stderr } = await cluster.run('topics', 'apply', '--partitions', String(partitions), ...args)
  if (code !== 0) throw new Error(stderr)
  return cluster
}

export async function served(cluster: ClusterCli, ...args: readonly string[]): Promise<RunningCli> {
  const serve = cluster.start('serve', ...args)
  await serve.line('owns')
  return serve
}

export async function working(cluster: ClusterCli, ...args: readonly string[]): Promise<RunningCli> {
  const worker = cluster.start('worker', '--tasks', './tasks.ts', ...args)
  await worker.line('ready')
  return worker
}
