/**
 * The log that Horolog stands on: named topics of numbered partitions, each an append-only sequence of records.
 *
 * Boundary: this port knows records (key, headers, value bytes) and offsets. It knows nothing of events, ownership or
 * acceptance; those are the reader's rule, which the materializer applies the same way above every adapter.
 *
 * Every adapter passes `test/contract/event-log.ts`. What they promise alike:
 * 1. One `append` is one batch: its records get consecutive offsets, and a reader sees all of them or none.
 * 2. Offsets of a partition start at 0 and rise by one per record. They are never used twice.
 * 3. When `append` resolves, the batch is durable by the adapter's own measure and visible to every reader.
 * 4. When it rejects with `outcome: 'refused'`, the batch is not in the log and never will be. With `'unknown'` it may
 *    be, now, later, or never.
 * 5. Records come back byte for byte as they were appended, in offset order.
 */

/** A partition of a topic. Topic names carry no namespace here; the Kafka adapter adds its prefix. */
export interface TopicPartition {
  readonly topic: string
  /** 0 … partitions − 1. */
  readonly partition: number
}

export type RecordHeader = readonly [name: string, value: Uint8Array]

export interface LogRecord {
  readonly key: string | null
  /** null: a tombstone, which ends what its key stands for. A log that keeps every record refuses it, `invalid-record`. */
  readonly value: Uint8Array | null
  readonly headers?: readonly RecordHeader[]
}

export interface StoredRecord {
  readonly offset: number
  /** Epoch milliseconds at which the log took the record (log-append time). */
  readonly timestamp: number
  /** What is not UTF-8 in it has become U+FFFD. */
  readonly key: string | null
  /** The key's bytes, when they are not UTF-8. Absent: `key` says all of it. */
  readonly rawKey?: Uint8Array
  /** null: a tombstone. */
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export interface Appended {
  /** Offset of the first record of the batch. */
  readonly baseOffset: number
  /** Append time of the batch, epoch milliseconds. */
  readonly timestamp: number
  /**
   * While it stays the same for a partition, nothing that was acknowledged can have got lost. Another one: the partition may
   * have come to another keeper that has less, or has grown again. Taken after the append. Absent: the log has one keeper.
   */
  readonly term?: number
}

export interface ReadResult {
  readonly records: readonly StoredRecord[]
  /** Where to read on. Equal to `from` when nothing was there: that proves nothing about the end of the log. */
  readonly next: number
  /**
   * Behind the records, up to `next`: what is there and can't be read, now or later, such as a batch that nobody can unpack.
   * Default: there is nothing such.
   */
  readonly unreadable?: UnreadableRange
}

/** Offsets from `from`, up to and without `to`. */
export interface UnreadableRange {
  readonly from: number
  readonly to: number
  /** For people. */
  readonly why: string
}

/** Members that share the partitions of a topic among them: each partition is one member's at a time. */
export interface Group {
  readonly id: string
  readonly topic: string
}

/** Those that want to own partitions: their number is that of the events topic. */
export const OWNERS: Group = Object.freeze({ id: 'owners', topic: 'commands' })

export interface Assignment {
  /** Partitions of the group's topic that are this member's. */
  readonly partitions: readonly number[]
  /** Rises with every change of the group. */
  readonly generation: number
}

/**
 * A member of a group. The callbacks are advice about who should have what; of the owners' group ownership itself is
 * decided on the log.
 */
export interface GroupMember {
  /** For people: host, process id. */
  readonly name: string
  readonly assigned: (assignment: Assignment) => void
  readonly lost: (partitions: readonly number[]) => void
  /** Partitions that this member could take over at once; the group prefers to give it these. Default: none. */
  readonly warm?: () => readonly number[]
  /**
   * The group is about to share its partitions anew, and waits for this member: until the promise settles, and `withinMs` at
   * most. Where others go on is what was committed by then. `lost` or `assigned` comes after it. Default: nothing is to be done.
   */
  readonly rebalancing?: (withinMs: number) => Promise<void>
}

export interface Membership {
  /** Gives the partitions back so that others may have them at once. */
  readonly leave: () => Promise<void>
  /**
   * Remembers for the group, by partition, the offset that it goes on from; all below it is done. Positions of
   * partitions that this member doesn't have any more may be dropped. Rejects with `LogError` when it can't now.
   */
  readonly commit: (positions: ReadonlyMap<number, number>) => Promise<void>
  /** What was committed last for a partition, by whoever had it; null: nothing yet. */
  readonly committed: (partition: number) => Promise<number | null>
}

export interface EventLog {
  /** How many partitions the events, commands and reports topics have; at least 1. */
  readonly partitions: number

