/**
 * The reader's rule for one partition: which records are history. On a log with a single writer everything that the rule
 * ignores or drops is reported, because there is nothing to ignore; on a shared one fenced owners and repeated sends leave
 * such records behind, and they are counted.
 *
 * Invariants:
 * 1. A batch is handed on whole, after its trailer, or not at all.
 * 2. The chain grows by exactly the batches that are handed on.
 */
import { createHash } from 'node:crypto'
import { DecodeError, type SingleObjectDecoder } from '../avro/decode.ts'
import type { LogRecord } from '../embedded/segment-bytes.ts'
import type { BatchCommitted, LogEvent, OwnerAnnounced, Place, Placed } from './events.ts'
import type { Report, ViolationKind } from './report.ts'

interface Held extends Placed {
  readonly value: Buffer
}

const FORMAT = 1
const BOOKKEEPING: ReadonlySet<string> = new Set([
  ...['CommandApplied', 'CommandRejected', 'CommandForwarded', 'ReportIgnored'],
])
const CHAIN_BYTES = 32

export class ReadersRule {
  readonly #partition: number
  readonly #decoder: SingleObjectDecoder
  readonly #report: Report
  readonly #accept: (events: readonly Placed[]) => void
  readonly #shared: boolean
  #epoch = 0
  #seq = 0
  #owner: Buffer = Buffer.alloc(0)
  #chain: Buffer = Buffer.alloc(CHAIN_BYTES)
  #first: OwnerAnnounced | null = null
  /** Of the next batch, by index: of a copy the last one counts. */
  readonly #held = new Map<number, Held>()
  #lastTime = 0
  #commandsThrough = -1
  #reportsThrough = -1
  #mark = { epoch: 0, seq: 0 }

  constructor(
    partition: number,
    decoder: SingleObjectDecoder,
    report: Report,
    accept: (events: readonly Placed[]) => void,
    shared = false,
  ) {
    this.#partition = partition
    this.#decoder = decoder
    this.#report = report
    this.#accept = accept
    this.#shared = shared
  }

  /** The next record of the partition. `value` must stay as it is until its batch is over. */
  take({ offset, key, value }: LogRecord): void {
    const place = { partition: this.#partition, offset }
    this.#report.records += 1
    const event = this.#decode(value, place)
    if (event === null) return
    this.#checkKey(event, key, place)
    if (event.type === 'OwnerAnnounced') this.#announced(event, value, place)
    else if (event.epoch !== this.#epoch || event.seq !== this.#seq + 1) this.#ignored(event, place)
    else if (event.type === 'BatchCommitted') this.#committed(event, value, place)
    else this.#hold({ event, place, value })
  }

  #hold(held: Held): void {
    const { event, place } = held
    if (event.index !== this.#held.size && !this.#shared) {
      const text = `${event.type} has index ${event.index} in its batch, expected ${this.#held.size}`
      this.#report.violate('ignored-record', place, text)
      return
    }
    this.#held.set(event.index, held)
  }

  endOfLog(): void {
    this.#dropHeld('the log ends')
  }

  /** Events of a job have its id as their key, so that all that concerns it has one home; bookkeeping may have none. */
  #checkKey(event: LogEvent, key: string | null, place: Place): void {
    const jobId = 'jobId' in event ? event.jobId : null
    if (key === jobId || (key === null && BOOKKEEPING.has(event.type))) return
    this.#report.violate('wrong-key', place, `${event.type} of ${jobId ?? 'no job'} has the key ${key ?? 'null'}`)
  }

