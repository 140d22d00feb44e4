/**
 * The reader's rule (design §3): which records of a partition's events are accepted.
 *
 * Boundary: pure over records and a cursor; it reads no log and changes no state. The same for owner, follower and
 * auditor, from offset 0 or from a full cursor, never from the middle.
 *
 * Invariants:
 * 1. Nothing is accepted before its trailer, and then the whole batch at once.
 * 2. The first announcement of a higher epoch, in offset order, wins; everything of another (epoch, seq) is ignored.
 * 3. A batch that was decided on another history than the accepted one is dropped, with an alarm.
 */
import type { BatchCommitted, Event, OwnerAnnounced } from '../core/events.ts'
import type { StoredRecord } from '../ports/event-log.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { OperationalError } from '../ports/operational-error.ts'
import { FORMAT } from './announcement.ts'
import { type Cursor, sameBytes, START } from './cursor.ts'

export interface AcceptedEvent {
  readonly event: Event
  readonly offset: number
}

export type Verdict =
  | { readonly kind: 'announced'; readonly event: OwnerAnnounced; readonly offset: number }
  /** The events of the batch by index, the trailer last. */
  | { readonly kind: 'accepted'; readonly events: readonly AcceptedEvent[]; readonly trailer: BatchCommitted }
  /** Waits for its trailer. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'ignored'; readonly why: 'foreign' | 'lower-epoch' | 'other-batch' }
  | { readonly kind: 'dropped'; readonly why: 'other-owner' | 'incomplete' | 'other-history' }

interface Kept {
  readonly event: Event
  readonly value: Uint8Array
  readonly offset: number
}

const KEPT: Verdict = { kind: 'kept' }

export class Reader {
  readonly #codec: EventCodec
  #cursor: Cursor
  readonly #kept = new Map<number, Kept>()

  constructor(codec: EventCodec, cursor: Cursor = START) {
    this.#codec = codec
    this.#cursor = cursor
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  /** Throws `log-broken` at an event type or a format that this version doesn't know: it must not fold past it. */
  take(record: StoredRecord): Verdict {
    const verdict = this.#judge(record)
    this.#cursor = { ...this.#cursor, offset: record.offset + 1 }
    return verdict
  }

  /** There are no records before `offset`. */
  skipTo(offset: number): void {
    this.#cursor = { ...this.#cursor, offset }
  }

  /** Takes a batch of the owner itself, which the log put right behind the cursor: nobody wrote in between. */
  takeOwn(values: readonly Uint8Array[], trailer: BatchCommitted, chain: Uint8Array): void {
    this.#kept.clear()
    const { offset } = this.#cursor
    const end = offset + values.length
    this.#cursor = { ...afterBatch(grown(this.#cursor, chain, offset, end), trailer), offset: end }
  }

  #judge(record: StoredRecord): Verdict {
    const { value } = record
    const decoded = value === null ? null : this.#codec.decode(value)
    if (value === null || decoded === null || decoded.kind === 'foreign') return { kind: 'ignored', why: 'foreign' }
    const place = decoded.kind === 'event' ? decoded.event : decoded.stamp
    if (decoded.kind === 'event' && decoded.event.type === 'OwnerAnnounced') {
      return this.#announced(decoded.event, value, record.offset)
    }
    if (place.epoch !== this.#cursor.epoch || place.seq !== this.#cursor.seq + 1) {
      // The announcement of a later version is of a type of its own: past it, this reader would follow the wrong owner.
      if (decoded.kind === 'unknown-type' && place.epoch > this.#cursor.epoch && place.seq === 0)
        throw unknownType(record)
      return { kind: 'ignored', why: place.epoch < this.#cursor.epoch ? 'lower-epoch' : 'other-batch' }
    }
    if (decoded.kind === 'unknown-type') throw unknownType(record)
    this.#kept.set(place.index, { event: decoded.event, value, offset: record.offset })
    return decoded.event.type === 'BatchCommitted' ? this.#committed(decoded.event) : KEPT
  }

  #announced(event: OwnerAnnounced, value: Uint8Array, offset: number): Verdict {
    if (event.epoch <= this.#cursor.epoch) return { kind: 'ignored', why: 'lower-epoch' }
    if (event.format !== FORMAT) {
      throw new OperationalError('log-broken', `offset ${offset}: format ${event.format}, this version knows ${FORMAT}`)
    }
    this.#kept.clear()
    const chain = this.#codec.chain(this.#cursor.chain, [value])
    const { epoch, owner, logId } = event
    this.#cursor = { ...grown(this.#cursor, chain, offset, offset + 1), epoch, owner, seq: 0, logId }
    return { kind: 'announced', event, offset }
  }

  #committed(trailer: BatchCommitted): Verdict {
    const kept = [...this.#kept.values()].toSorted((a, b) => a.event.index - b.event.index)
    this.#kept.clear()
    if (!sameBytes(trailer.owner, this.#cursor.owner)) return { kind: 'dropped', why: 'other-owner' }
    const whole = kept.length === trailer.count + 1 && kept.every((one, index) => one.event.index === index)
    if (!whole) return { kind: 'dropped', why: 'incomplete' }
    if (!sameBytes(trailer.prev, this.#cursor.chain)) return { kind: 'dropped', why: 'other-history' }
    const chain = this.#codec.chain(
      this.#cursor.chain,
      kept.map((one) => one.value),
    )
    const offsets = kept.map((one) => one.offset)
    const after = grown(this.#cursor, chain, Math.min(...offsets), Math.max(...offsets) + 1)
    this.#cursor = afterBatch(after, trailer)
    return { kind: 'accepted', events: kept, trailer }
  }
}

function unknownType(record: StoredRecord): OperationalError {
  return new OperationalError(
    'log-broken',
    `offset ${record.offset}: an event of a type that this version doesn't know`,
  )
}

/** The accepted history has the batch at these offsets as well. */
function grown(cursor: Cursor, chain: Uint8Array, batchOffset: number, batchEnd: number): Cursor {
  return { ...cursor, prev: cursor.chain, chain, batchOffset, batchEnd }
}

function afterBatch(cursor: Cursor, trailer: BatchCommitted): Cursor {
  const { seq, commandsThrough, reportsThrough, dispatchedThrough } = trailer
  return { ...cursor, seq, commandsThrough, reportsThrough, dispatchedThrough }
}
