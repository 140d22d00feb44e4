/**
 * One partition of the state topic: which pieces and manifests are there, and the pieces' rows.
 *
 * Records carry the epoch of who wrote them in a header: who tidies up must not touch what a later owner wrote. A piece is
 * known again by its offset and its digest, so what else was written, late or twice, is never taken for it.
 */
import type { EventLog, LogRecord, ReadResult, StoredRecord, TopicPartition } from '../../ports/event-log.ts'
import type { CheckpointManifest, CheckpointPiece, PieceRef, StateCodec } from '../../ports/state-codec.ts'
import { sameBytes } from '../cursor.ts'
import { readOn, readRecords } from './read-records.ts'

const EPOCH_HEADER = 'horolog-epoch'
const MANIFEST_PREFIX = 'manifest/'
const NOTHING_READ: ReadResult = { records: [], next: 0 }

const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export class StateTopic {
  readonly #log: EventLog
  readonly #codec: StateCodec
  readonly #of: TopicPartition
  /** Keys that are not ended, with the epoch of their writer. */
  readonly #epochs = new Map<string, number>()
  readonly #manifests = new Map<string, CheckpointManifest>()
  #scanned = 0
  /** The last read for pieces: they lie one behind another. */
  #read: ReadResult = NOTHING_READ
  #readFrom = 0

  constructor(log: EventLog, codec: StateCodec, partition: number) {
    this.#log = log
    this.#codec = codec
    this.#of = { topic: 'state', partition }
  }

  /** Looks at what came since the last call. Rejects with `LogError`. */
  async scan(): Promise<void> {
    const end = await this.#log.end(this.#of)
    await readRecords(this.#log, this.#of, this.#scanned, end, (record) => this.#see(record))
    this.#scanned = Math.max(this.#scanned, end)
  }

  manifest(checkpoint: string): CheckpointManifest | undefined {
    return this.#manifests.get(checkpoint)
  }

  /** Those of the latest batch first, wherever they stand: a late one of an owner before stands behind its successor's. */
  latestFirst(): CheckpointManifest[] {
    return [...this.#manifests.values()].toSorted(
      (a, b) =>
        b.cursor.epoch - a.cursor.epoch ||
        b.cursor.seq - a.cursor.seq ||
        Number(a.parent !== null) - Number(b.parent !== null),
    )
  }

  /** Keys of owners up to that epoch, except those of one checkpoint. */
  keysThrough(epoch: number, except: string): string[] {
    const kept = [manifestKey(except), `piece/${except}/`] as const
    return [...this.#epochs]
      .filter(([key, of]) => of <= epoch && key !== kept[0] && !key.startsWith(kept[1]))
      .map(([key]) => key)
  }

  /** Appends the piece; where it is. Rejects with `LogError`. */
  async appendPiece(
    piece: CheckpointPiece,
    epoch: number,
  ): Promise<{ readonly ref: PieceRef; readonly bytes: number }> {
    const value = this.#codec.encode({ kind: 'piece', record: piece })
    const sha256 = this.#codec.digest(value)
    const offset = await this.#append(pieceKey(piece.checkpoint, piece.number), value, epoch)
    return { ref: { number: piece.number, offset, sha256 }, bytes: value.length }
  }

  async appendManifest(manifest: CheckpointManifest): Promise<void> {
    const value = this.#codec.encode({ kind: 'manifest', record: manifest })
    await this.#append(manifestKey(manifest.checkpoint), value, manifest.cursor.epoch)
  }

  /** Ends these keys, as one batch. */
  async appendTombstones(keys: readonly string[]): Promise<void> {
    const records = keys.map((key): LogRecord => ({ key, value: null }))
    await this.#log.append(this.#of, records)
  }

  /** Rejects when it is not there, or not what the manifest says. */
  async readPiece(checkpoint: string, ref: PieceRef): Promise<CheckpointPiece> {
    const piece = this.#codec.decode(await this.readBack(checkpoint, ref))
    if (piece.kind !== 'piece') throw new Error(`${pieceKey(checkpoint, ref.number)} is a ${piece.kind}`)
    return piece.record
  }

  /** The same as bytes. */
  async readBack(checkpoint: string, { number, offset, sha256 }: PieceRef): Promise<Uint8Array> {
    const value = (await this.#recordAt(offset))?.value ?? null
    if (value === null) throw new Error(`${pieceKey(checkpoint, number)} is not at offset ${offset}`)
    if (!sameBytes(this.#codec.digest(value), sha256)) {
      throw new Error(`${pieceKey(checkpoint, number)} has other bytes`)
    }
    return value
  }

  async #recordAt(offset: number): Promise<StoredRecord | undefined> {
    if (offset < this.#readFrom || offset >= this.#read.next) {
      this.#read = NOTHING_READ
      if (offset >= (await this.#log.end(this.#of))) return undefined
      this.#read = await readOn(this.#log, this.#of, offset)
      this.#readFrom = offset
    }
    return this.#read.records.find((record) => record.offset === offset)
  }

  #see({ key, value, headers }: StoredRecord): void {
    if (key === null) return
    const checkpoint = key.startsWith(MANIFEST_PREFIX) ? key.slice(MANIFEST_PREFIX.length) : null
    if (value === null) {
      this.#epochs.delete(key)
      if (checkpoint !== null) this.#manifests.delete(checkpoint)
      return
    }
    const epoch = headers.findLast(([name]) => name === EPOCH_HEADER)
    // What says of no epoch that it is of it may be anyone's.
    if (epoch !== undefined) this.#epochs.set(key, Number(text.decoder.decode(epoch[1])))
    const manifest = checkpoint === null ? null : this.#manifestOf(value)
    if (manifest !== null && manifest.checkpoint === checkpoint) this.#manifests.set(checkpoint, manifest)
  }

  #manifestOf(value: Uint8Array): CheckpointManifest | null {
    try {
      const decoded = this.#codec.decode(value)
      return decoded.kind === 'manifest' ? decoded.record : null
    } catch {
      return null
    }
  }

  async #append(key: string, value: Uint8Array, epoch: number): Promise<number> {
    const headers = [[EPOCH_HEADER, text.encoder.encode(String(epoch))] as const]
    return (await this.#log.append(this.#of, [{ key, value, headers }])).baseOffset
  }
}

function manifestKey(checkpoint: string): string {
  return MANIFEST_PREFIX + checkpoint
}

function pieceKey(checkpoint: string, number: number): string {
  return `piece/${checkpoint}/${number}`
}
