/**
 * The checkpoint of a partition in the node's own store, written behind: what changed and the place in the log together,
 * several times a second.
 *
 * A generation is a full base in pieces, which load fast, and over it the rows that changed since. The next one begins
 * when many were written; it counts from the write that also names it, so until then a crash finds the one before.
 * Invariants:
 * 1. The store holds the state as of the cursor in the head, at any moment.
 * 2. A cache: what does not fit the log is discarded, with the reason, and what fails is tried again later.
 */
import type { State } from '../../core/state.ts'
import type { Tracker } from '../../core/tracker.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventCodec } from '../../ports/event-codec.ts'
import { type EventLog, LogError } from '../../ports/event-log.ts'
import type { LocalCheckpointRow, StateCodec } from '../../ports/state-codec.ts'
import type { StateStore, StoreRow } from '../../ports/state-store.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { sameBytes } from '../cursor.ts'
import { cursorOf, cursorProblem, cursorRow, isStart } from './checkpoint-cursor.ts'
import type { CheckpointSource, Restored } from './checkpoint-source.ts'
import { GONE, LocalLayout } from './local-layout.ts'
import { inPieces } from './pieces.ts'
import { type Frozen, freeze, freezeChanged, StateBuilder } from './state-rows.ts'

export interface LocalCheckpointOptions {
  readonly store: StateStore
  readonly stateCodec: StateCodec
  readonly eventCodec: EventCodec
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly partition: number
}

/** From a change to its write: several batches go together. */
const WRITE_BEHIND_MS = 100
/** After a failure. */
const AGAIN_MS = 5_000
/** Of a base: large enough to load fast, small enough to encode without a pause that is felt. */
const PIECE_BYTES = 128 * 1024
/** A new base is due after so many rows, and twice those of the base: so it costs at most half of what was written. */
const ROWS_BEFORE_BASE = 20_000

/** The state that is written, until it is replaced by another. */
interface Following {
  readonly source: CheckpointSource
  readonly state: State
  readonly tracker: Tracker
}

export class LocalCheckpoint {
  readonly #options: LocalCheckpointOptions
  readonly #layout: LocalLayout
  #restored: Restored | null = null
  #generation = 0
  /** Of the base; null: there is none that counts. */
  #pieces: number | null = null
  #baseRows = 0
  #rowsSince = 0
  #following: Following | null = null
  #writtenChain: Uint8Array = GONE
  #cancelTimer: (() => void) | null = null
  #writing: Promise<void> | null = null
  #isFailing = false

  constructor(options: LocalCheckpointOptions) {
    this.#options = options
    this.#layout = new LocalLayout(options.partition)
  }

