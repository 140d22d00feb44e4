/**
 * kafkajs, and the only place that loads it. Of kafkajs we use what is hard to write anew: sockets, TLS, SASL, the
 * correlation of requests and responses. The requests are our own (requests.ts): its producer regroups headers, retries and
 * may append twice, its consumer stalls on compacted topics and sends heartbeats only while it fetches.
 *
 * Boundary: kafkajs' internals are touched here and in no other file, which is why its version is pinned. Mended before
 * anything uses it:
 * 1. Its request queue re-arms a timer of 1 ms for ever, and Node prints TimeoutNegativeWarning about it (kafkajs#1751).
 * 2. Requests that find a connection closed open one socket each, and all but the last are never closed.
 * 3. Half an answer that was left of a socket is taken for the beginning of the first answer of the next one.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { LogEntry, Logger as KafkaJSLogger, SASLOptions, logCreator } from 'kafkajs'
import type { Logger } from '../../ports/telemetry.ts'
import type { KafkaSasl, KafkaSettings } from './kafka-options.ts'

const load = createRequire(import.meta.url)

/** One TCP connection. */
export interface Connection {
  isConnected(): boolean
  connect: (this: Connection) => Promise<unknown>
  /** At once when that was done, or nothing has to be. */
  authenticate(): Promise<void>
  send<T>(exchange: Exchange<T>): Promise<T>
  rejectRequests(error: Error): void
  disconnect(): Promise<unknown>
  readonly socket?: Socket
}

/** What a connection has of an answer that is not there as a whole. */
interface Received {
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
}

/** Of its answer, which comes first. */
const LENGTH_BYTES = 4

interface Exchange<T> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
  }
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<{ clientSideThrottleTime: number; value: T }>
    readonly parse: (decoded: { value: T }) => Promise<T>
  }
  readonly requestTimeout: number
  readonly logResponseError: false
}

/** Two connections to one broker. */
export interface BrokerLink {
  connect(): Promise<void>
  readonly connectionPool: { readonly pool: readonly Connection[]; getConnection(index: number): Promise<Connection> }
}

interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests: (this: RequestQueue) => void
}

const RequestQueue = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }
const ConnectionClass = load('kafkajs/src/network/connection') as { prototype: Connection }
const Broker = load('kafkajs/src/broker') as new (options: object) => BrokerLink
const buildPools = load('kafkajs/src/cluster/connectionPoolBuilder') as (options: object) => {
  build(to: { host: string; port: number }): Promise<object>
}
const makeSocketFactory = load('kafkajs/src/network/socketFactory') as () => (to: object) => Socket
const { createLogger } = load('kafkajs/src/loggers') as {
  createLogger: (options: { level: number; logCreator: logCreator }) => KafkaJSLogger
}
const { createErrorFromCode } = load('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => { type: string; message: string }
}

mendTimers(RequestQueue.prototype)
mendConnect(ConnectionClass.prototype)

function mendTimers(queue: RequestQueue): void {
  const arm = queue.scheduleCheckPendingRequests
  queue.scheduleCheckPendingRequests = function armWhenPending(this: RequestQueue) {
    if (this.pending.length > 0) arm.call(this)
  }
}

function mendConnect(connection: Connection): void {
  const connect = connection.connect
  const connecting = new WeakMap<Connection, Promise<unknown>>()
  connection.connect = function connectOnce(this: Connection) {
    const under = connecting.get(this)
    if (under !== undefined) return under
    if (!this.isConnected()) forgetReceived(this)
    const attempt = connect.call(this).finally(() => connecting.delete(this))
    connecting.set(this, attempt)
    return attempt
  }
}

/** A socket that was ended here may still give what was on its way. */
function forgetReceived(connection: Connection): void {
  connection.socket?.removeAllListeners('data')
  connection.socket?.destroy()
  Object.assign(connection, { chunks: [], bytesBuffered: 0, bytesNeeded: LENGTH_BYTES } satisfies Received)
}

/** Makes links to brokers, all with the same settings. */
export function linkFactory(settings: KafkaSettings, logger: Logger): (address: string) => Promise<BrokerLink> {
  const log = createLogger({ level: LOG_LEVEL, logCreator: () => logTo(logger) })
  const pools = buildPools({ ...clientOptions(settings), logger: log, socketFactory })
  return async (address) => {
    const colon = address.lastIndexOf(':')
    const to = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
    const connectionPool = await pools.build(to)
    return new Broker({ connectionPool, logger: log, authenticationTimeout: settings.connectionTimeoutMs })
  }
}

const openSocket = makeSocketFactory()

/** A request that follows another at once does not wait for the other's answer to be acknowledged. */
function socketFactory(to: object): Socket {
  return openSocket(to).setNoDelay(true)
}

/** The name and the text of a protocol error. */
export function protocolError(code: number): { readonly type: string; readonly message: string } {
  return createErrorFromCode(code)
}

/** kafkajs' DEBUG, which is a line for each request, is left out. */
const LOG_LEVEL = 4

/** What kafkajs calls an error is an attempt that we make again; what comes of it is ours to tell. */
function logTo(logger: Logger): (entry: LogEntry) => void {
  return ({ namespace, log }) => {
    const { message, broker } = log as { message: string; broker?: string }
    logger.debug({ kafkajs: namespace, ...(broker === undefined ? {} : { broker }) }, message)
  }
}

function clientOptions(settings: KafkaSettings): object {
  const { clientId, ssl, sasl, connectionTimeoutMs, requestTimeoutMs } = settings
  return {
    clientId,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    ...(ssl === null ? {} : { ssl: { ...ssl } }),
    ...(sasl === null ? {} : { sasl: kafkajsSasl(sasl) }),
  }
}

function kafkajsSasl(sasl: KafkaSasl): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl }
  const { token } = sasl
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await token() }) }
}