  /**
   * Appends the records as one batch. No retry happens inside.
   * Rejects with `LogError`; its `outcome` says whether the batch may be in the log.
   */
  append(to: TopicPartition, records: readonly LogRecord[]): Promise<Appended>

  /**
   * Reads from an offset, whole batches as far as `maxBytes` of values allows, always at least one batch when one is
   * there. Resolves at once also when nothing is there. Rejects with code `offset-out-of-range` below the first kept
   * offset or above the end.
   */
  read(from: TopicPartition, offset: number, maxBytes: number): Promise<ReadResult>

  /** The offset that the next record will get. */
  end(of: TopicPartition): Promise<number>

  /**
   * Calls `listener` after records were added to the partition; several additions may be told once. Returns the
   * function that stops it.
   */
  watch(partition: TopicPartition, listener: () => void): () => void

  /**
   * Joins a group, by default that of the owners. Rejects with code `owned` where only one process may own, and another
   * does; with `read-only` on a log that was opened for reading.
   */
  join(member: GroupMember, group?: Group): Promise<Membership>

  /** Stops everything and lets go of files and locks. Appends under way settle first. Idempotent. */
  close(): Promise<void>
}

/** Why an operation on the log failed. Closed list. */
export type LogErrorCode =
  /** The log is closed. */
  | 'closed'
  /** Opened for reading only. */
  | 'read-only'
  /** Another process owns the folder. `owner` names it. */
  | 'owned'
  /** Batch or record over the adapter's limit. */
  | 'too-large'
  /** No such topic or partition, or a record that cannot be stored. */
  | 'invalid-record'
  /** Of the outbox: the topic is there, and takes no such record: its timestamp, its format, its missing key. */
  | 'record-refused'
  | 'offset-out-of-range'
  /** No space, no connection, no leader: nothing was written. */
  | 'unavailable'
  /** The request went out and no answer came. */
  | 'no-answer'
  /** Bytes before the tail are not what was written. `position` names the place. */
  | 'corrupt'
  /** What is there is no log of ours, or one with another number of partitions or of an unknown format version. */
  | 'wrong-log'
  /** The broker knows us and says no. */
  | 'not-authorized'
  /** The disk failed a sync: what lies on it can't be known until the log is opened again. */
  | 'disk-failed'

/** An operational failure of the log: not a rejection of a command, and not a bug of ours. */
export class LogError extends Error {
  override readonly name: string = 'LogError'
  readonly code: LogErrorCode
  /** Of an append: `refused` is certainly not in the log, `unknown` may be. */
  readonly outcome: 'refused' | 'unknown'
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Process id of the other owner, with code `owned`. */
  readonly owner: number | null
  /** First offset that the partition keeps, with code `offset-out-of-range`. */
  readonly first: number | null
  /** The damaged place, for people, with code `corrupt`: file and byte, and which offset was expected there. */
  readonly position: string | null

  constructor(
    code: LogErrorCode,
    message: string,
    details: {
      outcome?: 'refused' | 'unknown'
      retryable?: boolean
      owner?: number | null
      first?: number | null
      position?: string | null
      cause?: unknown
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.outcome = details.outcome ?? 'refused'
    this.retryable = details.retryable ?? false
    this.owner = details.owner ?? null
    this.first = details.first ?? null
    this.position = details.position ?? null
  }
}