  /**
   * The state as of the checkpoint and where to fold on; null: there is none, or it was discarded. Rejects with `LogError`
   * when the log can't be read.
   */
  async restore(): Promise<Restored | null> {
    const { store, stateCodec, logger, partition } = this.#options
    try {
      const value = await store.get(this.#layout.head)
      if (value === null) return null
      const head = stateCodec.decode(value)
      if (head.kind !== 'local') throw new Error(`its head is a ${head.kind}`)
      this.#generation = head.record.generation
      this.#restored = await this.#load(head.record)
      return this.#restored
    } catch (err) {
      if (err instanceof LogError) throw err
      this.#pieces = null
      const why = err instanceof Error ? err.message : String(err)
      logger.warn({ partition, why }, 'the local checkpoint is discarded, the state is rebuilt from the log')
      return null
    }
  }

  /**
   * Writes what changes from now on. Call it right after `restore` with its state, before folding on; or after a fold from
   * the beginning; and again when the state is replaced by another. With the state that it writes already it does nothing.
   */
  begin(source: CheckpointSource): void {
    const { state } = source
    if (this.#following?.state === state) return
    this.#untrack()
    if (state !== this.#restored?.state) this.#pieces = null
    this.#restored = null
    const tracker = state.track()
    this.#following = { source, state, tracker }
    this.changed()
  }

  /** A batch was accepted. */
  changed(): void {
    if (this.#following === null || this.#cancelTimer !== null || this.#writing !== null) return
    const { clock } = this.#options
    const at = clock.now() + (this.#isFailing ? AGAIN_MS : WRITE_BEHIND_MS)
    this.#cancelTimer = clock.schedule(at, () => this.#write(), true)
  }

  /** Writes what is left, and nothing from then on. */
  async close(): Promise<void> {
    await this.#writing
    this.#write()
    await this.#writing
    this.#untrack()
    this.#following = null
    this.#cancelTimer?.()
  }

  #untrack(): void {
    this.#following?.state.untrack(this.#following.tracker)
  }

  #write(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    const following = this.#following
    if (following === null || !this.#isBehind(following)) return
    this.#writing = this.#writeNow(following).finally(() => {
      this.#writing = null
      if (this.#following !== null && this.#isBehind(this.#following)) this.changed()
    })
  }

  #isBehind({ source }: Following): boolean {
    return !isStart(source.cursor) && !sameBytes(source.cursor.chain, this.#writtenChain)
  }

  async #writeNow(following: Following): Promise<void> {
    const { logger, partition } = this.#options
    try {
      const isDue = this.#rowsSince >= ROWS_BEFORE_BASE + 2 * this.#baseRows
      if (this.#pieces === null || isDue) await this.#writeBase(following)
      else await this.#writeRows(following, this.#generation, this.#pieces)
      this.#isFailing = false
    } catch (err) {
      if (!this.#isFailing) logger.warn({ partition, err }, 'the local checkpoint could not be written')
      this.#isFailing = true
    }
  }

  /** Rows that change meanwhile wait for its end. */
  async #writeBase(following: Following): Promise<void> {
    const { store, stateCodec } = this.#options
    const { source, tracker } = following
    if (this.#pieces === null) await this.#layout.clear(store)
    if (this.#following !== following) return
    const generation = this.#generation + 1
    // All of it is in the base. When that fails, the next to be written is a base again.
    tracker.take()
    const frozen = freeze(source.state)
    let number = 0
    for await (const piece of inPieces(frozen, stateCodec, PIECE_BYTES)) {
      if (this.#following !== following) return
      const rows = piece.rows.map((row) => row.value)
      const record = { checkpoint: String(generation), number, rows, deleted: [] }
      const value = stateCodec.encode({ kind: 'piece', record })
      await store.write([{ key: this.#layout.piece(generation, number), value }])
      number += 1
    }
    await this.#writeRows(following, generation, number)
    if (this.#following !== following) return
    this.#baseRows = sizeOf(frozen)
    this.#rowsSince = 0
    await this.#layout.tidy(store, generation)
  }

  async #writeRows(following: Following, generation: number, pieces: number): Promise<void> {
    const { store, stateCodec, log } = this.#options
    const { source, tracker } = following
    const taken = tracker.take()
    const frozen = freezeChanged(source.state, taken)
    const cursor = cursorRow(source.cursor, log.partitions, source.extra())
    try {
      const rows: StoreRow[] = frozen.deleted.map((key) => ({ key: this.#layout.row(generation, key), value: GONE }))
      for await (const piece of inPieces({ ...frozen, deleted: [] }, stateCodec, PIECE_BYTES)) {
        for (const { key, value } of piece.rows) rows.push({ key: this.#layout.row(generation, key), value })
      }
      this.#rowsSince += rows.length
      const value = stateCodec.encode({ kind: 'local', record: { generation, pieces, cursor } })
      rows.push({ key: this.#layout.head, value })
      // The state may have been replaced meanwhile: then these rows are of another history.
      if (this.#following !== following) return
      await store.write(rows)
    } catch (err) {
      tracker.putBack(taken)
      throw err
    }
    if (this.#following !== following) return
    this.#generation = generation
    this.#pieces = pieces
    this.#writtenChain = cursor.chain
  }

  async #load({ generation, pieces, cursor }: LocalCheckpointRow): Promise<Restored> {
    const { store, stateCodec, eventCodec, log, partition } = this.#options
    const problem = await cursorProblem(cursor, log, eventCodec, { topic: 'events', partition })
    if (problem !== null) throw new Error(problem)
    const builder = new StateBuilder()
    let number = 0
    this.#baseRows = 0
    for await (const value of this.#layout.pieces(store, generation)) {
      if (number === pieces) break
      const piece = stateCodec.decode(value)
      if (piece.kind !== 'piece' || piece.record.number !== number) break
      for (const row of piece.record.rows) builder.put(stateCodec.decodeRow(row))
      this.#baseRows += piece.record.rows.length
      number += 1
    }
    if (number !== pieces) throw new Error(`it has ${number} of ${pieces} pieces`)
    this.#rowsSince = 0
    for await (const { key, value } of this.#layout.rows(store, generation)) {
      if (value.length === 0) builder.delete(key)
      else builder.put(stateCodec.decodeRow(value))
      this.#rowsSince += 1
    }
    this.#pieces = pieces
    this.#writtenChain = cursor.chain
    return { state: builder.finish(), cursor: cursorOf(cursor), extra: cursor.extra }
  }
}

function sizeOf({ jobs, runs, commandIds }: Frozen): number {
  return jobs.length + runs.length + commandIds.length
}
