/** One node of a broker of ours: its folder (`data`, `broker.log`, settings) and its process. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { type NodeProcess, startNode } from './node-process.ts'
import { clusterAt } from './probe.ts'
import { HOST, LOG4J_PROPERTIES, type Listener, serverProperties } from './server-properties.ts'
import { tailOf } from './tail.ts'
import { until } from './until.ts'

/** Measured: two to three seconds alone, five for three nodes. A busy machine and a long recovery take longer. */
const START_TIMEOUT_MS = 60_000

const JVM_OPTIONS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true']

interface NodeOptions {
  readonly node: number
  readonly jars: string
  readonly folder: string
  readonly clusterId: string
  readonly heapMb: number
  readonly listeners: readonly [Listener, ...Listener[]]
  readonly controllerPorts: readonly number[]
  readonly overrides: Readonly<Record<string, string>>
  readonly scramUsers: Readonly<Record<string, string>>
}

export class BrokerNode {
  /** `host:port`, past any proxy. */
  readonly address: string
  readonly logFile: string
  readonly #options: NodeOptions
  readonly #properties: string
  readonly #java: readonly string[]
  #process: NodeProcess | null = null

  constructor(options: NodeOptions) {
    const log4j = join(options.folder, 'log4j2.properties')
    this.logFile = join(options.folder, 'broker.log')
    this.address = `${HOST}:${options.listeners[0].port}`
    this.#options = options
    this.#properties = join(options.folder, 'server.properties')
    this.#java = [...JVM_OPTIONS, `-Dlog4j2.configurationFile=file:${log4j}`, '-cp', join(options.jars, '*')]
    mkdirSync(options.folder, { recursive: true })
    writeFileSync(log4j, LOG4J_PROPERTIES)
    writeFileSync(this.#properties, serverProperties({ ...options, folder: this.#dataFolder }))
  }

  get running(): boolean {
    return this.#process?.running() ?? false
  }

  /** Resolves when the process that runs has ended, for whatever reason. */
  async exited(): Promise<void> {
    await this.#process?.exited
  }

  get #dataFolder(): string {
    return join(this.#options.folder, 'data')
  }

  /** Makes the data folder, unless that has been done. */
  async format(): Promise<void> {
    const { node, clusterId, scramUsers } = this.#options
    if (existsSync(join(this.#dataFolder, 'meta.properties'))) return
    const users = Object.entries(scramUsers).flatMap(([name, password]) =>
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${password}]`,
      ]),
    )
    const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', this.#properties, ...users]
    const { code, output } = await runCommand('java', [...this.#java, ...tool])
    if (code !== 0) throw new Error(`the data folder of Kafka node ${node} could not be made:\n${output}`)
  }

  start(): void {
    const heap = [`-Xms${this.#options.heapMb}m`, `-Xmx${this.#options.heapMb}m`]
    this.#process = startNode([...heap, ...this.#java, 'kafka.Kafka', this.#properties], this.logFile)
  }

  /** Waits until this node answers and knows of so many live nodes, itself among them. */
  async ready(nodes: number): Promise<void> {
    const { node, clusterId } = this.#options
    const isReady = async (): Promise<boolean> => {
      if (!this.running) throw this.#problem('ended while starting')
      const cluster = await clusterAt(this.address)
      // On a port that was taken somebody else answers.
      if (cluster?.clusterId !== clusterId) return false
      return cluster.nodes.length >= nodes && cluster.nodes.includes(node)
    }
    if (!(await until(isReady, START_TIMEOUT_MS))) throw this.#problem(`is not ready after ${START_TIMEOUT_MS} ms`)
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.signal(signal)
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  #problem(text: string): Error {
    return new Error(`Kafka node ${this.#options.node} ${text}; the end of ${this.logFile}:\n${tailOf(this.logFile)}`)
  }
}
