/**
 * Asks a broker whether it is ready, in old layouts of Kafka's protocol that every broker takes, on one connection per
 * question. No client library, so that nothing retries or prints on the way.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const METADATA = { api: 3, version: 2 }
const FIND_COORDINATOR = { api: 10, version: 0 }
const NO_ERROR = 0
const ANSWER_TIMEOUT_MS = 2_000

interface ClusterView {
  readonly clusterId: string
  /** Ids of the nodes that live, as far as the one that was asked knows. */
  readonly nodes: readonly number[]
}

/** What the broker at this address says of its cluster; null when nobody answers. */
export async function clusterAt(address: string): Promise<ClusterView | null> {
  // An empty list of topics.
  const answer = await ask(address, METADATA, Buffer.alloc(4))
  if (answer === null) return null
  const read = reader(answer)
  const nodes = Array.from({ length: read.int32() }, () => {
    const id = read.int32()
    // Host, port and rack.
    read.text()
    read.int32()
    read.text()
    return id
  })
  return { nodes, clusterId: read.text() }
}

/** Whether consumer groups work. Asking makes the broker create the topic that they need. */
export async function servesGroups(address: string): Promise<boolean> {
  const answer = await ask(address, FIND_COORDINATOR, text('readiness'))
  return answer !== null && answer.readInt16BE(0) === NO_ERROR
}

async function ask(address: string, request: typeof METADATA, body: Buffer): Promise<Buffer | null> {
  const [host, port] = address.split(':')
  const head = Buffer.alloc(8)
  head.writeInt16BE(request.api, 0)
  head.writeInt16BE(request.version, 2)
  const frame = Buffer.concat([head, text('probe'), body])
  const size = Buffer.alloc(4)
  size.writeInt32BE(frame.length)
  const socket = connect({ host: host ?? '', port: Number(port), timeout: ANSWER_TIMEOUT_MS })
  socket.once('timeout', () => socket.destroy(new Error('no answer in time')))
  try {
    await once(socket, 'connect')
    socket.write(Buffer.concat([size, frame]))
    let answer = Buffer.alloc(0)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      answer = Buffer.concat([answer, chunk])
      // Size and correlation id, then what was asked for.
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) return answer.subarray(8)
    }
    return null
  } catch {
    return null
  } finally {
    socket.destroy()
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function reader(bytes: Buffer): { int32: () => number; text: () => string } {
  let offset = 0
  return {
    int32() {
      offset += 4
      return bytes.readInt32BE(offset - 4)
    },
    /** Nothing is told from empty. */
    text() {
      const start = offset + 2
      offset = start + Math.max(0, bytes.readInt16BE(offset))
      return bytes.toString('utf8', start, offset)
    },
  }
}
