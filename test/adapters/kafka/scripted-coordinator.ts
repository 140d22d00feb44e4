/**
 * A broker that knows one topic, and one group with one member: answers as told, with errors that no real broker gives
 * on demand, and lets nobody in when told so.
 */
import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { encodeGeneration } from '../../../src/adapters/kafka/member-data.ts'
import { WireWriter } from '../../../src/adapters/kafka/wire.ts'
import { frameSplitter } from '../../support/kafka/frames.ts'

const HOST = '127.0.0.1'
const API = {
  produce: 0,
  commit: 8,
  metadata: 3,
  findCoordinator: 10,
  join: 11,
  heartbeat: 12,
  leave: 13,
  sync: 14,
  versions: 18,
} as const
const NAMES = new Map<number, string>([
  [API.commit, 'commit'],
  [API.join, 'join'],
  [API.sync, 'sync'],
])
const VERSIONS = [0, 3, 8, 10, 11, 12, 13, 14, 18]

export type ScriptedRequest = 'produce' | 'metadata' | 'join' | 'sync' | 'heartbeat' | 'commit'

export interface ScriptedCoordinator {
  readonly address: string
  /** What was asked of it about the group, heartbeats left out. */
  readonly asked: readonly string[]
  /** The requests to produce, as they came. */
  readonly produced: readonly Buffer[]
  /** The next so many requests of this kind get the error. */
  readonly fail: (request: ScriptedRequest, errorCode: number, times: number) => void
  /** Takes requests of this kind and never answers; `cut` ends their connection instead. */
  readonly swallow: (request: ScriptedRequest, how: 'silent' | 'cut') => void
  /** The next answer to such a request breaks off in the middle, with its connection. */
  readonly breakOff: (request: ScriptedRequest) => void
  /** Ends all connections and refuses others. */
  readonly refuse: () => Promise<void>
  readonly close: () => Promise<void>
}

/** `topic` has `partitions`, all of them the member's. */
export async function scriptedCoordinator(topic: string, partitions: readonly number[]): Promise<ScriptedCoordinator> {
  const failures: { readonly key: number; readonly errorCode: number; left: number }[] = []
  const swallowed = new Map<number, 'silent' | 'cut'>()
  const broken = new Set<number>()
  const open = new Set<Socket>()
  const asked: string[] = []
  const produced: Buffer[] = []
  const server = createServer((socket) => {
    open.add(socket)
    const frames = frameSplitter()
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames(chunk)) {
        const key = frame.readInt16BE(4)
        if (key === API.produce) produced.push(frame)
        answer(socket, key, frame.readInt32BE(8))
      }
    })
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  function answer(socket: Socket, key: number, correlation: number): void {
    const name = NAMES.get(key)
    if (name !== undefined) asked.push(name)
    const how = swallowed.get(key)
    if (how === 'cut') socket.destroy()
    if (how !== undefined) return
    const failure = failures.find((one) => one.key === key && one.left > 0)
    if (failure !== undefined) failure.left -= 1
    const body = bodyOf(key, failure?.errorCode ?? 0)
    const reply = new WireWriter()
      .int32(body.length + 4)
      .int32(correlation)
      .raw(body.written).written
    if (broken.delete(key)) socket.end(reply.subarray(0, reply.length / 2))
    else socket.write(reply)
  }

  function bodyOf(key: number, errorCode: number): WireWriter {
    const body = new WireWriter()
    switch (key) {
      case API.versions:
        return body
          .int16(0)
          .array(VERSIONS, (one) => body.int16(one).int16(0).int16(9))
          .int32(0)
      case API.produce:
        body.int32(1).string(topic).int32(1).int32(0).int16(errorCode)
        return body.int64(0).int64(-1).int64(0).int32(0)
      case API.metadata:
        body.int32(0).int32(1).int32(0).string(HOST).int32(port).string(null).string(null).int32(0)
        body.int32(1).int16(errorCode).string(topic).bool(false)
        return body.array(partitions, (one) => body.int16(0).int32(one).int32(0).int32(0).int32(0).int32(0))
      case API.commit:
        return body.int32(0).int32(0)
      case API.findCoordinator:
        return body.int32(0).int16(0).string(null).int32(0).string(HOST).int32(port)
      case API.join:
        return body.int32(0).int16(errorCode).int32(1).string('p').string('other').string('me').int32(0)
      case API.sync:
        return body
          .int32(0)
          .int16(errorCode)
          .bytes(errorCode === 0 ? assignment() : null)
      default:
        return body.int32(0).int16(errorCode)
    }
  }

  function assignment(): Buffer {
    const body = new WireWriter().int16(1).int32(1).string(topic)
    return body.array(partitions, (one) => body.int32(one)).bytes(encodeGeneration(7)).written
  }

  const refuse = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    for (const socket of open) socket.destroy()
    await once(server, 'close')
  }
  return {
    address: `${HOST}:${port}`,
    asked,
    produced,
    fail: (request, errorCode, left) => void failures.push({ key: API[request], errorCode, left }),
    swallow: (request, how) => void swallowed.set(API[request], how),
    breakOff: (request) => void broken.add(API[request]),
    refuse,
    close: refuse,
  }
}
