/** Which node listens where. */
import { freePorts, isPortFree } from './free-ports.ts'
import type { Listener, ListenerProtocol } from './server-properties.ts'

export interface NodeListeners {
  readonly node: number
  /** PLAINTEXT, on which the nodes talk with each other too; then the others. */
  readonly listeners: readonly [Listener, ...Listener[]]
  readonly controllerPort: number
}

interface Wanted {
  readonly nodes: number
  /** Of the first node's PLAINTEXT listener; the next nodes follow. Default: free ones. */
  readonly firstPort: number | undefined
  /** A listener PROXIED, whose clients are told to come back through another free port. */
  readonly proxied: boolean
  readonly others: Readonly<Record<string, ListenerProtocol>>
}

/** Rejects when the first port, if one was named, is taken. */
export async function layOutListeners(wanted: Wanted): Promise<NodeListeners[]> {
  if (wanted.firstPort !== undefined && !(await isPortFree(wanted.firstPort))) {
    throw new Error(`port ${wanted.firstPort} is taken`)
  }
  const others = Object.entries(wanted.others)
  // A node takes one port for each: PLAINTEXT, controller, PROXIED, its proxy, and the others.
  const perNode = 4 + others.length
  const free = await freePorts(wanted.nodes * perNode)
  return Array.from({ length: wanted.nodes }, (_, i) => {
    const [plain = 0, controllerPort = 0, behindProxy = 0, proxy = 0, ...rest] = free.splice(0, perNode)
    const port = wanted.firstPort === undefined ? plain : wanted.firstPort + i
    return {
      node: i + 1,
      controllerPort,
      listeners: [
        { name: 'PLAINTEXT', protocol: 'PLAINTEXT', port, advertisedPort: port },
        ...(wanted.proxied ? [proxiedListener(behindProxy, proxy)] : []),
        ...others.map(([name, protocol], k) => ({ name, protocol, port: rest[k] ?? 0, advertisedPort: rest[k] ?? 0 })),
      ],
    }
  })
}

function proxiedListener(port: number, advertisedPort: number): Listener {
  return { name: 'PROXIED', protocol: 'PLAINTEXT', port, advertisedPort }
}

export function listenerNamed(node: NodeListeners, name: string): Listener {
  const found = node.listeners.find((listener) => listener.name === name)
  if (found === undefined) throw new Error(`Kafka node ${node.node} has no listener ${name}`)
  return found
}
