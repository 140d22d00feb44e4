/**
 * Tells listeners of new records: long polls over all watched partitions of a broker at once, whose records are kept for the
 * read that follows, so that a record reaches its reader with one fetch.
 *
 * Boundary: what a listener is told is advice; the truth is what it reads. A partition that had records when it was first
 * watched is told once, since some of them may have come meanwhile.
 * Invariants:
 * 1. A partition is polled from where its records were last told, so none is missed and none is told twice.
 * 2. A partition whose kept records nobody has read is not polled on: whoever was told has not come yet.
 * 3. A poll that waits does not hold up a partition that is watched later: that goes out at once on the other lane.
 * 4. What one leader said is not kept beyond its time: another may not have it.
 * 5. What is polled is what may be read: a poll waits before an open transaction where a reader has to.
 * 6. Nobody waits for ever, whatever was missed: who was not told for long is told, and what he has not read is polled anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadResult } from '../../ports/event-log.ts'
import type { Logger } from '../../ports/telemetry.ts'
import type { Connections, Lane } from './connections.ts'
import { OFFSET_OUT_OF_RANGE } from './errors.ts'
import { ReadAhead } from './read-ahead.ts'
import { MAX_TORN_BYTES, type Reader, wholeBatches } from './reader.ts'
import { type Fetched, type Isolation, type Place, fetchRequest } from './requests.ts'
import type { TopicMap } from './topic-map.ts'

/** How long a broker waits for a record; the first one ends it. */
const POLL_WAIT_MS = 500
const POLL_BYTES = 4 * 1024 * 1024
const PARTITION_BYTES = 512 * 1024
const RETRY_MS = 50
const MAX_RETRY_MS = 1_000
/** Costs each partition where nothing happens a read that brings nothing, once in this time. */
const TELL_AGAIN_MS = 30_000

export interface WatchesOptions {
  /** Used by nobody else. */
  readonly connections: Connections
  readonly topics: TopicMap
  readonly reader: Reader
  /** With which all that is watched here is read. */
  readonly isolation: Isolation
  readonly logger: Logger
}

interface Watched {
  readonly place: Place
  readonly listeners: Set<() => void>
  readonly ahead: ReadAhead
  /** Address of the broker that is to be polled; null while it is looked for. */
  leader: string | null
  /** From where to poll; null: not known yet. */
  position: number | null
  /** Rises when all that was polled is forgotten: an answer of before that comes too late. */
  term: number
  maxBytes: number
  /** Since all were looked at last. */
  told: boolean
}

/** The polls of one broker. */
interface Loop {
  readonly address: string
  /** Rises with every change of what should be polled. */
  wish: number
  /** By lane: the wish with which its poll went out; null: none is out. */
  readonly out: (number | null)[]
  turn: number
  /** Before the next attempt after a failure. */
  pauseMs: number
}

export class Watches {
  readonly #options: WatchesOptions
  readonly #watched = new Map<string, Watched>()
  readonly #loops = new Map<string, Loop>()
  readonly #again: NodeJS.Timeout
  #closed = false

  constructor(options: WatchesOptions) {
    this.#options = options
    this.#again = setInterval(() => this.#tellAgain(), TELL_AGAIN_MS).unref()
  }

  watch(place: Place, listener: () => void): () => void {
    const watched = this.#watched.get(keyOf(place)) ?? this.#begin(place)
    const own = (): void => listener()
    watched.listeners.add(own)
    return () => {
      if (watched.listeners.delete(own) && watched.listeners.size === 0) this.#watched.delete(keyOf(place))
    }
  }

  /** What was polled ahead from this offset on; null: nothing. */
  take(place: Place, offset: number, maxBytes: number): ReadResult | null {
    const watched = this.#watched.get(keyOf(place))
    if (watched === undefined) return null
    const wasFull = watched.ahead.isFull
    const batches = watched.ahead.from(offset)
    if (wasFull && !watched.ahead.isFull) void this.#assign(watched)
    return batches === null ? null : wholeBatches(batches, offset, maxBytes)
  }

  /** The leader may be another one, with other records: what was polled is forgotten. */
  forget(place: Place): void {
    const watched = this.#watched.get(keyOf(place))
    if (watched !== undefined) this.#restart(watched)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#again)
    this.#watched.clear()
  }