  #decode(value: Buffer, place: Place): LogEvent | null {
    try {
      const decoded = this.#decoder.decode(value)
      return Object.assign(decoded.value, { type: decoded.type }) as unknown as LogEvent
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#report.violate('unreadable-record', place, error.message)
      return null
    }
  }

  #announced(event: OwnerAnnounced, value: Buffer, place: Place): void {
    this.#dropHeld('an owner is announced')
    if (event.epoch <= this.#epoch) {
      const text = `an owner is announced in epoch ${event.epoch} after epoch ${this.#epoch}`
      this.#leftBehind('ignored-record', place, text)
      return
    }
    this.#checkAnnouncement(event, place)
    this.#first ??= { ...event, logId: Buffer.from(event.logId) }
    this.#epoch = event.epoch
    this.#owner = Buffer.from(event.owner)
    this.#seq = 0
    this.#report.ownerships += 1
    this.#grow([value])
    this.#hand([{ event, place }])
  }

  #checkAnnouncement(event: OwnerAnnounced, place: Place): void {
    const first = this.#first ?? event
    const wrong = [
      event.seq !== 0 || event.index !== 0 ? `its place is (${event.seq}, ${event.index}), not (0, 0)` : null,
      event.format !== FORMAT ? `format ${event.format} is not known` : null,
      event.hash !== 'murmur2' ? `hash ${event.hash} is not known` : null,
      event.partitions <= this.#partition ? `${event.partitions} partitions` : null,
      event.partitions !== first.partitions ? `${event.partitions} partitions, before ${first.partitions}` : null,
      !event.logId.equals(first.logId) ? 'it names another log id than the first' : null,
    ].filter((text) => text !== null)
    for (const text of wrong) this.#report.violate('wrong-announcement', place, `epoch ${event.epoch}: ${text}`)
  }

  #ignored(event: LogEvent, place: Place): void {
    const expected = `(${this.#epoch}, ${this.#seq + 1})`
    const text = `${event.type} of (epoch, seq) (${event.epoch}, ${event.seq}) where ${expected} is next`
    const isGap = event.epoch === this.#epoch && event.seq > this.#seq + 1
    this.#leftBehind(isGap ? 'seq-gap' : 'ignored-record', place, text)
  }

  #committed(event: BatchCommitted, value: Buffer, place: Place): void {
    const held = [...this.#held.values()].toSorted((a, b) => a.event.index - b.event.index)
    this.#held.clear()
    const isWhole = held.length === event.count && held.every((one, index) => one.event.index === index)
    const batch = `batch (${event.epoch}, ${event.seq})`
    if (!event.owner.equals(this.#owner)) {
      this.#leftBehind('dropped-batch', place, `${batch} is of an owner who does not own the partition`)
    } else if (!isWhole || event.index !== event.count) {
      const text = `${batch} has ${held.length} records, its trailer with index ${event.index} counts ${event.count}`
      this.#report.violate('dropped-batch', place, text)
    } else if (!event.prev.equals(this.#chain)) {
      this.#report.violate('broken-chain', place, `${batch} was decided on another history than the one before it`)
    } else {
      this.#seq += 1
      this.#report.batches += 1
      this.#grow([...held.map((record) => record.value), value])
      this.#checkPositions(event, place)
      this.#hand(held)
      this.#checkTime(event, place)
    }
  }

  #checkPositions(event: BatchCommitted, place: Place): void {
    const { commandsThrough, reportsThrough, dispatchedThrough: mark } = event
    if (commandsThrough < this.#commandsThrough || reportsThrough < this.#reportsThrough) {
      this.#report.violate('went-back', place, `input positions ${commandsThrough}, ${reportsThrough}`)
    }
    const before = this.#mark
    if (mark.epoch < before.epoch || (mark.epoch === before.epoch && mark.seq < before.seq)) {
      this.#report.violate('went-back', place, `the mark is (${mark.epoch}, ${mark.seq})`)
    }
    if (mark.epoch > event.epoch || (mark.epoch === event.epoch && mark.seq >= event.seq)) {
      this.#report.violate('went-back', place, `the mark (${mark.epoch}, ${mark.seq}) is ahead of its batch`)
    }
    this.#commandsThrough = commandsThrough
    this.#reportsThrough = reportsThrough
    this.#mark = mark
  }

  #grow(values: readonly Buffer[]): void {
    const hash = createHash('sha256').update(this.#chain)
    for (const value of values) {
      const length = Buffer.allocUnsafe(4)
      length.writeUInt32BE(value.length)
      hash.update(length).update(value)
    }
    this.#chain = hash.digest()
  }

  #hand(events: readonly Placed[]): void {
    for (const { event, place } of events) this.#checkTime(event, place)
    this.#accept(events)
  }

  /** On a shared log the batch before an announcement may have been under way while it was made. */
  #checkTime(event: LogEvent, place: Place): void {
    const mayBeLower = this.#shared && event.type === 'OwnerAnnounced'
    if (event.time < this.#lastTime && !mayBeLower) {
      this.#report.violate('went-back', place, `the time of ${event.type} is ${this.#lastTime - event.time} ms too low`)
    }
    this.#lastTime = Math.max(this.#lastTime, event.time)
  }

  #dropHeld(why: string): void {
    const [first] = this.#held.values()
    if (first === undefined) return
    const { event, place } = first
    const text = `batch (${event.epoch}, ${event.seq}) of ${this.#held.size} records has no trailer before ${why}`
    this.#leftBehind('no-trailer', place, text)
    this.#held.clear()
  }

  /** By an owner that was overtaken, or by a batch that was sent again; where there is one writer, by nobody. */
  #leftBehind(kind: ViolationKind, place: Place, text: string): void {
    if (this.#shared) this.#report.leftBehind += 1
    else this.#report.violate(kind, place, text)
  }
}
