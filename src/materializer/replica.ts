/**
 * This node's copy of a partition: the fold of its events, what is kept of finished runs, the batches whose effects may
 * not have left, and checkpoints of it all.
 *
 * Invariant: an accepted batch becomes part of the state once: the own one by its overlay, any other by evolving.
 */
import { evolve } from '../core/evolve.ts'
import type { BatchCommitted, Event } from '../core/events.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { Overlay, State } from '../core/state.ts'
import { LogError } from '../ports/event-log.ts'
import { firstKept, isStart, leadsTo } from './checkpoint/checkpoint-cursor.ts'
import { Checkpoints } from './checkpoint/checkpoints.ts'
import { type Cursor, sameBytes, START } from './cursor.ts'
import { FinishedRuns } from './finished-runs.ts'
import { PartitionFold, refusedLogger } from './partition-fold.ts'
import type { PartitionOptions } from './partition-options.ts'
import { readFinished } from './read-finished.ts'
import type { AcceptedEvent } from './reader.ts'
import { Retraced } from './retraced.ts'
import { Unsent, type UnsentRange } from './unsent.ts'

/** A batch of this node on its way. */
export interface OwnBatch {
  readonly owner: Uint8Array
  /** As on the log, the trailer last. */
  readonly events: readonly Event[]
  readonly values: readonly Uint8Array[]
  readonly bytes: number
  readonly trailer: BatchCommitted
  readonly overlay: Overlay
  /** The fold has it. */
  accepted: boolean
}

export class Replica {
  readonly #options: PartitionOptions
  readonly #fold: PartitionFold
  readonly #finished: FinishedRuns
  readonly #unsent = new Unsent()
  readonly #checkpoints: Checkpoints
  #own: OwnBatch | null = null
  /** Records that don't fit what was folded before them: copies, a fenced owner's, or the log has lost its tail. */
  misfits = 0
  /** Of the last batch that named its past, or was found to follow it; START: there is none yet. */
  #anchor: Cursor = START
  readonly #retraced = new Retraced()
  /** In which the log was last found intact; undefined: in none, or it has no terms. */
  #term: number | undefined
  /** A batch of the owner did not fit: no single batch proves any more that the log is the one that was folded. */
  #isDoubtful = false

