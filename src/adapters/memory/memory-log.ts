/**
 * A log in memory that several members of one process share, for tests, simulations and `memory:`.
 *
 * Boundary: passes the contract of the port, and beside it has controls that no real log has: moving a partition with
 * or without telling its owner, faults of single appends, truncation, retention. Nothing outlives the process.
 * Kept invariants:
 * 1. A batch lands in the call or never, unless a fault says `landLate`; so one member's appends land in call order.
 * 2. Every promise settles by microtasks alone, so a virtual clock drains it.
 */
import type {
  Appended,
  EventLog,
  Group,
  GroupMember,
  LogRecord,
  Membership,
  TopicPartition,
} from '../../ports/event-log.ts'
import { LogError, OWNERS } from '../../ports/event-log.ts'
import { MemoryGroup } from './memory-group.ts'
import { MemoryPartition } from './memory-partition.ts'
import { checkPlace, takeBatch } from './record-rules.ts'

/** What becomes of one append. */
export type AppendFate =
  /** Lands and is acknowledged. */
  | 'ok'
  /** Does not land; rejects `unavailable`, refused. */
  | 'refuse'
  /** Lands; rejects `no-answer`, unknown. */
  | 'lose-reply'
  /** Does not land; rejects `no-answer`, unknown. */
  | 'lose-request'
  /** Rejects `no-answer` at once and lands when the promise resolves; never, when that rejects. */
  | { readonly landLate: Promise<void> }

export interface AppendAttempt {
  /** The name given to `connect`. */
  readonly member: string
  readonly to: TopicPartition
  readonly records: readonly LogRecord[]
}

export interface MemoryClusterOptions {
  /** Partitions of each topic. Default 1. */
  readonly partitions?: number
  /** Append time, epoch milliseconds. */
  readonly now: () => number
  /** Asked for each valid append. Default: always `'ok'`. */
  readonly faults?: (attempt: AppendAttempt) => AppendFate
}

export interface MemoryCluster {
  readonly partitions: number
  /** A log of its own for one member. No two open connections have the same name. */
  connect(name: string): EventLog
  /**
   * Gives a partition to a member that has joined the owners. `tellLoser: false` leaves whoever had it believing that it still
   * has: a zombie. Calling it again with `true` tells all that are wrong. The next join or leave tells them as well.
   */
  assign(partition: number, memberName: string, options: { readonly tellLoser: boolean }): void
  /** Forgets the batch that holds `offset` and all after it, as an unclean leader election does. Tells nobody. */
  truncate(place: TopicPartition, offset: number): void
  /** Forgets the batches that lie wholly below `offset`, as retention does. */
  trim(place: TopicPartition, offset: number): void
}

export function createMemoryCluster(options: MemoryClusterOptions): MemoryCluster {
  const partitions = options.partitions ?? 1
  if (!Number.isInteger(partitions) || partitions < 1)
    throw new Error(`partitions: expected 1 or more, got ${partitions}`)
  const stored = new Map<string, MemoryPartition>()
  const groups = new Map<string, MemoryGroup>()
  const group = (id: string): MemoryGroup => {
    const known = groups.get(id)
    if (known !== undefined) return known
    const fresh = new MemoryGroup(partitions)
    groups.set(id, fresh)
    return fresh
  }
  const connected = new Set<string>()
  const at = (place: TopicPartition): MemoryPartition => {
    checkPlace(place, partitions)
    const name = `${place.topic}/${place.partition}`
    const known = stored.get(name)
    if (known !== undefined) return known
    const fresh = new MemoryPartition()
    stored.set(name, fresh)
    return fresh
  }
  return {
    partitions,
    connect(name) {
      if (connected.has(name)) throw new Error(`${name} is connected already`)
      connected.add(name)
      const faults = options.faults ?? (() => 'ok')
      const send = (to: TopicPartition, records: readonly LogRecord[]): Promise<Appended> => {
        const partition = at(to)
        const batch = takeBatch(records)
        const land = (): Appended => partition.append(batch, options.now())
        return settle(faults({ member: name, to, records: batch }), land)
      }
      return new MemoryLog(name, partitions, { at, send, group, disconnect: () => connected.delete(name) })
    },
    assign: (partition, name, { tellLoser }) => group(OWNERS.id).assign(partition, name, tellLoser),
    truncate: (place, offset) => at(place).truncate(offset),
    trim: (place, offset) => at(place).trim(offset),
  }
}

async function settle(fate: AppendFate, land: () => Appended): Promise<Appended> {
  if (fate === 'ok') return land()
  if (fate === 'refuse') throw new LogError('unavailable', 'the append was refused', { retryable: true })
  if (fate === 'lose-reply') land()
  else if (fate !== 'lose-request') fate.landLate.then(land, () => undefined)
  throw new LogError('no-answer', 'no answer to the append', { outcome: 'unknown', retryable: true })
}

/** What a connection needs of its cluster. */
interface ClusterSide {
  readonly at: (place: TopicPartition) => MemoryPartition
  readonly send: (to: TopicPartition, records: readonly LogRecord[]) => Promise<Appended>
  readonly group: (id: string) => MemoryGroup
  readonly disconnect: () => void
}

class MemoryLog implements EventLog {
  readonly partitions: number
  readonly #name: string
  readonly #cluster: ClusterSide
  readonly #undo = new Set<() => void>()
  #closed = false

  constructor(name: string, partitions: number, cluster: ClusterSide) {
    this.#name = name
    this.partitions = partitions
    this.#cluster = cluster
  }

  async append(to: TopicPartition, records: readonly LogRecord[]): ReturnType<EventLog['append']> {
    this.#mustBeOpen()
    return this.#cluster.send(to, records)
  }

  async read(from: TopicPartition, offset: number, maxBytes: number): ReturnType<EventLog['read']> {
    this.#mustBeOpen()
    return this.#cluster.at(from).read(offset, maxBytes)
  }

  async end(of: TopicPartition): Promise<number> {
    this.#mustBeOpen()
    return this.#cluster.at(of).end
  }

  watch(place: TopicPartition, listener: () => void): () => void {
    this.#mustBeOpen()
    const { listeners } = this.#cluster.at(place)
    const own = (): void => listener()
    listeners.add(own)
    return this.#undoable(() => listeners.delete(own))
  }

  async join(member: GroupMember, { id }: Group = OWNERS): Promise<Membership> {
    this.#mustBeOpen()
    const group = this.#cluster.group(id)
    if (group.has(this.#name)) throw new LogError('owned', `${this.#name} has joined already`)
    const leave = this.#undoable(group.join(this.#name, member))
    return {
      leave: async () => leave(),
      commit: async (positions) => {
        for (const [partition, offset] of positions) group.positions.set(partition, offset)
      },
      committed: async (partition) => group.positions.get(partition) ?? null,
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const undo of [...this.#undo]) undo()
    this.#cluster.disconnect()
  }

  /** Registers what `close` undoes, unless it was undone before. */
  #undoable(undo: () => void): () => void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo()
    }
    this.#undo.add(once)
    return once
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new LogError('closed', 'the log is closed')
  }
}
