/**
 * One partition on one node: follows its events, and decides while it owns it.
 *
 * following → announcing → owning → following (left or fenced) | stopped (the log failed, or a bug of ours)
 *
 * Invariants:
 * 1. One batch is in flight at a time; it becomes part of the state when the fold has accepted it, not before.
 * 2. While its outcome is unknown, the same bytes are sent again, never others under the same sequence number.
 * 3. Ownership is what the own fold says. Fenced: the batch is forgotten and nothing is emitted for it.
 * 4. Callers hear only of durable decisions (I10).
 */
import type { Input } from '../core/decide.ts'
import { evolve } from '../core/evolve.ts'
import type { BatchCommitted, Event } from '../core/events.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { State } from '../core/state.ts'
import { LogError, type LogRecord, type TopicPartition } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import { announcement, OWNER_BYTES } from './announcement.ts'
import { type Cursor, NOBODY, sameBytes } from './cursor.ts'
import { type Emitting, emitEffects, handOverOpenRuns } from './emit-effects.ts'
import { batchRecords, encodePlan } from './encode-plan.ts'
import { Inbox } from './inbox.ts'
import { Follower } from './follower.ts'
import { FinishedRuns } from './finished-runs.ts'
import { PartitionFold, refusedLogger } from './partition-fold.ts'
import type { PartitionOptions } from './partition-options.ts'
import { PartitionTimers } from './partition-timers.ts'
import type { Plan } from './plan-batch.ts'
import type { AcceptedEvent } from './reader.ts'
import { nextTurn, settle, type Settled } from './settle.ts'
import { callerError, isFatal, notOwner, type Unsettled } from './unsettled.ts'

export type Mode = 'following' | 'announcing' | 'owning' | 'stopped'

interface InFlight {
  /** The fold has it. */
  accepted: boolean
  readonly plan: Plan
  readonly seq: number
  readonly events: readonly Event[]
}

export class Partition {
  readonly #options: PartitionOptions
  readonly #topicPartition: TopicPartition
  readonly #fold: PartitionFold
  readonly #follower: Follower
  readonly #inbox = new Inbox()
  readonly #finished: FinishedRuns
  readonly #timers: PartitionTimers
  #mode: Mode = 'following'
  #owner: Uint8Array = NOBODY
  #ownedSince = 0
  #firing = false
  #leaving = false
  #busy: Promise<void> | null = null
  #inFlight: InFlight | null = null

