/**
 * The checkpoints of one ownership: a full base, then increments over it, then the next base.
 *
 * Invariants:
 * 1. A checkpoint is of one cursor, and counts only by its manifest, which is written last.
 * 2. What was before a base is ended after the base was acknowledged and read back, and only what is of this epoch or a
 *    lower one: a paused owner that wakes up can't end what its successor wrote.
 */
import type { State } from '../../core/state.ts'
import type { Tracker } from '../../core/tracker.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Entropy } from '../../ports/entropy.ts'
import type { CursorRow, PieceRef, StateCodec } from '../../ports/state-codec.ts'
import { sameBytes } from '../cursor.ts'
import { nextTurn } from '../settle.ts'
import { cursorRow } from './checkpoint-cursor.ts'
import type { CheckpointSource } from './checkpoint-source.ts'
import { inPieces } from './pieces.ts'
import { type Frozen, freeze, freezeChanged } from './state-rows.ts'
import type { StateTopic } from './state-topic.ts'

export interface OwnedOptions {
  readonly topic: StateTopic
  readonly stateCodec: StateCodec
  readonly clock: Clock
  readonly entropy: Entropy
  /** Of the log. */
  readonly partitions: number
}

/** Below a record, with room for its frame. */
const PIECE_BYTES = 512 * 1024
/** Then a base is due, whatever their size: a restore reads them all. */
const MAX_INCREMENTS = 100
/** Of one batch. */
const MAX_TOMBSTONES = 500
const ID_BYTES = 16

/** What the next increment stands on. */
interface Parent {
  readonly checkpoint: string
  readonly baseBytes: number
  readonly increments: number
  readonly incrementBytes: number
}

interface Written {
  readonly pieces: readonly PieceRef[]
  readonly bytes: number
}

export class OwnedCheckpoints {
  readonly #options: OwnedOptions
  readonly #source: CheckpointSource
  readonly #owner: Uint8Array
  readonly #state: State
  readonly #tracker: Tracker
  readonly #untrack: () => void
  #parent: Parent | null = null
  #writtenChain: Uint8Array = new Uint8Array(0)
  #isOver = false

  constructor(source: CheckpointSource, options: OwnedOptions) {
    const { state, cursor } = source
    this.#options = options
    this.#source = source
    this.#owner = cursor.owner
    this.#state = state
    const tracker = state.track()
    this.#tracker = tracker
    this.#untrack = () => state.untrack(tracker)
  }

  /** There is a base. */
  get hasBegun(): boolean {
    return this.#parent !== null
  }

  /** Writes nothing more; a checkpoint that is being written is given up. */
  end(): void {
    this.#isOver = true
    this.#untrack()
  }

  /** Writes the next checkpoint, when there is something new. Rejects with what went wrong; then the next one has it all. */
  async writeNext(): Promise<void> {
    if (this.#isOver || !this.#isOwner || sameBytes(this.#source.cursor.chain, this.#writtenChain)) return
    const parent = this.#parent
    const isFull = parent === null || parent.increments >= MAX_INCREMENTS || parent.incrementBytes > parent.baseBytes
    if (isFull) await this.#writeBase()
    else await this.#writeIncrement(parent)
  }

  /** By the fold, which may have gone over to another state. */
  get #isOwner(): boolean {
    return this.#source.state === this.#state && sameBytes(this.#source.cursor.owner, this.#owner)
  }

  async #writeBase(): Promise<void> {
    // All of it is in the base. When that fails, the next to be written is a base again.
    this.#tracker.take()
    const checkpoint = this.#newId()
    const written = await this.#write(checkpoint, freeze(this.#source.state), null)
    if (written === null) return
    await this.#tidy(checkpoint, written.pieces)
    this.#parent = { checkpoint, baseBytes: written.bytes, increments: 0, incrementBytes: 0 }
  }

  async #writeIncrement(parent: Parent): Promise<void> {
    const taken = this.#tracker.take()
    const checkpoint = this.#newId()
    try {
      const written = await this.#write(checkpoint, freezeChanged(this.#source.state, taken), parent.checkpoint)
      if (written === null) return
      const { baseBytes, increments, incrementBytes } = parent
      this.#parent = {
        checkpoint,
        baseBytes,
        increments: increments + 1,
        incrementBytes: incrementBytes + written.bytes,
      }
    } catch (err) {
      this.#tracker.putBack(taken)
      throw err
    }
  }

  /** null: given up. */
  async #write(checkpoint: string, frozen: Frozen, parent: string | null): Promise<Written | null> {
    const { topic, stateCodec, clock, partitions } = this.#options
    const cursor: CursorRow = cursorRow(this.#source.cursor, partitions, this.#source.extra())
    const time = clock.now()
    const pieces: PieceRef[] = []
    let bytes = 0
    for await (const { rows, deleted } of inPieces(frozen, stateCodec, PIECE_BYTES)) {
      if (this.#isOver) return null
      const piece = { checkpoint, number: pieces.length, rows: rows.map(({ value }) => value), deleted }
      const appended = await topic.appendPiece(piece, cursor.epoch)
      pieces.push(appended.ref)
      bytes += appended.bytes
    }
    if (this.#isOver) return null
    await topic.appendManifest({ checkpoint, time, cursor, parent, pieces })
    this.#writtenChain = cursor.chain
    return { pieces, bytes }
  }

  /** Reads the base back, and ends what was before it. */
  async #tidy(checkpoint: string, pieces: readonly PieceRef[]): Promise<void> {
    const { topic } = this.#options
    await topic.scan()
    if (topic.manifest(checkpoint) === undefined) throw new Error(`manifest/${checkpoint} can't be read back`)
    for (const ref of pieces) {
      await topic.readBack(checkpoint, ref)
      await nextTurn()
    }
    const { epoch } = this.#source.cursor
    if (this.#isOver || !this.#isOwner) return
    const doomed = topic.keysThrough(epoch, checkpoint)
    for (let at = 0; at < doomed.length; at += MAX_TOMBSTONES) {
      await topic.appendTombstones(doomed.slice(at, at + MAX_TOMBSTONES))
    }
  }

  #newId(): string {
    return Buffer.from(this.#options.entropy.bytes(ID_BYTES)).toString('hex')
  }
}
