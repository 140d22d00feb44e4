/**
 * A proxy between Kafka clients and one broker node, with faults for tests. It understands as much of the protocol as
 * tells which request a reply answers: a reply carries its request's correlation id.
 *
 * Boundary: connections and whole messages. It changes no byte of any message.
 */
import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { frameSplitter } from './frames.ts'
import { HOST } from './server-properties.ts'

/** Kafka's numbers of the kinds of request. */
const API_KEYS = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
} as const
export type Api = keyof typeof API_KEYS

export interface DroppedReply {
  /** Also cut the connection on which the reply was due, as a network that fails does; otherwise it is only silence. */
  readonly cut: boolean
}

export interface KafkaProxy {
  readonly port: number
  /**
   * The next reply of this kind never reaches its client; the broker has carried the request out by then. Resolves when
   * that has happened. Default: the connection is cut.
   */
  readonly dropReply: (api: Api, options?: DroppedReply) => Promise<void>
  /** Resolves when the next request of this kind has been handed to the broker. */
  readonly nextRequest: (api: Api) => Promise<void>
  /** Holds every reply back for so long from here on; 0 ends it. */
  readonly delay: (ms: number) => void
  /** Ends all connections at once, by a reset. New ones are welcome. */
  readonly cut: () => void
  /** Ends all connections and refuses new ones until `accept`. */
  readonly refuse: () => Promise<void>
  readonly accept: () => Promise<void>
  /** `refuse` for good. */
  readonly close: () => Promise<void>
}

interface Drop extends DroppedReply {
  readonly key: number
  readonly done: () => void
}

interface Faults {
  drops: Drop[]
  awaited: { readonly key: number; readonly done: () => void }[]
  delayMs: number
}

/** Listens on `port` of loopback and forwards to `targetPort` there. */
export async function startProxy(port: number, targetPort: number): Promise<KafkaProxy> {
  const faults: Faults = { drops: [], awaited: [], delayMs: 0 }
  const open = new Set<Socket>()
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy()
  }
  const server = createServer((client) => {
    const broker = connect(targetPort, HOST)
    for (const socket of [client, broker]) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
    }
    const end = (): void => {
      for (const socket of [client, broker]) {
        socket.destroy()
        open.delete(socket)
      }
    }
    client.once('close', end)
    broker.once('close', end)
    relay(client, broker, faults)
  })
  const accept = async (): Promise<void> => {
    if (server.listening) return
    server.listen(port, HOST)
    await once(server, 'listening')
  }
  const refuse = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    cut()
    await once(server, 'close')
  }
  await accept()
  return {
    port,
    dropReply: (api, options = { cut: true }) =>
      new Promise((resolve) => {
        faults.drops.push({ key: API_KEYS[api], ...options, done: resolve })
      }),
    nextRequest: (api) =>
      new Promise((resolve) => {
        faults.awaited.push({ key: API_KEYS[api], done: resolve })
      }),
    delay: (ms) => {
      faults.delayMs = ms
    },
    cut,
    refuse,
    accept,
    close: refuse,
  }
}

function relay(client: Socket, broker: Socket, faults: Faults): void {
  /** Kind of request by correlation id, of those without a reply yet. */
  const asked = new Map<number, number>()
  const requests = frameSplitter()
  const replies = frameSplitter()
  let sent: Promise<void> = Promise.resolve()

  client.on('data', (chunk: Buffer) => {
    for (const request of requests(chunk)) {
      const key = request.readInt16BE(4)
      asked.set(request.readInt32BE(8), key)
      broker.write(request)
      for (const request of faults.awaited) if (request.key === key) request.done()
      faults.awaited = faults.awaited.filter((request) => request.key !== key)
    }
  })
  broker.on('data', (chunk: Buffer) => {
    for (const reply of replies(chunk)) {
      const correlation = reply.readInt32BE(4)
      const drop = takeDrop(faults, asked.get(correlation))
      asked.delete(correlation)
      if (drop === null) {
        sent = sent.then(pause(faults.delayMs)).then(() => void client.write(reply))
        continue
      }
      if (drop.cut) client.resetAndDestroy()
      drop.done()
    }
  })
}

/** A step that ends so long after its making, not after its turn has come: replies that wait together, wait once. */
function pause(ms: number): () => Promise<void> {
  if (ms === 0) return async () => {}
  const over = sleep(ms)
  return () => over
}

function takeDrop(faults: Faults, key: number | undefined): Drop | null {
  const index = faults.drops.findIndex((drop) => drop.key === key)
  return faults.drops.splice(index, index < 0 ? 0 : 1)[0] ?? null
}