  constructor(options: PartitionOptions) {
    const { log, logger, codec, singleWriter, partition } = options
    this.#options = options
    this.#finished = new FinishedRuns(
      options.store,
      logger,
      (jobId) => this.state.job(jobId),
      (see) => readFinished(options, see),
    )
    const refused = refusedLogger(logger, partition)
    this.#fold = new PartitionFold({
      log,
      codec,
      topicPartition: { topic: 'events', partition },
      singleWriter,
      accepted: (events) => options.accepted(partition, events),
      refused: (record, verdict) => {
        if (!('why' in verdict && verdict.why === 'foreign')) this.misfits += 1
        if (verdict.kind === 'dropped') this.#isDoubtful = true
        refused(record, verdict)
      },
    })
    this.#checkpoints = new Checkpoints(options, this.#fold, this.#unsent)
  }

  get state(): State {
    return this.#fold.state
  }
  get cursor(): Cursor {
    return this.#fold.cursor
  }
  /** Accepted batches whose effects may not have left. */
  get unsent(): readonly UnsentRange[] {
    return this.#unsent.ranges
  }

  /** Takes up the latest checkpoint that fits the log, and folds from there to the end. */
  async open(): Promise<void> {
    await this.#checkpoints.restore()
    this.#resumed()
    const isWhole = isStart(this.cursor)
    await this.foldToEnd()
    if (isWhole) this.#isDoubtful = false
    this.#checkpoints.begin()
  }

  #resumed(): void {
    // A checkpoint may be of an announcement, which stands as well behind another past: that is looked at before owning.
    this.#anchor = this.cursor.seq > 0 ? this.cursor : START
    this.#retraced.reset(this.cursor)
  }

  foldToEnd(): Promise<void> {
    return this.#fold.foldToEnd(this.#apply)
  }

  /** Waits for nothing: what is not there yet is left for the next call. */
  foldTo(offset: number): Promise<void> {
    return this.#fold.foldTo(offset, this.#apply)
  }

  /**
   * The log still leads to the state: read again from the last batch that names its past, or from `further` back, where that
   * is kept and not damaged; in doubt from the beginning. `term`: of an append before that; from then on it is the one in
   * which the log was found intact.
   */
  async isIntact(term?: number, further = false): Promise<boolean> {
    if (!(await (further ? this.#leadsHereFromFurther() : this.#leadsHereFrom([this.#anchor])))) return false
    this.#term = term
    return true
  }

  isSameTerm(term: number | undefined): boolean {
    return term === this.#term
  }

  async #leadsHereFromFurther(): Promise<boolean> {
    try {
      return await this.#leadsHereFrom([...this.#retraced.places, this.#anchor])
    } catch (err) {
      // What a disk damaged is not what an election lost; a damage further on is met again.
      if (!(err instanceof LogError) || err.code !== 'corrupt') throw err
      return this.#leadsHereFrom([this.#anchor])
    }
  }

  /** Of the places the first that the log keeps counts. */
  async #leadsHereFrom(places: readonly Cursor[]): Promise<boolean> {
    const { log, codec, singleWriter, partition } = this.#options
    const { cursor } = this
    if (singleWriter || isStart(cursor)) return true
    const events = { topic: 'events', partition } as const
    const first = await firstKept(log, events)
    const known = this.#isDoubtful ? [START] : [...places, cursor]
    const from = known.find(({ batchOffset }) => batchOffset >= first)
    // What would show it is trimmed: nothing speaks against the state, unless something did not fit.
    if (from === undefined)
      return !this.#isDoubtful && first <= cursor.offset && cursor.offset <= (await log.end(events))
    if (!(await leadsTo(from, cursor, log, codec, events))) return false
    this.#isDoubtful = false
    this.#anchor = cursor
    return true
  }

  /**
   * The log lost what was folded of it: everything anew, from a checkpoint only where its beginning was trimmed. Rejects with
   * `LogError` when it can't be read now; what was read until then is the beginning of what it has, so the next fold goes on
   * from there.
   */
  async rebuild(): Promise<void> {
    this.#fold.reset()
    this.#unsent.restore([])
    this.#resumed()
    const { log, partition } = this.#options
    if ((await firstKept(log, { topic: 'events', partition })) > 0) {
      await this.#checkpoints.restoreShared()
      this.#resumed()
    }
    this.#checkpoints.begin()
    await this.foldToEnd()
    // What does not fit was judged by all that the log has, as in `open`.
    this.#isDoubtful = false
  }

  /** The batch in flight; null: there is none. */
  expect(own: OwnBatch | null): void {
    this.#own = own
  }

  /** The batch in flight landed right behind the cursor, so nobody wrote in between. */
  takeOwn(own: OwnBatch): void {
    const { codec, accepted, partition } = this.#options
    const base = this.cursor.offset
    this.#fold.reader.takeOwn(own.values, own.trailer, codec.chain(own.trailer.prev, own.values))
    const events = own.events.map((event, index) => ({ event, offset: base + index }))
    this.#apply(events)
    accepted(partition, events)
  }

  /** The runs of the job that are kept after their end, the latest first. */
  async finishedRuns(jobId: string): Promise<readonly FinishedRun[]> {
    const job = this.state.job(jobId)
    return job === undefined ? [] : this.#finished.of(job)
  }

  /** null: it is not over, or not kept. Rejects with a `LogError` that may pass when it can't be known now. */
  async finishedRun(jobId: string, runId: string): Promise<FinishedRun | null> {
    const job = this.state.job(jobId)
    return job === undefined || this.state.run(runId) !== undefined ? null : this.#finished.find(job, runId)
  }

  /** This node owns the partition from now on: it writes the checkpoints that others restore. */
  owned(): void {
    this.#checkpoints.owned()
  }

  released(): void {
    this.#checkpoints.released()
  }

  close(): Promise<void> {
    return this.#checkpoints.close()
  }

  readonly #apply = (events: readonly AcceptedEvent[]): void => {
    const trailer = events.at(-1)?.event
    const own = this.#own
    if (trailer?.type === 'BatchCommitted') {
      this.#anchor = this.cursor
      this.#retraced.accepted(this.cursor)
    }
    if (own !== null && trailer?.type === 'BatchCommitted' && isOf(trailer, own)) {
      own.overlay.commit()
      own.accepted = true
      this.#checkpoints.ownAccepted(own.bytes)
    } else for (const { event } of events) evolve(this.state, event)
    this.#finished.keep(this.state.takeRetired())
    const { epoch, seq, batchOffset: offset, batchEnd: end, dispatchedThrough } = this.cursor
    if (this.#options.surroundings.kind === 'topics')
      this.#unsent.accepted({ epoch, seq, offset, end }, dispatchedThrough)
    this.#checkpoints.changed()
  }
}

function isOf(trailer: BatchCommitted, own: OwnBatch): boolean {
  return trailer.seq === own.trailer.seq && sameBytes(trailer.owner, own.owner)
}
