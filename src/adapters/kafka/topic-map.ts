/**
 * What is known of the cluster: the brokers' addresses, and which of them leads which partition.
 *
 * Boundary: knows full topic names. What it knows may be old; who finds it wrong says `forget`, and the next question
 * asks the cluster again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError } from '../../ports/event-log.ts'
import type { Connections } from './connections.ts'
import { Patience } from './patience.ts'
import { UNKNOWN_TOPIC_OR_PARTITION, isStaleLeader, requestError } from './errors.ts'
import { type Place, metadataRequest } from './requests.ts'

export interface Leader {
  readonly node: number
  /** `host:port` */
  readonly address: string
}

/** Measured: some milliseconds on one broker, some tens on three. */
const APPEAR_MS = 20
const APPEAR_ATTEMPTS = 250

/**
 * A topic that was there is believed to be gone when the brokers have not known it for so long: one that starts may not
 * have heard of all topics yet.
 */
const GONE_MS = 3_000

interface Known {
  readonly leaders: readonly number[]
  readonly copies: number
  fresh: boolean
  /** Since when the brokers do not know it. */
  missing: Patience | null
}

export class TopicMap {
  readonly #connections: Connections
  readonly #bootstrap: readonly string[]
  #brokers: ReadonlyMap<number, string> = new Map()
  readonly #topics = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<void>>()

  constructor(connections: Connections, bootstrap: readonly string[]) {
    this.#connections = connections
    this.#bootstrap = bootstrap
  }

  /** How many partitions the topic has; null: there is no such topic. Rejects with `LogError`. */
  async count(topic: string): Promise<number | null> {
    if (!this.#topics.has(topic)) await this.#ask(topic)
    return this.#topics.get(topic)?.leaders.length ?? null
  }

  /** How many copies the topic has, of the partition that has the fewest; null: there is no such topic. */
  async copies(topic: string): Promise<number | null> {
    await this.count(topic)
    return this.#topics.get(topic)?.copies ?? null
  }

  /** As `count`, asked anew: a topic may have grown. */
  async recount(topic: string): Promise<number | null> {
    await this.#ask(topic)
    return this.count(topic)
  }

  /** Rejects with `LogError`: `unavailable` when there is none now, `invalid-record` when there is no such place. */
  async leader(place: Place): Promise<Leader> {
    if (this.#topics.get(place.topic)?.fresh !== true) await this.#ask(place.topic)
    const known = this.#topics.get(place.topic)
    const node = known?.leaders[place.partition]
    if (node === undefined) throw noSuchPlace(place, known?.leaders.length ?? null)
    const address = this.#brokers.get(node)
    if (address !== undefined && known?.missing === null) return { node, address }
    this.forget(place.topic)
    throw new LogError('unavailable', `${place.topic}[${place.partition}] has no leader now`, { retryable: true })
  }

  get brokerCount(): number {
    return this.#brokers.size
  }

  /** Waits until the brokers have heard of a topic that was just created. Rejects with `LogError` when they don't. */
  async appears(topic: string): Promise<void> {
    for (let left = APPEAR_ATTEMPTS; (await this.count(topic)) === null; left--) {
      if (left === 0) throw noSuchPlace({ topic, partition: 0 }, null)
      await sleep(APPEAR_MS)
    }
  }

  /** Its leaders are asked for again when they are next needed. */
  forget(topic: string): void {
    const known = this.#topics.get(topic)
    if (known !== undefined) known.fresh = false
  }

  /** The addresses to ask first, for what any broker knows. */
  addresses(): string[] {
    return [...new Set([...this.#brokers.values(), ...this.#bootstrap])]
  }

  #ask(topic: string): Promise<void> {
    const under = this.#asking.get(topic)
    if (under !== undefined) return under
    const asking = this.#refresh(topic).finally(() => this.#asking.delete(topic))
    this.#asking.set(topic, asking)
    return asking
  }

  async #refresh(topic: string): Promise<void> {
    const { brokers, topics } = await anyBroker(this.addresses(), (address) =>
      this.#connections.request(address, metadataRequest([topic])),
    )
    this.#brokers = brokers
    const [found] = topics
    if (found === undefined || found.errorCode === UNKNOWN_TOPIC_OR_PARTITION) {
      this.#isMissing(topic)
      return
    }
    if (found.errorCode !== 0 && !isStaleLeader(found.errorCode)) throw requestError(found.errorCode, topic)
    this.#topics.get(topic)?.missing?.end()
    const { leaders, copies } = found
    if (leaders.length > 0) this.#topics.set(topic, { leaders, copies, fresh: true, missing: null })
  }

  #isMissing(topic: string): void {
    const known = this.#topics.get(topic)
    if (known === undefined) return
    known.fresh = false
    known.missing ??= new Patience(GONE_MS)
    if (known.missing.isOver) this.#topics.delete(topic)
  }
}

/** Asks one address after another until one answers. Rejects as the last one did. */
export async function anyBroker<T>(addresses: readonly string[], ask: (address: string) => Promise<T>): Promise<T> {
  let failure: unknown = null
  for (const address of addresses) {
    try {
      return await ask(address)
    } catch (err) {
      failure = err
    }
  }
  if (failure instanceof LogError) throw failure
  const text = failure instanceof Error ? failure.message : 'no broker is known'
  throw new LogError('unavailable', text, { retryable: true, cause: failure })
}

export function noSuchPlace({ topic, partition }: Place, count: number | null): LogError {
  const text = count === null ? `there is no topic ${topic}` : `${topic} has ${count} partitions, none is ${partition}`
  return new LogError('invalid-record', text)
}
