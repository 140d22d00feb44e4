/** Opens the logs of a scheduler, each by its address, with what this process keeps of them. */
import { join } from 'node:path'
import { openEmbeddedLog } from './adapters/embedded/embedded-log.ts'
import { createMemoryCluster } from './adapters/memory/memory-log.ts'
import type { KafkaOptions } from './adapters/kafka/kafka-options.ts'
import type { RegistryOptions } from './adapters/registry/registry-options.ts'
import type { LogAddress } from './config/scheduler-options.ts'
import type { StoreLog } from './local-node.ts'
import type { Clock } from './ports/clock.ts'
import type { RunTokens } from './ports/run-tokens.ts'
import { type StateStore, StoreError } from './ports/state-store.ts'
import type { Logger } from './ports/telemetry.ts'

export interface OpeningOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Of clusters: how to reach them, beside what is in their addresses. */
  readonly kafka: Partial<KafkaOptions>
  /** Of clusters: folder for checkpoints of this node; null: none, the state is restored from the state topic. */
  readonly stateFolder: string | null
  /** Of clusters: further topics on which an answer may be asked for. */
  readonly replyTopics: readonly string[]
  /** Of clusters: for inputs in the Confluent encoding; null: they are refused. */
  readonly registry: RegistryOptions | null
  /** Of clusters: this process may own partitions. */
  readonly decides: boolean
  /** Of clusters: null: run records have no token, and reports need none. */
  readonly tokens: RunTokens | null
}

/** Within the folder of a log. */
const STATE_FOLDER = 'state'

/** All or none. Rejects with what the first that can't be opened says. */
export async function openStores(
  addresses: ReadonlyMap<string, LogAddress>,
  options: OpeningOptions,
): Promise<Readonly<Record<string, StoreLog>>> {
  const stores: Record<string, StoreLog> = {}
  try {
    for (const [alias, address] of addresses) stores[alias] = await openStore(alias, address, options)
  } catch (error) {
    await Promise.all(Object.values(stores).map(closeStore))
    throw error
  }
  return stores
}

async function closeStore(store: StoreLog): Promise<void> {
  if ('outbox' in store) {
    store.registry?.close()
    await store.outbox.close()
  }
  await store.state?.close()
  await store.log.close()
}

async function openStore(alias: string, address: LogAddress, options: OpeningOptions): Promise<StoreLog> {
  const now = (): number => options.clock.now()
  switch (address.kind) {
    case 'memory':
      return { log: createMemoryCluster({ partitions: 1, now }).connect('memory'), singleWriter: true, state: null }
    case 'file': {
      const log = await openEmbeddedLog({ folder: address.folder, now })
      return { log, singleWriter: true, state: await stateStore(join(address.folder, STATE_FOLDER), options.logger) }
    }
    case 'kafka':
      return openCluster(alias, address.url, options)
  }
}

/** Loaded when it is needed: who has no Kafka has none of its client in memory. */
async function openCluster(alias: string, url: string, options: OpeningOptions): Promise<StoreLog> {
  const { kafkaSettings } = await import('./adapters/kafka/kafka-options.ts')
  const { openKafkaLog } = await import('./adapters/kafka/kafka-log.ts')
  const { createKafkaOutbox } = await import('./adapters/kafka/kafka-outbox.ts')
  const { kafkaConnection } = await import('./kafka-connection.ts')
  const { createSchemaRegistry } = await import('./adapters/registry/registry-client.ts')
  const { clock, logger, kafka, stateFolder, replyTopics, registry, decides, tokens } = options
  const schemas = registry === null ? null : createSchemaRegistry({ ...registry, clock, logger })
  const connection = kafkaConnection(url, kafka)
  const { namespace } = kafkaSettings(connection)
  const log = await openKafkaLog({ ...connection, logger, decides, now: () => clock.now() })
  return {
    log,
    outbox: createKafkaOutbox({ ...connection, logger, now: () => clock.now() }),
    registry: schemas,
    tokens,
    replyTopics: new Set([`${namespace}.replies`, ...replyTopics]),
    state: stateFolder === null ? null : await stateStore(join(stateFolder, alias), logger),
  }
}

/** A cache: without it the state is rebuilt from the log at each start. */
async function stateStore(folder: string, logger: Logger): Promise<StateStore | null> {
  const { openRocksStore } = await import('./adapters/rocksdb/rocksdb-store.ts')
  try {
    return await openRocksStore(folder)
  } catch (err) {
    if (!(err instanceof StoreError)) throw err
    logger.warn({ err: err.message }, 'no checkpoints are kept: the state is rebuilt from the log at each start')
    return null
  }
}