  constructor(options: PartitionOptions) {
    this.#options = options
    this.#topicPartition = { topic: 'events', partition: options.partition }
    this.#finished = new FinishedRuns(options.store, options.logger)
    this.#timers = new PartitionTimers(options.clock, () => this.#wake())
    const { log, codec, singleWriter } = options
    this.#fold = new PartitionFold({
      log,
      codec,
      topicPartition: this.#topicPartition,
      singleWriter,
      accepted: (events) => options.accepted(options.partition, events),
      refused: refusedLogger(options.logger, options.partition),
    })
    const { logger } = options
    this.#follower = new Follower({
      log,
      logger,
      topicPartition: this.#topicPartition,
      fold: this.#fold,
      apply: this.#apply,
    })
  }

  get state(): State {
    return this.#fold.state
  }
  get cursor(): Cursor {
    return this.#fold.cursor
  }
  get mode(): Mode {
    return this.#mode
  }

  /** Folds what is on the log, and from then on what comes. */
  async follow(): Promise<void> {
    await this.#fold.foldToEnd(this.#apply)
    this.#follower.watch(() => this.#followOn())
  }

  #followOn(): void {
    if (this.#mode === 'following') this.#exclusively(async () => void (await this.#follower.catchUp()))
  }

  /** Announces this node as owner; resolves when its own fold says so, or says that another was first. */
  async own(generation: number): Promise<void> {
    if (this.#mode !== 'following') return
    this.#mode = 'announcing'
    this.#leaving = false
    await this.#idle()
    this.#exclusively(() => this.#announce(generation))
    await this.#idle()
  }

  /** Decides nothing more, settles what is in flight, follows. */
  async release(): Promise<void> {
    if (this.#mode === 'stopped') return
    this.#leaving = true
    await this.#idle()
    this.#becomeFollower('another node is to own the partition')
  }

  /** The runs of the job that are kept after their end, the latest first. */
  async finishedRuns(jobId: string): Promise<readonly FinishedRun[]> {
    const job = this.state.job(jobId)
    return job === undefined ? [] : this.#finished.of(job)
  }

  /** The input's events, once they are durable. Rejects with an `OperationalError`. */
  submit(input: Input): Promise<readonly Event[]> {
    return new Promise((resolve, reject) => {
      if (this.#mode === 'stopped' || this.#leaving) return reject(notOwner(this.#options.partition))
      if (this.#mode === 'following') return reject(notOwner(this.#options.partition))
      this.#inbox.push({ input, resolve, reject })
      this.#wake()
    })
  }

  /** With `true`, timers count and open runs are handed over. */
  setFiring(firing: boolean): void {
    if (this.#firing === firing) return
    this.#firing = firing
    if (!firing) {
      this.#timers.disarm()
      return
    }
    this.handOver()
    this.#wake()
  }

  /** The wall clock stepped: the owner records it. */
  clockStepped(stepMs: number): void {
    if (this.#mode !== 'owning') return
    this.#inbox.pushOwn({ kind: 'clock-stepped', stepMs })
    this.#wake()
  }

  /** Stops for good; what was not decided is told so. */
  async close(): Promise<void> {
    if (this.#mode === 'stopped') return
    await this.release()
    this.#follower.unwatch()
    this.#mode = 'stopped'
  }

  #wake(): void {
    if (this.#mode === 'owning' && this.#busy === null) this.#exclusively(() => this.#decideAll())
  }

  /** One activity at a time; its failure stops the partition. */
  #exclusively(activity: () => Promise<void>): void {
    if (this.#busy !== null) return
    this.#busy = activity()
      .catch((error: unknown) => this.#stop(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#busy = null
        if (this.#mode === 'following' && this.#follower.isBehind) this.#followOn()
        else if (this.#mode === 'owning' && !this.#leaving) this.#afterWork()
      })
  }

  async #idle(): Promise<void> {
    while (this.#busy !== null) await this.#busy
  }

  #afterWork(): void {
    const due = this.#firing && this.#inbox.timers.length > 0
    if (due || this.#inbox.reports.length > 0 || this.#inbox.commands.length > 0) this.#wake()
    else if (this.#firing) this.#timers.arm()
  }

  async #announce(generation: number): Promise<void> {
    const { log, codec, clock, entropy, node } = this.#options
    if (!(await this.#follower.catchUp())) return this.#becomeFollower('the log could not be read')
    const owner = Uint8Array.from(entropy.bytes(OWNER_BYTES))
    const event = announcement(this.cursor, {
      node,
      generation,
      partitions: log.partitions,
      time: Math.max(this.state.lastTime, clock.now()),
      owner,
      newLogId: Uint8Array.from(entropy.bytes(OWNER_BYTES)),
    })
    this.#owner = owner
    const records = [{ key: null, value: Uint8Array.from(codec.encode([event]).values[0] ?? NOBODY) }]
    const epoch = event.epoch
    const settled = await this.#settle(
      records,
      null,
      () => this.#isMine(),
      () => this.cursor.epoch >= epoch && !this.#isMine(),
    )
    if (settled.kind !== 'accepted') {
      await this.#notSettled(settled)
      return this.#becomeFollower('the announcement did not get through')
    }
    this.#ownedSince = event.time
    this.#timers.begin(this.state, this.#ownedSince)
    this.#mode = 'owning'
    if (this.#leaving) return
    this.handOver()
  }

  async #decideAll(): Promise<void> {
    while (this.#mode === 'owning' && !this.#leaving) {
      const now = this.#options.clock.now()
      if (this.#firing) this.#timers.popInto(this.#inbox.timers, now)
      if (this.#inbox.isEmpty) return
      await this.#decideBatch(now)
      await nextTurn()
    }
  }

  async #decideBatch(now: number): Promise<void> {
    const { codec, partition } = this.#options
    const settings = this.#options.settings()
    const { liveness } = this.#timers
    const deciding = { state: this.state, inbox: this.#inbox, settings, liveness, now, firing: this.#firing }
    const planned = encodePlan(deciding, this.cursor, this.#owner, codec)
    if (planned.kind === 'nothing') return this.#done(planned.plan)
    if (planned.kind === 'unwritable') {
      this.#options.logger.error({ partition, why: planned.why }, 'an input was dropped: its events cannot be written')
      return this.#fail(planned.plan, { kind: 'refused', error: new LogError('too-large', planned.why) })
    }
    const { plan, trailer, encoded } = planned
    const inFlight = { plan, seq: trailer.seq, events: [...plan.events, trailer], accepted: false }
    this.#inFlight = inFlight
    const settled = await this.#settle(
      batchRecords(plan.events, encoded.values),
      { values: encoded.values, trailer },
      () => inFlight.accepted,
      () => !this.#isMine(),
    )
    this.#inFlight = null
    if (settled.kind === 'accepted') {
      this.#done(plan)
      if (!this.#isMine()) this.#becomeFollower('another owner was announced after the batch')
      return
    }
    this.#fail(plan, settled)
    await this.#notSettled(settled)
  }

  #settle(
    records: readonly LogRecord[],
    own: { values: readonly Uint8Array[]; trailer: BatchCommitted } | null,
    isAccepted: () => boolean,
    isOvertaken: () => boolean,
  ): Promise<Settled> {
    const { log, clock, codec } = this.#options
    const base = this.cursor.offset
    return settle({
      log,
      clock,
      to: this.#topicPartition,
      records,
      expected: own === null ? -1 : base,
      takeOwn: () => {
        if (own === null || this.#inFlight === null) return
        this.#fold.reader.takeOwn(own.values, own.trailer, codec.chain(own.trailer.prev, own.values))
        const accepted = this.#inFlight.events.map((event, index) => ({ event, offset: base + index }))
        this.#apply(accepted)
        this.#options.accepted(this.#options.partition, accepted)
      },
      fold: (offset) => (offset === null ? this.#fold.foldToEnd(this.#apply) : this.#fold.foldTo(offset, this.#apply)),
      isAccepted,
      isOvertaken,
      isAbandoned: () => this.#leaving,
    })
  }

  /** An accepted batch becomes part of the state: the own one by its overlay, any other by evolving. */
  readonly #apply = (events: readonly AcceptedEvent[]): void => {
    const trailer = events.at(-1)?.event
    const own = this.#inFlight
    if (
      own !== null &&
      trailer?.type === 'BatchCommitted' &&
      trailer.seq === own.seq &&
      sameBytes(trailer.owner, this.#owner)
    ) {
      own.plan.overlay.commit()
      own.accepted = true
    } else for (const { event } of events) evolve(this.state, event)
    this.#finished.keep(this.state.takeRetired())
  }

  /** The plan is durable: timers, effects, answers. */
  #done(plan: Plan): void {
    const keys = this.#inbox.timers.first(plan.timers)
    this.#drop(plan)
    this.#timers.update(this.state, plan.overlay.changedJobs(), plan.overlay.changedRuns())
    this.#timers.refresh(this.state, keys)
    for (const { pending } of plan.answers) {
      if (pending.input.kind === 'report') this.#timers.heard(this.state, pending.input.report)
    }
    const changed = plan.overlay.changedRuns()
    if (this.#isMine()) emitEffects(plan.events, changed, this.state, this.#emitting())
    for (const { pending, events } of plan.answers) pending.resolve(events)
  }

  /** Every open attempt goes to its executor: after a restart nobody else has it. Copies do no harm. */
  handOver(): void {
    if (this.#mode !== 'owning' || !this.#firing) return
    for (const runId of handOverOpenRuns(this.state, this.#ownedSince, this.#emitting())) {
      this.#inbox.pushOwn({ kind: 'run-abandoned', runId })
    }
  }

  #emitting(): Emitting {
    const { dispatcher, partition } = this.#options
    return { dispatcher, partition, epoch: this.cursor.epoch, dispatching: this.#firing }
  }

  #isMine(): boolean {
    return sameBytes(this.cursor.owner, this.#owner)
  }

  #fail(plan: Plan, settled: Unsettled): void {
    if (settled.kind === 'refused' && settled.error.retryable) return
    const error = callerError(settled, this.#options.partition)
    this.#drop(plan)
    for (const { pending } of plan.answers) pending.reject(error)
  }

  #drop(plan: Plan): void {
    this.#inbox.reports.drop(plan.reports)
    this.#inbox.timers.drop(plan.timers)
    this.#inbox.commands.drop(plan.commands)
  }

  #notSettled(settled: Unsettled): void | Promise<void> {
    if (isFatal(settled) && 'error' in settled && settled.error !== null) throw settled.error
    switch (settled.kind) {
      case 'overtaken':
        this.#becomeFollower('another owner was announced')
        return
      case 'refused':
        if (!settled.error.retryable) throw settled.error
        this.#options.logger.warn({ err: settled.error }, 'the log refused a batch, it is decided anew')
        return new Promise((resolve) =>
          this.#options.clock.schedule(this.#options.clock.now() + RETRY_WAIT_MS, resolve),
        )
      case 'unknown':
        this.#becomeFollower('the outcome of a batch stayed unknown')
        return
      case 'truncated':
        this.#options.logger.error({ partition: this.#options.partition }, 'the log lost its tail: rebuilding from it')
        this.#fold.reset()
        this.#becomeFollower('the log lost its tail')
        return this.#fold.foldToEnd(this.#apply)
    }
  }

  #becomeFollower(why: string): void {
    if (this.#mode === 'stopped') return
    if (this.#mode !== 'following') this.#options.logger.info({ partition: this.#options.partition, why }, 'following')
    const wasFollowing = this.#mode === 'following'
    this.#mode = 'following'
    this.#owner = NOBODY
    this.#timers.clear()
    this.#inbox.fail(notOwner(this.#options.partition))
    if (!this.#leaving && !wasFollowing) this.#options.overtaken(this.#options.partition)
  }

  #stop(error: Error): void {
    if (this.#mode === 'stopped') return
    this.#options.logger.error({ partition: this.#options.partition, err: error }, 'the partition stopped')
    this.#mode = 'stopped'
    this.#timers.clear()
    this.#follower.unwatch()
    const cause = new OperationalError('unknown-outcome', `the partition stopped: ${error.message}`, { cause: error })
    for (const { pending } of this.#inFlight?.plan.answers ?? []) pending.reject(cause)
    this.#inFlight = null
    this.#inbox.fail(cause)
    this.#options.stopped(error)
  }
}

/** Before a batch that the log refused is decided anew. */
const RETRY_WAIT_MS = 100
