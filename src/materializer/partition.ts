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
import type { Event, Mark } from '../core/events.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { State } from '../core/state.ts'
import { LogError, type LogRecord, type TopicPartition } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import { announcement } from './announcement.ts'
import { type Cursor, NOBODY, sameBytes } from './cursor.ts'
import { BatchRoom } from './batch-room.ts'
import { batchRecords, encodePlan, IN_MEMORY } from './encode-plan.ts'
import { Inbox } from './inbox.ts'
import { Follower } from './follower.ts'
import { type OwnerSide, ownerSide } from './owner-side.ts'
import type { PartitionOptions } from './partition-options.ts'
import { PartitionTimers } from './partition-timers.ts'
import type { Plan } from './plan-batch.ts'
import { type OwnBatch, Replica } from './replica.ts'
import { beforeNextTry, mayPass, nextTurn, settle, type Settled } from './settle.ts'
import { callerError, isFatal, notOwner, stopped, type Unsettled } from './unsettled.ts'

export type Mode = 'following' | 'announcing' | 'owning' | 'stopped'

export class Partition {
  readonly #options: PartitionOptions
  readonly #topicPartition: TopicPartition
  readonly #replica: Replica
  readonly #follower: Follower
  readonly #inbox = new Inbox()
  readonly #timers: PartitionTimers
  readonly #room: BatchRoom
  #mode: Mode = 'following'
  #owner: Uint8Array = NOBODY
  #side: OwnerSide | null = null
  #firing = false
  #leaving = false
  /** Why it stopped by itself. */
  #stopCause: Error | null = null
  #busy: Promise<void> | null = null
  /** Of the batch in flight. */
  #plan: Plan | null = null

