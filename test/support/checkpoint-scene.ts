/**
 * One partition over a log in small, in memory unless another is given, for tests of checkpoints: an owner decides by the
 * real core, appends, and its state is what it folds. Beside it the log can be folded from its beginning, or from what was
 * restored.
 */
import { createMemoryCluster, type MemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createSeededEntropy } from '../../src/adapters/memory/seeded-entropy.ts'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { createStateCodec } from '../../src/codec/state-codec.ts'
import type { Input } from '../../src/core/decide.ts'
import { step } from '../../src/core/engine.ts'
import type { BatchCommitted, Event, OwnerAnnounced } from '../../src/core/events.ts'
import { DEFAULT_SETTINGS } from '../../src/core/job/resolve-definition.ts'
import { Overlay, type State } from '../../src/core/state.ts'
import { jobDue, runDue } from '../../src/core/timers.ts'
import type { CheckpointSource, Restored } from '../../src/materializer/checkpoint/checkpoint-source.ts'
import { encodedRows, freeze } from '../../src/materializer/checkpoint/state-rows.ts'
import type { Cursor } from '../../src/materializer/cursor.ts'
import { PartitionFold } from '../../src/materializer/partition-fold.ts'
import type { EventLog, LogRecord, StoredRecord } from '../../src/ports/event-log.ts'
import type { Logger } from '../../src/ports/telemetry.ts'
import { jobDue as jobTimer, runDue as runTimer } from './inputs.ts'
import { T0 } from './moments.ts'

const LIVENESS = { since: 0, heardOf: () => undefined }
const EVENTS = { topic: 'events', partition: 0 }
const STATE = { topic: 'state', partition: 0 }

export class CheckpointScene {
  readonly clock: VirtualClock
  readonly cluster: MemoryCluster = createMemoryCluster({ now: () => this.clock.now() })
  readonly log: EventLog
  readonly eventCodec = createEventCodec()
  readonly stateCodec = createStateCodec()
  readonly entropy = createSeededEntropy(1)
  /** What was logged as a warning, with its reason. */
  readonly warnings: string[] = []
  #owner: Uint8Array = new Uint8Array(0)
  #fold: PartitionFold
  #overlay: Overlay
  #batch: Event[] = []

  /** `log`: another than one in memory. */
  constructor(clock: VirtualClock = createVirtualClock(T0), log?: EventLog) {
    this.clock = clock
    this.log = log ?? this.cluster.connect('owner')
    this.#fold = this.#newFold(this.log)
    this.#overlay = new Overlay(this.#fold.state)
  }

  get state(): State {
    return this.#fold.state
  }
  get cursor(): Cursor {
    return this.#fold.cursor
  }
  get now(): number {
    return this.clock.now()
  }
  get source(): CheckpointSource {
    const fold = this.#fold
    return {
      get state() {
        return fold.state
      },
      get cursor() {
        return fold.cursor
      },
      extra: () => new Uint8Array(0),
    }
  }
  /** What a checkpoint is made with. */
  get parts() {
    const logger: Logger = {
      debug() {},
      info() {},
      warn: (details) => this.warnings.push(textOf(details)),
      error: (details) => this.warnings.push(textOf(details)),
    }
    const { clock, log, entropy, eventCodec, stateCodec } = this
    return { clock, log, entropy, eventCodec, stateCodec, logger, partition: 0 }
  }

  async announce(): Promise<void> {
    this.#owner = this.entropy.bytes(16)
    const event: OwnerAnnounced = {
      type: 'OwnerAnnounced',
      epoch: this.cursor.epoch + 1,
      seq: 0,
      index: 0,
      time: Math.max(this.state.lastTime, this.now),
      owner: this.#owner,
      node: 'test',
      generation: 1,
      partitions: 1,
      hash: 'murmur2',
      format: 1,
      logId: this.cursor.logId.length > 0 ? this.cursor.logId : this.entropy.bytes(16),
    }
    await this.#append([event])
  }

