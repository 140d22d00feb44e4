/**
 * The broker that keeps a group: finds it, sends it requests, and finds it again when it moved.
 *
 * Boundary: one attempt a call. What an error code means to a member is the member's to know, but for the two kinds that say
 * that another broker keeps the group or that this one is not ready.
 */
import { LogError } from '../../ports/event-log.ts'
import type { Connections, Lane } from './connections.ts'
import { noAnswer, requestError } from './errors.ts'
import { findCoordinatorRequest } from './group-requests.ts'
import type { WireRequest } from './requests.ts'
import { type TopicMap, anyBroker } from './topic-map.ts'

/** Loading, not available, moved. */
const NOT_READY: ReadonlySet<number> = new Set([14, 15, 16])
/** Its members speak another protocol, its name is none, the session is too short or too long for the broker. */
const MISFITS: ReadonlySet<number> = new Set([23, 24, 26])

const INCONSISTENT_GROUP_PROTOCOL = 23

export class GroupCoordinator {
  readonly #groupId: string
  readonly #connections: Connections
  readonly #topics: TopicMap
  #address: string | null = null

  constructor(groupId: string, connections: Connections, topics: TopicMap) {
    this.#groupId = groupId
    this.#connections = connections
    this.#topics = topics
  }

  /** `sent` is called when the request goes out. Rejects with `LogError`, `unavailable` while nobody keeps the group. */
  async request<T>(
    request: WireRequest<T>,
    errorOf: (answer: T) => number,
    lane: Lane = 0,
    sent: () => void = () => {},
  ): Promise<T> {
    try {
      this.#address ??= await this.#find()
      const connection = await this.#connections.open(this.#address, lane)
      sent()
      const answer = await this.#connections.send(connection, request)
      const code = errorOf(answer)
      if (!NOT_READY.has(code)) return answer
      throw requestError(code, `group ${this.#groupId}`)
    } catch (err) {
      this.#address = null
      throw noAnswer(err, `group ${this.#groupId}`)
    }
  }

  async #find(): Promise<string> {
    const found = await anyBroker(this.#topics.addresses(), (address) =>
      this.#connections.request(address, findCoordinatorRequest(this.#groupId)),
    )
    if (found.errorCode === 0) return found.address
    throw requestError(found.errorCode, `group ${this.#groupId}`)
  }
}

/** The group's answer to what cannot be done now, or never. */
export function groupError(code: number, groupId: string): LogError {
  const error = requestError(code, `group ${groupId}`)
  if (code === INCONSISTENT_GROUP_PROTOCOL) {
    const why =
      'its members share out the partitions by rules that this one does not know, or no client like it may join'
    return new LogError(error.code, `${error.message}: ${why}; let all of them offer the assignor range`)
  }
  return MISFITS.has(code) ? new LogError(error.code, error.message) : error
}