  constructor(options: PartitionOptions) {
    this.#options = options
    this.#topicPartition = { topic: 'events', partition: options.partition }
    this.#timers = new PartitionTimers(options.clock, () => this.#wake())
    this.#room = new BatchRoom(options)
    this.#replica = new Replica(options)
    const { log, clock, logger } = options
    const replica = this.#replica
    this.#follower = new Follower({
      log,
      clock,
      logger,
      topicPartition: this.#topicPartition,
      fold: () => replica.foldToEnd(),
      isIntact: () => replica.isIntact(),
      misfits: () => replica.misfits,
      // Its timers and effects are of the lost history. Who is about to announce itself goes on.
      lostTail: () => this.#mode === 'owning' && this.#becomeFollower('the log lost its tail'),
      rebuild: () => replica.rebuild(),
    })
  }

  get state(): State {
    return this.#replica.state
  }
  get cursor(): Cursor {
    return this.#replica.cursor
  }
  get mode(): Mode {
    return this.#mode
  }

  /** Folds what is on the log, and from then on what comes. */
  async follow(): Promise<void> {
    await this.#replica.open()
    this.#follower.watch(() => this.#followOn())
    // What came when the fold was at its end, and nobody watched yet.
    this.#followOn()
    await this.#idle()
  }

  #followOn(): void {
    if (this.#mode === 'following') this.#exclusively(async () => void (await this.#follower.catchUp()))
  }

  /** Announces this node as owner; resolves when its own fold says so, or says that another was first. */
  async own(generation: number): Promise<void> {
    if (this.#mode === 'owning') return this.#lookWhoOwns()
    if (this.#mode !== 'following') return
    this.#mode = 'announcing'
    this.#leaving = false
    await this.#idle()
    // It was given back, or stopped, meanwhile.
    if (this.#leaving || this.#mode !== 'announcing') return
    this.#exclusively(() => this.#announce(generation))
    await this.#idle()
  }

  /** Who was overtaken without a word learns it only when it writes; told to own anew, it must not wait for that. */
  async #lookWhoOwns(): Promise<void> {
    await this.#idle()
    if (this.#mode !== 'owning') return
    this.#exclusively(async () => {
      await this.#follower.catchUp()
      if (this.#mode === 'owning' && !this.#isMine()) this.#becomeFollower('another owner was announced')
    })
  }

  /** Decides nothing more, settles what is in flight, follows. */
  async release(): Promise<void> {
    if (this.#mode === 'stopped') return
    this.#leaving = true
    // A checkpoint that is being written would be waited for.
    this.#replica.released()
    await this.#idle()
    this.#becomeFollower('another node is to own the partition')
    if (this.#follower.isBehind) this.#followOn()
  }

  /** null: it is not kept. */
  finishedRun(jobId: string, runId: string): Promise<FinishedRun | null> {
    return this.#replica.finishedRun(jobId, runId)
  }

  /** The runs of the job that are kept after their end, the latest first. */
  finishedRuns(jobId: string): Promise<readonly FinishedRun[]> {
    return this.#replica.finishedRuns(jobId)
  }

  /** The input's events, once they are durable. Rejects with an `OperationalError`. */
  submit(input: Input): Promise<readonly Event[]> {
    return new Promise((resolve, reject) => {
      const isTaking = this.#mode === 'owning' || this.#mode === 'announcing'
      if (this.#stopCause !== null) return reject(stopped(this.#options.partition, this.#stopCause))
      if (!isTaking || this.#leaving) return reject(notOwner(this.#options.partition))
      this.#inbox.push({ input, resolve, reject })
      this.#wake()
    })
  }

  /** With `true`, timers count and open runs are handed over. */
  setFiring(firing: boolean): void {
    if (this.#firing === firing) return
    this.#firing = firing
    if (!firing) return this.#timers.disarm()
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
    await this.#idle()
    this.#mode = 'stopped'
    await this.#replica.close()
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
    else {
      if (this.#firing) this.#timers.arm()
      this.#side?.idle(this.cursor)
    }
  }

  async #announce(generation: number): Promise<void> {
    const { codec } = this.#options
    if (!(await this.#follower.catchUpSurely())) return this.#becomeFollower('the log could not be read')
    const event = announcement(this.cursor, this.#options, generation, this.state)
    this.#owner = event.owner
    const records = [{ key: null, value: Uint8Array.from(codec.encode([event]).values[0] ?? NOBODY) }]
    const settled = await this.#settle(
      records,
      null,
      () => this.#isMine(),
      () => this.cursor.epoch >= event.epoch && !this.#isMine(),
    )
    if (settled.kind !== 'accepted') {
      await this.#notSettled(settled)
      return this.#becomeFollower('the announcement did not get through')
    }
    this.#timers.begin(this.state, event.time)
    this.#mode = 'owning'
    this.#replica.owned()
    this.#side = ownerSide(this.#options, {
      ownedSince: event.time,
      cursor: this.cursor,
      unsent: this.#replica.unsent,
      state: () => this.state,
      inbox: this.#inbox,
      isFiring: () => this.#firing,
      finishedRun: (jobId, runId) => this.finishedRun(jobId, runId),
      wake: () => this.#wake(),
      failed: (error) => this.#stop(error),
    })
    if (!this.#leaving) this.#side.begin()
  }

  async #decideAll(): Promise<void> {
    while (this.#mode === 'owning' && !this.#leaving) {
      const now = this.#options.clock.now()
      if (this.#firing) this.#timers.popInto(this.#inbox.timers, now)
      if (this.#inbox.isEmpty && this.#side?.isDue !== true) return
      await this.#decideBatch(now)
      await nextTurn()
    }
  }

  async #decideBatch(now: number): Promise<void> {
    const { codec, partition } = this.#options
    const settings = this.#options.settings()
    const { liveness } = this.#timers
    const deciding = { state: this.state, inbox: this.#inbox, settings, liveness, now, firing: this.#firing }
    const planned = encodePlan(deciding, this.cursor, this.#owner, codec, this.#side ?? IN_MEMORY, this.#room.bytes)
    if (planned.kind === 'nothing') return this.#done(null, planned.plan)
    if (planned.kind === 'hindered') {
      this.#inbox.timers.drop(planned.timers.length)
      this.#timers.setAside(planned.timers, this.#room.fullAgainAt)
      return this.#room.isLackedBy(planned, () => this.#leaving)
    }
    if (planned.kind === 'unwritable') {
      this.#options.logger.error({ partition, why: planned.why }, 'an input was dropped: its events cannot be written')
      this.#fail(planned.plan, { kind: 'refused', error: new LogError('too-large', planned.why) })
      return this.#side?.done(null, planned.plan)
    }
    const { plan, trailer, encoded } = planned
    const own: OwnBatch = {
      ...encoded,
      owner: this.#owner,
      events: [...plan.events, trailer],
      trailer,
      overlay: plan.overlay,
      accepted: false,
    }
    this.#plan = plan
    this.#replica.expect(own)
    const settled = await this.#settle(
      batchRecords(plan.events, encoded.values),
      own,
      () => own.accepted,
      () => !this.#isMine(),
    )
    this.#replica.expect(null)
    this.#plan = null
    if (settled.kind === 'accepted') {
      this.#done(this.#isMine() ? trailer : null, plan)
      if (!this.#isMine()) this.#becomeFollower('another owner was announced after the batch')
      return
    }
    if (settled.kind === 'refused' && this.#room.isTooLarge(planned.bytes, settled.error)) return
    this.#fail(plan, settled)
    await this.#notSettled(settled)
  }

  #settle(
    records: readonly LogRecord[],
    own: OwnBatch | null,
    isAccepted: () => boolean,
    isOvertaken: () => boolean,
  ): Promise<Settled> {
    const { log, clock } = this.#options
    return settle({
      log,
      clock,
      to: this.#topicPartition,
      records,
      expected: this.cursor.offset,
      takeOwn: own === null ? null : () => this.#replica.takeOwn(own),
      fold: (offset) => (offset === null ? this.#replica.foldToEnd() : this.#replica.foldTo(offset)),
      isSameTerm: (term) => this.#replica.isSameTerm(term),
      // Who takes over has just looked; an owner's own batches were never read back.
      isIntact: (term) => this.#replica.isIntact(term, own !== null),
      stamped: this.#options.stamped,
      isAccepted,
      isOvertaken,
      isAbandoned: () => this.#leaving,
    })
  }

  /** The plan is durable: timers, effects, answers. */
  #done(place: Mark | null, plan: Plan): void {
    const keys = this.#inbox.timers.first(plan.timers)
    this.#inbox.drop(plan)
    this.#timers.update(this.state, plan.overlay.changedJobs(), plan.overlay.changedRuns())
    this.#timers.refresh(this.state, keys)
    for (const { pending } of plan.answers) this.#timers.heard(this.state, pending.input)
    this.#side?.done(place, plan)
    for (const { pending, events } of plan.answers) pending.resolve(events)
  }

  /** Every open attempt goes to its executor: there is a new one. Copies do no harm. */
  handOver(): void {
    this.#side?.handOver()
  }

  #isMine(): boolean {
    return sameBytes(this.cursor.owner, this.#owner)
  }

  #fail(plan: Plan, settled: Unsettled): void {
    if (settled.kind === 'refused' && mayPass(settled.error)) return
    const error = callerError(settled, this.#options.partition)
    this.#inbox.drop(plan)
    for (const { pending } of plan.answers) pending.reject(error)
  }

  #notSettled(settled: Unsettled): void | Promise<void> {
    const { clock, logger, partition } = this.#options
    if (isFatal(settled) && 'error' in settled && settled.error !== null) throw settled.error
    switch (settled.kind) {
      case 'overtaken':
        return this.#becomeFollower('another owner was announced')
      case 'refused':
        if (!mayPass(settled.error)) throw settled.error
        logger.warn({ partition, err: settled.error }, 'the log took no batch, it is decided anew')
        return beforeNextTry(clock, settled.error, () => this.#leaving)
      case 'unknown':
        return this.#becomeFollower('the outcome of a batch stayed unknown')
      case 'truncated':
        this.#becomeFollower('the log lost its tail')
        return this.#follower.rebuild().then(() => undefined)
    }
  }

  #becomeFollower(why: string): void {
    if (this.#mode === 'stopped') return
    if (this.#mode !== 'following') this.#options.logger.info({ partition: this.#options.partition, why }, 'following')
    const wasFollowing = this.#mode === 'following'
    this.#mode = 'following'
    this.#owner = NOBODY
    this.#forgetOwning()
    this.#inbox.fail(notOwner(this.#options.partition))
    if (!this.#leaving && !wasFollowing) this.#options.overtaken(this.#options.partition)
  }

  #forgetOwning(): void {
    this.#timers.clear()
    this.#replica.released()
    this.#side?.stop()
    this.#side = null
  }

  #stop(error: Error): void {
    if (this.#mode === 'stopped') return
    this.#options.logger.error({ partition: this.#options.partition, err: error }, 'the partition stopped')
    this.#mode = 'stopped'
    this.#stopCause = error
    this.#forgetOwning()
    this.#follower.unwatch()
    const cause = new OperationalError('unknown-outcome', `the partition stopped: ${error.message}`, { cause: error })
    for (const { pending } of this.#plan?.answers ?? []) pending.reject(cause)
    this.#plan = null
    this.#inbox.fail(stopped(this.#options.partition, error))
    this.#options.stopped(error)
  }
}
