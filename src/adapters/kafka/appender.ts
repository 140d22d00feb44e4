/**
 * Appends: one batch, one request, no second attempt.
 *
 * Invariants:
 * 1. Appends to one partition leave in the order of the calls.
 * 2. What was not handed to an open connection is refused; of everything after that only a named refusal is.
 * 3. The term of an append is of a moment after it: the question goes out behind it on the same connection, whose requests
 *    a broker handles one after another.
 */
import type { Appended, LogError } from '../../ports/event-log.ts'
import type { Connections } from './connections.ts'
import { isStaleLeader, noAnswer } from './errors.ts'
import type { Connection } from './kjs.ts'
import { endRequest, type OffsetAnswer, type Place, produceRequest } from './requests.ts'
import type { Terms } from './terms.ts'
import type { TopicMap } from './topic-map.ts'

export interface AppenderOptions {
  readonly connections: Connections
  readonly topics: TopicMap
  /** null: nobody wants to know in which term an append was. */
  readonly terms: Terms | null
  readonly requestTimeoutMs: number
  /** What a broker's error means for who appends. */
  readonly errorOf: (code: number, where: string) => LogError
}

export class Appender {
  readonly #options: AppenderOptions
  /** By place: the call before has been handed to its connection. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  /** `timestamp`: the time of the append on a topic that doesn't stamp it itself. Rejects with `LogError`. */
  async append(to: Place, batch: Uint8Array, timestamp: number): Promise<Appended> {
    const { connections, topics, terms, requestTimeoutMs, errorOf } = this.#options
    const where = `${to.topic}[${to.partition}]`
    const request = produceRequest(to, batch, requestTimeoutMs)
    const { connection, socket, answer, led } = await this.#inTurn(where, async () => {
      const opened = await this.#open(to)
      // Not awaited here: the next append may go out as soon as this one has.
      const sent = connections.send(opened, request)
      const led = terms === null ? null : connections.send(opened, endRequest(to, 0)).then(epochOf, () => null)
      return { connection: opened, socket: opened.socket ?? null, answer: sent, led }
    })
    try {
      const { errorCode, baseOffset, appendTime } = await answer
      if (errorCode === 0) {
        const appended = { baseOffset, timestamp: appendTime < 0 ? timestamp : appendTime }
        return terms === null ? appended : { ...appended, term: terms.at(to, socket, await led) }
      }
      if (isStaleLeader(errorCode)) topics.forget(to.topic)
      throw errorOf(errorCode, where)
    } catch (err) {
      if (!connection.isConnected()) topics.forget(to.topic)
      throw noAnswer(err, where)
    }
  }

  async #open(to: Place): Promise<Connection> {
    const { connections, topics } = this.#options
    const { address } = await topics.leader(to)
    try {
      return await connections.open(address, 0)
    } catch (err) {
      topics.forget(to.topic)
      throw err
    }
  }

  #inTurn<T>(place: string, task: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(place) ?? Promise.resolve()
    const turn = before.then(task, task)
    this.#turns.set(place, turn)
    const forget = (): void => {
      if (this.#turns.get(place) === turn) this.#turns.delete(place)
    }
    turn.then(forget, forget)
    return turn
  }
}

/** null: it is not known. */
function epochOf({ errorCode, leaderEpoch }: OffsetAnswer): number | null {
  return errorCode === 0 && leaderEpoch >= 0 ? leaderEpoch : null
}
