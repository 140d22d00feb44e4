/** What happens to a cluster. Each resolves when it has happened; the judgement comes after. */
import { Kafka, logLevel } from 'kafkajs'
import type { KafkaBroker } from '../support/kafka/broker.ts'
import type { Cluster } from './cluster.ts'

export interface Trouble {
  readonly cluster: Cluster
  readonly broker: KafkaBroker
  readonly count: number
  readonly random: () => number
  readonly sessionTimeoutMs: number
  /** When an owner was taken away, epoch ms. */
  readonly taken: (at: number) => void
}

const PLACES = ['a', 'b'] as const

/** The moment of a fault is random: that is the fault, nothing waits here for anything. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function between(random: () => number, from: number, to: number): number {
  return from + random() * (to - from)
}

/** Owners are killed, each at a random moment of its work, and started again. */
export async function killOwners({ cluster, count, random, taken }: Trouble): Promise<void> {
  for (let kill = 0; kill < count; kill += 1) {
    const place = PLACES[kill % PLACES.length] ?? 'a'
    await sleep(between(random, 200, 1_500))
    taken(Date.now())
    await cluster.kill(place)
    await cluster.start(place)
  }
}

/** Owners stand still for longer than their session, wake up, and believe that they still own. */
export async function pauseOwners({ cluster, count, random, sessionTimeoutMs }: Trouble): Promise<void> {
  for (let pause = 0; pause < count; pause += 1) {
    const zombie = cluster.at(PLACES[pause % PLACES.length] ?? 'a')
    await sleep(between(random, 200, 800))
    zombie.pause()
    await sleep(sessionTimeoutMs * between(random, 1.5, 3))
    zombie.resume()
    await sleep(between(random, 500, 1_500))
  }
}

/** The broker is killed under load, and started again on what it had written. */
export async function killBroker({ broker, count, random }: Trouble): Promise<void> {
  for (let kill = 0; kill < count; kill += 1) {
    await sleep(between(random, 500, 1_500))
    await broker.kill()
    await sleep(between(random, 0, 1_000))
    await broker.restart()
    await sleep(2_000)
  }
}

/** A third process comes and goes, so that the groups are balanced anew all the time. */
export async function rebalance({ cluster, count, random }: Trouble): Promise<void> {
  for (let change = 0; change < count; change += 1) {
    if (change % 2 === 0) void cluster.start('c')
    else await cluster.kill('c')
    await sleep(between(random, 800, 1_200))
  }
  if (count % 2 === 1) await cluster.kill('c')
}

/** The broker has the batch, and nobody hears of it. */
export async function loseReplies({ broker, count, random }: Trouble): Promise<void> {
  const [proxy] = broker.proxies
  if (proxy === undefined) throw new Error('expected a broker behind a proxy')
  for (let reply = 0; reply < count; reply += 1) {
    await sleep(between(random, 50, 400))
    await proxy.dropReply('produce')
    if (reply % 5 === 4) proxy.cut()
  }
}

/** One broker of three after another: each leads some partitions. */
export async function killLeaders({ broker, count, random }: Trouble): Promise<void> {
  for (let kill = 0; kill < count; kill += 1) {
    const node = 1 + (kill % 3)
    await sleep(between(random, 500, 1_500))
    await broker.kill(node)
    await sleep(between(random, 1_000, 4_000))
    await broker.restart(node)
    await sleep(3_000)
  }
}

/** Commands that stand on a wrong partition, come twice, or are no commands at all. */
export async function poison({ cluster, broker, count, random }: Trouble): Promise<void> {
  const kafka = new Kafka({ brokers: [...broker.direct], clientId: 'poison', logLevel: logLevel.NOTHING })
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const topic = `${cluster.namespace}.commands`
  for (let number = 0; number < count; number += 1) {
    const command = { type: 'AddJob', commandId: `poison-${number}`, job: { id: `stray-${number}`, task: 'quick' } }
    const value = Buffer.from(JSON.stringify(command))
    const rubbish = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 200) }, () => Math.floor(random() * 256)),
    )
    for (const partition of [0, 1, 2]) await producer.send({ topic, messages: [{ value, partition }] })
    const messages = [{ key: 'x', value: rubbish, partition: number % 3 }]
    await producer.send({ topic, messages })
    await producer.send({ topic: `${cluster.namespace}.reports`, messages })
    await sleep(between(random, 0, 50))
  }
  await producer.disconnect()
}
