/**
 * Connections to the brokers of a cluster: two lanes to each, opened when they are used and again when they were lost.
 *
 * A broker answers the requests of one connection one after another, so whoever waits long has connections of its own.
 * Boundary: sends one request and gives its answer, or says how far it got; what an error code in the answer means is
 * the caller's to know.
 */
import type { Logger } from '../../ports/telemetry.ts'
import type { KafkaSettings } from './kafka-options.ts'
import { connectFailed } from './errors.ts'
import { type BrokerLink, type Connection, linkFactory } from './kjs.ts'
import type { WireRequest } from './requests.ts'
import { WireReader } from './wire.ts'

export type Lane = 0 | 1

export class Connections {
  readonly #links = new Map<string, Promise<BrokerLink>>()
  readonly #makeLink: (address: string) => Promise<BrokerLink>
  readonly #requestTimeoutMs: number
  #closed = false

  constructor(settings: KafkaSettings, logger: Logger) {
    this.#makeLink = linkFactory(settings, logger)
    this.#requestTimeoutMs = settings.requestTimeoutMs
  }

  /** A connection that is open and authenticated. Rejects with `LogError`: nothing was sent. */
  async open(address: string, lane: Lane): Promise<Connection> {
    try {
      if (this.#closed) throw new Error('the connections are closed')
      const known = this.#links.get(address) ?? this.#makeLink(address)
      this.#links.set(address, known)
      const link = await known
      await link.connect()
      const connection = await link.connectionPool.getConnection(lane)
      await connection.authenticate()
      if (this.#closed) await close(connection)
      return connection
    } catch (err) {
      throw connectFailed(err)
    }
  }

  /** Sends at once, in the order of the calls. Rejects with an error of kafkajs: the request may have arrived. */
  async send<T>(connection: Connection, request: WireRequest<T>): Promise<T> {
    const { apiKey, apiVersion, apiName, body, decode, waitMs = 0 } = request
    const encoded = { buf: body.written, buffer: body.written }
    try {
      return await connection.send<T>({
        request: { apiKey, apiVersion, apiName, encode: async () => encoded },
        response: {
          decode: async (payload) => ({ clientSideThrottleTime: 0, value: decode(new WireReader(payload)) }),
          parse: async ({ value }) => value,
        },
        requestTimeout: this.#requestTimeoutMs + waitMs,
        logResponseError: false,
      })
    } catch (err) {
      // Whoever does not answer in time may never do: the next request opens a new connection.
      if (err instanceof Error && err.name === 'KafkaJSRequestTimeoutError') void close(connection)
      throw err
    }
  }

  async request<T>(address: string, request: WireRequest<T>, lane: Lane = 0): Promise<T> {
    return this.send(await this.open(address, lane), request)
  }

  /** Requests under way are rejected. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    const links = await Promise.all(this.#links.values())
    await Promise.all(links.flatMap((link) => link.connectionPool.pool.map(close)))
  }
}

async function close(connection: Connection): Promise<void> {
  connection.rejectRequests(new Error('the connection was closed'))
  await connection.disconnect()
  connection.socket?.destroy()
}
