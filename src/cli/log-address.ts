/** Where the log of a verb is: from its options, and what people call it. Nothing is made or written here. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { KafkaOptions } from '../adapters/kafka/kafka-options.ts'
import { META_NAME } from '../adapters/embedded/meta.ts'
import { parseLogAddress } from '../config/scheduler-options.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { LogOption } from './options.ts'

export interface FolderLog {
  readonly kind: 'file'
  /** Absolute path of the folder. */
  readonly name: string
  /** An address for `Scheduler`. */
  readonly log: string
}

export interface ClusterLog {
  readonly kind: 'kafka'
  /** The address without its options. */
  readonly name: string
  readonly log: string
  /** What the properties file says. */
  readonly kafka: Partial<KafkaOptions>
}

export interface MemoryLog {
  readonly kind: 'memory'
  readonly name: string
  readonly log: 'memory:'
}

/** Rejects with `OptionError` or `KafkaOptionError`. */
export async function namedLog(options: LogOption): Promise<FolderLog | ClusterLog | MemoryLog> {
  const address = parseLogAddress(options.log)
  switch (address.kind) {
    case 'file': {
      const folder = resolve(address.folder)
      return { kind: 'file', name: folder, log: `file:${folder}` }
    }
    case 'kafka':
      return {
        kind: 'kafka',
        name: address.url.replace(/\?.*$/s, ''),
        log: address.url,
        kafka: await fileOptions(options.kafkaConfig),
      }
    case 'memory':
      return { kind: 'memory', name: 'memory', log: 'memory:' }
  }
}

/** For a log that is there before this process and after it. Rejects also with `CliError`. */
export async function lastingLog(options: LogOption): Promise<FolderLog | ClusterLog> {
  const named = await namedLog(options)
  if (named.kind !== 'memory') return named
  const expected = "'file:<folder>' or 'kafka://<host:port>'"
  throw new CliError(EXIT.usage, `log: expected ${expected}, got 'memory:': a log in memory ends with its process`)
}

async function fileOptions(file: string | undefined): Promise<Partial<KafkaOptions>> {
  if (file === undefined) return {}
  const { environment } = await import('../config/environment.ts')
  const { kafkaOptionsFromEnvironment } = await import('../config/kafka-options.ts')
  return kafkaOptionsFromEnvironment({ ...environment(), HOROLOG_KAFKA_PROPERTIES: file })
}

/** Throws `CliError` not-found when there is no log in the folder. */
export function mustHaveLog(folder: string): void {
  if (existsSync(join(folder, META_NAME))) return
  const what = existsSync(folder) ? `no Horolog log is in ${folder}` : `no log: the folder ${folder} does not exist`
  throw new CliError(
    EXIT.notFound,
    `${what}. Name another with --log file:<folder>, or make one with 'horolog dev' or 'horolog jobs add'`,
  )
}

/** For what only a cluster has; `why` says so. Rejects with `CliError` for other logs. */
export async function clusterLog(options: LogOption, why: string): Promise<ClusterLog> {
  const named = await namedLog(options)
  if (named.kind === 'kafka') return named
  throw new CliError(EXIT.usage, `log: expected 'kafka://<host:port>', got '${named.log}': ${why}`)
}
