/**
 * The fold of one partition: its state, and the reader that says up to where.
 *
 * Invariant: the state is the fold of exactly the batches that the reader accepted (I5).
 */
import { evolve } from '../core/evolve.ts'
import { State } from '../core/state.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type EventLog, LogError, type StoredRecord, type TopicPartition } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'
import type { Cursor } from './cursor.ts'
import { type AcceptedEvent, Reader, type Verdict } from './reader.ts'

/** One read from the log while folding. */
const READ_BYTES = 4 * 1024 * 1024

export interface FoldOptions {
  readonly log: EventLog
  readonly codec: EventCodec
  readonly topicPartition: TopicPartition
  /** Nobody else can write to this log: a record that the rule does not accept is damage, not a fenced owner's. */
  readonly singleWriter: boolean
  /** Called for every accepted batch, in order; an announcement is a batch of one. */
  readonly accepted: (events: readonly AcceptedEvent[]) => void
  /** Called for records that the rule does not accept. */
  readonly refused: (record: StoredRecord, verdict: Verdict) => void
}

export class PartitionFold {
  state: State = new State()
  #reader: Reader
  readonly #options: FoldOptions

  constructor(options: FoldOptions) {
    this.#options = options
    this.#reader = new Reader(options.codec)
  }

  get cursor(): Cursor {
    return this.#reader.cursor
  }
  get reader(): Reader {
    return this.#reader
  }

  /** Forgets everything: the log is no longer the one that was folded. */
  reset(): void {
    this.state = new State()
    this.#reader = new Reader(this.#options.codec)
  }

  /** Goes on from a checkpoint whose place the log has. */
  resume(state: State, cursor: Cursor): void {
    this.state = state
    this.#reader = new Reader(this.#options.codec, cursor)
  }

  /** Folds until `offset` is reached; waits for nothing, so what is not there yet is left for the next call. */
  async foldTo(offset: number, apply: (events: readonly AcceptedEvent[]) => void = this.apply): Promise<void> {
    const { log, topicPartition } = this.#options
    while (this.cursor.offset < offset) {
      const read = await log.read(topicPartition, this.cursor.offset, READ_BYTES)
      for (const record of read.records) {
        if (record.offset >= this.cursor.offset) this.#take(record, apply)
      }
      if (read.unreadable !== undefined) this.#take(foreignAt(read.unreadable.from), apply)
      // What no reader sees, such as the marker of a foreign transaction, has an offset as well.
      if (read.next > this.cursor.offset) this.#reader.skipTo(read.next)
      else if (read.records.length === 0) return
    }
  }

  /** Rejects with `LogError` `offset-out-of-range` when the log ends before what was folded of it. */
  async foldToEnd(apply: (events: readonly AcceptedEvent[]) => void = this.apply): Promise<void> {
    const { log, topicPartition } = this.#options
    const end = await log.end(topicPartition)
    const { offset } = this.cursor
    if (end < offset) throw new LogError('offset-out-of-range', `the log ends at ${end}, it was read up to ${offset}`)
    await this.foldTo(end, apply)
  }

  readonly apply = (events: readonly AcceptedEvent[]): void => {
    for (const { event } of events) evolve(this.state, event)
  }

  #take(record: StoredRecord, apply: (events: readonly AcceptedEvent[]) => void): void {
    const verdict = this.#reader.take(record)
    switch (verdict.kind) {
      case 'kept':
        return
      case 'announced':
        if (verdict.event.partitions !== this.#options.log.partitions) {
          const message = `the log was written with ${verdict.event.partitions} partitions, it has ${this.#options.log.partitions}`
          throw new OperationalError('log-broken', message)
        }
        this.#accept([{ event: verdict.event, offset: verdict.offset }], apply)
        return
      case 'accepted':
        this.#accept(verdict.events, apply)
        return
      case 'ignored':
      case 'dropped':
        if (this.#options.singleWriter) throw new OperationalError('log-broken', broken(record, verdict, this.#options))
        this.#options.refused(record, verdict)
    }
  }

  #accept(events: readonly AcceptedEvent[], apply: (events: readonly AcceptedEvent[]) => void): void {
    apply(events)
    this.#options.accepted(events)
  }
}

/** What can't be read, in its place: an owner writes what every version can read, so nothing accepted is lost with it. */
function foreignAt(offset: number): StoredRecord {
  return { offset, timestamp: 0, key: null, value: null, headers: [] }
}

const WHY: Readonly<Record<string, string>> = {
  foreign: 'it is not an event of ours',
  'lower-epoch': 'it is of an owner that another has overtaken',
  'other-batch': 'it is not of the batch that follows',
  'other-owner': 'its batch is of another owner',
  incomplete: 'its batch is not whole',
  'other-history': 'its batch was decided on another history: events before it were changed',
}

function broken(record: StoredRecord, verdict: Verdict, options: FoldOptions): string {
  const why = 'why' in verdict ? WHY[verdict.why] : verdict.kind
  const { topic, partition } = options.topicPartition
  return `${topic}[${partition}] offset ${record.offset}: ${why}`
}

/** A dropped batch is an alarm; an ignored record is what a fenced owner leaves behind. */
export function refusedLogger(logger: Logger, partition: number): FoldOptions['refused'] {
  return (record, verdict) => {
    const details = { partition, offset: record.offset, verdict }
    if (verdict.kind === 'dropped') logger.error(details, 'a batch on the log was dropped')
    else logger.debug(details, 'a record on the log was ignored')
  }
}