  #begin(place: Place): Watched {
    const fresh = { listeners: new Set<() => void>(), ahead: new ReadAhead(), leader: null, position: null }
    const watched: Watched = { ...fresh, place, term: 0, maxBytes: PARTITION_BYTES, told: false }
    this.#watched.set(keyOf(place), watched)
    void this.#start(watched)
    return watched
  }

  #tellAgain(): void {
    for (const watched of this.#watched.values()) {
      if (!watched.told && watched.ahead.isFull) this.#restart(watched)
      else if (!watched.told) tell(watched)
      watched.told = false
    }
  }

  #restart(watched: Watched): void {
    watched.leader = null
    watched.position = null
    watched.term++
    watched.ahead.clear()
    void this.#start(watched)
  }

  async #start(watched: Watched): Promise<void> {
    const { place, term } = watched
    const { reader, isolation } = this.#options
    const found = await this.#untilDone(watched, async () => {
      const end = await reader.end(place, isolation)
      if (watched.term === term) watched.position = end
    })
    if (!found || watched.term !== term) return
    if ((watched.position ?? 0) > 0) tell(watched)
    await this.#assign(watched)
  }

  /** Has the leader's loop take the partition in. */
  async #assign(watched: Watched): Promise<void> {
    await this.#untilDone(watched, async () => {
      watched.leader = (await this.#options.topics.leader(watched.place)).address
      this.#wish(watched.leader)
    })
  }

  /** Tries until it succeeds; false when nobody watches any more. */
  async #untilDone(watched: Watched, task: () => Promise<void>): Promise<boolean> {
    const { place } = watched
    for (let pause = RETRY_MS; this.#watched.get(keyOf(place)) === watched; pause = longer(pause)) {
      try {
        await task()
        return true
      } catch (err) {
        this.#options.logger.debug({ err, topic: place.topic, partition: place.partition }, 'not watched yet')
        await sleep(pause, undefined, { ref: false })
      }
    }
    return false
  }

  #wish(address: string): void {
    const loop = this.#loops.get(address) ?? { address, wish: 0, out: [null, null], turn: 0, pauseMs: RETRY_MS }
    this.#loops.set(address, loop)
    loop.wish++
    const idle = loop.out.indexOf(null)
    if (idle >= 0) void this.#run(loop, idle === 0 ? 0 : 1)
  }

  async #run(loop: Loop, lane: Lane): Promise<void> {
    for (;;) {
      const wanted = [...this.#watched.values()].filter((one) => isWanted(one, loop))
      const overtaken = loop.out[1 - lane] === loop.wish
      if (this.#closed || overtaken || wanted.length === 0) break
      loop.out[lane] = loop.wish
      try {
        await this.#fetch(loop, lane, wanted)
        loop.pauseMs = RETRY_MS
      } catch (err) {
        if (this.#closed) break
        this.#options.logger.debug({ err, broker: loop.address }, 'a broker could not be asked for new records')
        await sleep(loop.pauseMs, undefined, { ref: false })
        loop.pauseMs = longer(loop.pauseMs)
        for (const one of wanted) this.#lookAgain(one)
      }
    }
    loop.out[lane] = null
  }

  async #fetch(loop: Loop, lane: Lane, wanted: readonly Watched[]): Promise<void> {
    // A broker fills its answer from the front: each partition comes first in its turn.
    const first = loop.turn++ % wanted.length
    const places = [...wanted.slice(first), ...wanted.slice(0, first)].map(({ place, position, maxBytes }) => ({
      ...place,
      offset: position ?? 0,
      maxBytes,
    }))
    const { connections, isolation } = this.#options
    const request = fetchRequest(places, { isolation, maxWaitMs: POLL_WAIT_MS, maxBytes: POLL_BYTES })
    const terms = new Map(wanted.map((one) => [one, one.term]))
    for (const fetched of await connections.request(loop.address, request, lane)) {
      const watched = this.#watched.get(keyOf(fetched))
      if (watched !== undefined && terms.get(watched) === watched.term) this.#took(watched, fetched)
    }
  }

  #took(watched: Watched, { errorCode, batches, damaged, torn }: Fetched): void {
    const { position } = watched
    if (position === null) return
    if (errorCode === OFFSET_OUT_OF_RANGE) return this.#restart(watched)
    if (errorCode !== 0) return this.#lookAgain(watched)
    const fresh = batches.filter(({ next }) => next > position)
    watched.maxBytes = torn ? Math.min(watched.maxBytes * 2, MAX_TORN_BYTES) : PARTITION_BYTES
    const last = fresh.at(-1)
    if (last !== undefined) {
      watched.position = last.next
      watched.ahead.add(fresh)
    }
    if (last !== undefined || damaged !== null) tell(watched)
    // Whoever was told meets it, and says so; here only the pace of asking for it is kept down.
    if (damaged !== null) this.#lookAgain(watched, MAX_RETRY_MS)
  }

  #lookAgain(watched: Watched, pauseMs = RETRY_MS): void {
    watched.ahead.clear()
    watched.leader = null
    this.#options.topics.forget(watched.place.topic)
    void sleep(pauseMs, undefined, { ref: false }).then(() => this.#assign(watched))
  }
}

function isWanted({ leader, position, ahead }: Watched, { address }: Loop): boolean {
  return leader === address && position !== null && !ahead.isFull
}

function tell(watched: Watched): void {
  watched.told = true
  for (const listener of [...watched.listeners]) listener()
}

function longer(pauseMs: number): number {
  return Math.min(pauseMs * 2, MAX_RETRY_MS)
}

function keyOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`
}