  decide(input: Input): readonly Event[] {
    const { epoch, seq } = this.cursor
    const context = {
      batch: { epoch, seq: seq + 1 },
      now: this.now,
      liveness: LIVENESS,
      settings: DEFAULT_SETTINGS,
    }
    return step(this.#overlay, input, context, this.#batch)
  }

  /** Timers that are due. */
  fire(): void {
    for (const job of [...this.#overlay.jobs()]) {
      const due = jobDue(this.#overlay, job)
      if (due !== null && due <= this.now) this.decide(jobTimer(job.jobId))
    }
    for (const run of [...this.#overlay.runs()]) {
      const due = runDue(this.#overlay, run, LIVENESS)
      if (due !== null && due <= this.now) this.decide(runTimer(run.runId))
    }
  }

  /** The log gets what was decided, as one batch. */
  async commit(append?: (records: readonly LogRecord[]) => Promise<unknown>): Promise<void> {
    const events = this.#batch
    const { epoch, seq, chain, commandsThrough, reportsThrough, dispatchedThrough } = this.cursor
    const trailer: BatchCommitted = {
      type: 'BatchCommitted',
      epoch,
      seq: seq + 1,
      index: events.length,
      time: this.#overlay.lastTime,
      owner: this.#owner,
      count: events.length,
      prev: chain,
      commandsThrough,
      reportsThrough,
      dispatchedThrough,
    }
    await this.#append([...events, trailer], append)
  }

  async submit(...inputs: readonly Input[]): Promise<void> {
    for (const input of inputs) this.decide(input)
    await this.commit()
  }

  /** The owner forgets what it knows, and folds the log: from what was restored, else from the beginning. */
  async refolded(
    restored: Restored | null = null,
    before: (source: CheckpointSource) => void = () => {},
  ): Promise<void> {
    this.#fold = this.#newFold(this.log)
    if (restored !== null) this.#fold.resume(restored.state, restored.cursor)
    before(this.source)
    await this.#fold.foldToEnd()
    this.#overlay = new Overlay(this.state)
  }

  /** The state that the whole log makes, in bytes that are the same for equal states. */
  async replayed(): Promise<readonly string[]> {
    return this.canonical((await this.#foldFrom(null)).state)
  }

  /** The same from what was restored, and the log after it. */
  async goneOnFrom(restored: Restored | null): Promise<readonly string[]> {
    if (restored === null) throw new Error('nothing was restored')
    return this.canonical((await this.#foldFrom(restored)).state)
  }

  canonical(state: State): readonly string[] {
    const rows = [...encodedRows(freeze(state), this.stateCodec)]
    return rows.map(({ key, value }) => `${key} ${Buffer.from(value).toString('hex')}`).toSorted()
  }

  async stateRecords(): Promise<readonly StoredRecord[]> {
    return (await this.log.read(STATE, 0, Number.MAX_SAFE_INTEGER)).records
  }

  /** As no owner writes it: one batch in two appends. How many there were. */
  async appendedInHalves(inputs: readonly Input[], between: () => Promise<void>): Promise<number> {
    for (const input of inputs) this.decide(input)
    let appends = 0
    await this.commit(async (values) => {
      const middle = values.length >> 1
      for (const half of [values.slice(0, middle), values.slice(middle)]) {
        if (appends > 0) await between()
        await this.log.append(EVENTS, half)
        await this.#fold.foldToEnd()
        appends += 1
      }
    })
    return appends
  }

  async #append(
    events: readonly Event[],
    append: (records: readonly LogRecord[]) => Promise<unknown> = (records) => this.log.append(EVENTS, records),
  ): Promise<void> {
    const { values } = this.eventCodec.encode(events)
    await append(values.map((value) => ({ key: null, value: value.slice() })))
    await this.#fold.foldToEnd()
    this.#batch = []
    this.#overlay = new Overlay(this.state)
  }

  async #foldFrom(restored: Restored | null): Promise<PartitionFold> {
    const fold = this.#newFold(this.log)
    if (restored !== null) fold.resume(restored.state, restored.cursor)
    await fold.foldToEnd()
    return fold
  }

  #newFold(log: EventLog): PartitionFold {
    return new PartitionFold({
      log,
      codec: this.eventCodec,
      topicPartition: EVENTS,
      singleWriter: false,
      accepted: () => {},
      refused: () => {},
    })
  }
}

function textOf(details: object): string {
  if ('why' in details) return String(details.why)
  return 'err' in details ? String(details.err) : JSON.stringify(details)
}
