/**
 * A real Kafka for tests and development: one to three JVMs on loopback, each broker and controller, without Docker.
 *
 * A crash here is SIGKILL: what the broker had written survives in the page cache, so recovery is tested, not power loss.
 */
import { BrokerNode } from './broker-node.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { kafkaJars } from './jars.ts'
import { type NodeListeners, layOutListeners, listenerNamed } from './listeners.ts'
import { servesGroups } from './probe.ts'
import { type KafkaProxy, startProxy } from './proxy.ts'
import { HOST, type ListenerProtocol } from './server-properties.ts'
import { until } from './until.ts'

const MAX_NODES = 3
const SINGLE_HEAP_MB = 512
const CLUSTER_HEAP_MB = 256
const GROUPS_TIMEOUT_MS = 30_000

export interface BrokerOptions {
  /** 1 (default), or 3 for replication 3 with two in sync. */
  readonly nodes?: number
  /** The first node's port, the next ones follow. Default: free ones. */
  readonly port?: number
  /** Where data and logs stay. Default: a temporary folder, removed by `stop`. */
  readonly dataFolder?: string
  /** `address` leads through one proxy a node, and so does everything that clients learn from there. Default: false. */
  readonly proxied?: boolean
  /** More listeners, for tests of security: protocol by name (in capitals). Their addresses: `listenerAddress`. */
  readonly listeners?: Readonly<Record<string, ListenerProtocol>>
  /** Broker properties that win over ours. */
  readonly properties?: Readonly<Record<string, string>>
  /** SCRAM passwords by user name. */
  readonly scramUsers?: Readonly<Record<string, string>>
}

/** Nodes have the numbers 1 to 3, as in Kafka's metadata; without one a method means node 1. */
export interface KafkaBroker {
  /** `kafka://host:port[,host:port…]`: through the proxies, if there are any. */
  readonly address: string
  /** The same as `host:port`, by node. */
  readonly brokers: readonly string[]
  /** `host:port` by node, past the proxies. */
  readonly direct: readonly string[]
  /** `host:port` by node of one of the options' `listeners`. */
  readonly listenerAddress: (name: string) => readonly string[]
  /** By node; empty unless `proxied`. */
  readonly proxies: readonly KafkaProxy[]
  /** By node. Gone with the data. */
  readonly logFiles: readonly string[]
  /** SIGKILL. Resolves when the process is gone. */
  readonly kill: (node?: number) => Promise<void>
  /** Starts the node again, on the same data and ports; kills it before, if it runs. Resolves when it serves. */
  readonly restart: (node?: number) => Promise<void>
  /** SIGSTOP: connections stay open, nobody answers. */
  readonly pause: (node?: number) => void
  readonly resume: (node?: number) => void
  /** Resolves when the node's process has ended, for whatever reason. */
  readonly exited: (node?: number) => Promise<void>
  /** Ends everything. Data in a temporary folder is removed. */
  readonly stop: () => Promise<void>
}

/** Resolves when all nodes know of each other and groups work: three to six seconds. */
export async function startBroker(options: BrokerOptions = {}): Promise<KafkaBroker> {
  const count = options.nodes ?? 1
  if (!Number.isInteger(count) || count < 1 || count > MAX_NODES)
    throw new Error(`nodes: expected 1 to 3, got ${count}`)
  const jars = await kafkaJars()
  const layout = await layOutListeners({
    nodes: count,
    firstPort: options.port,
    proxied: options.proxied ?? false,
    others: options.listeners ?? {},
  })
  const folder = openDataFolder(options.dataFolder, count)
  const nodes = layout.map(
    ({ node, listeners }) =>
      new BrokerNode({
        node,
        jars,
        listeners,
        folder: folder.of(node),
        clusterId: folder.clusterId,
        heapMb: count === 1 ? SINGLE_HEAP_MB : CLUSTER_HEAP_MB,
        controllerPorts: layout.map(({ controllerPort }) => controllerPort),
        overrides: options.properties ?? {},
        scramUsers: options.scramUsers ?? {},
      }),
  )
  const proxies: KafkaProxy[] = []
  const stop = (): Promise<void> => stopAll(nodes, proxies, folder)
  try {
    await startNodes(nodes)
    if (options.proxied === true) proxies.push(...(await startProxies(layout)))
  } catch (error) {
    await stop()
    throw error
  }
  return brokerOf(nodes, proxies, layout, stop)
}

async function startNodes(nodes: readonly BrokerNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.format()))
  for (const node of nodes) node.start()
  await Promise.all(nodes.map((node) => node.ready(nodes.length)))
  const serve = (): Promise<boolean[]> => Promise.all(nodes.map(({ address }) => servesGroups(address)))
  if (!(await until(async () => (await serve()).every(Boolean), GROUPS_TIMEOUT_MS))) {
    throw new Error(`Kafka serves no consumer groups ${GROUPS_TIMEOUT_MS} ms after its start`)
  }
}

function startProxies(layout: readonly NodeListeners[]): Promise<KafkaProxy[]> {
  return Promise.all(
    layout.map((node) => {
      const { port, advertisedPort } = listenerNamed(node, 'PROXIED')
      return startProxy(advertisedPort, port)
    }),
  )
}

async function stopAll(
  nodes: readonly BrokerNode[],
  proxies: readonly KafkaProxy[],
  folder: DataFolder,
): Promise<void> {
  await Promise.all(proxies.map((proxy) => proxy.close()))
  await Promise.all(nodes.map((node) => (folder.temporary ? node.kill() : node.stop())))
  folder.remove()
}

function brokerOf(
  nodes: readonly BrokerNode[],
  proxies: readonly KafkaProxy[],
  layout: readonly NodeListeners[],
  stop: () => Promise<void>,
): KafkaBroker {
  const addresses = (name: string): string[] => layout.map((node) => `${HOST}:${listenerNamed(node, name).port}`)
  const direct = addresses('PLAINTEXT')
  const brokers = proxies.length > 0 ? proxies.map(({ port }) => `${HOST}:${port}`) : direct
  const nodeOf = (node: number): BrokerNode => {
    const found = nodes[node - 1]
    if (found === undefined) throw new Error(`node: expected 1 to ${nodes.length}, got ${node}`)
    return found
  }
  return {
    address: `kafka://${brokers.join(',')}`,
    brokers,
    direct,
    listenerAddress: addresses,
    proxies,
    logFiles: nodes.map(({ logFile }) => logFile),
    kill: (node = 1) => nodeOf(node).kill(),
    async restart(node = 1) {
      await nodeOf(node).kill()
      nodeOf(node).start()
      await nodeOf(node).ready(nodes.filter(({ running }) => running).length)
    },
    pause: (node = 1) => nodeOf(node).signal('SIGSTOP'),
    resume: (node = 1) => nodeOf(node).signal('SIGCONT'),
    exited: (node = 1) => nodeOf(node).exited(),
    stop,
  }
}
