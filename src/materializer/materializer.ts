/**
 * All partitions of one node: joins the group of owners, routes commands and reports to the partition they belong to.
 */
import type { Command } from '../core/commands.ts'
import type { Input } from '../core/decide.ts'
import type { Event } from '../core/events.ts'
import type { JobState } from '../core/job/job-state.ts'
import { partitionOf } from '../core/partition.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type Assignment, LogError, type Membership } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import { ClockSkew, DEFAULT_MAX_CLOCK_SKEW_MS } from './clock-skew.ts'
import type { PartitionOptions } from './partition-options.ts'
import { type Mode, Partition } from './partition.ts'
import type { AcceptedEvent } from './reader.ts'

export type MaterializerOptions = Omit<
  PartitionOptions,
  'partition' | 'accepted' | 'stamped' | 'overtaken' | 'stopped'
> & {
  /**
   * Of a log with topics: further from its clock the node leaves the group of owners, and asks again a minute later; null: it
   * never does. Default 60 s.
   */
  readonly maxClockSkewMs?: number | null
  /** Called once, when the first partition stops by itself. */
  readonly failed: (error: Error) => void
}

type Accepted = (partition: number, events: readonly AcceptedEvent[]) => void

const SETTLED: ReadonlySet<Mode> = new Set<Mode>(['owning', 'stopped'])
/** Before the node tries again to own what it was assigned and did not get. */
const OWN_AGAIN_MS = 200
const COMMIT_EVERY_MS = 5_000

export class Materializer {
  readonly #options: MaterializerOptions
  readonly #partitions: Partition[] = []
  readonly #listeners = new Set<Accepted>()
  #assignment: Assignment = { partitions: [], generation: 0 }
  #membership: Membership | null = null
  #unwatchClock = (): void => {}
  #cancelCommit = (): void => {}
  #cancelReturn = (): void => {}
  readonly #skew: ClockSkew
  /** By partition. */
  readonly #committed = new Map<number, number>()
  #live = false
  #firing = false
  #closed = false
  #failure: Error | null = null
  /** The clock is wrong: it owns nothing until it has joined again. */
  #wrongClock: OperationalError | null = null
  /** It has joined again, and no partition has shown yet that the clock fits: nothing fires by it. */
  #isDoubtful = false
  #ownedWaiters: (() => void)[] = []
  /** Partitions that are being given back. */
  readonly #releases = new Map<number, Promise<void>>()
  /** The group's generation in which the present owner of each partition announced itself. */
  readonly #announced = new Map<number, number>()

  constructor(options: MaterializerOptions) {
    this.#options = options
    const { maxClockSkewMs = DEFAULT_MAX_CLOCK_SKEW_MS, logger, surroundings } = options
    this.#skew = new ClockSkew({
      maxMs: maxClockSkewMs,
      logger,
      awaited: () => [...this.#partitions.keys()].filter((index) => this.#partitions[index]?.mode === 'announcing'),
      exceeded: (error, awayMs) => void this.#leaveForClock(error, awayMs),
    })
    const codec = options.log.partitions === 1 ? options.codec : copying(options.codec)
    for (let partition = 0; partition < options.log.partitions; partition += 1) {
      this.#partitions.push(
        new Partition({
          ...options,
          codec,
          partition,
          accepted: (index, events) => this.#accepted(index, events),
          // A log of this process alone takes its time from the same clock.
          stamped: (...times) => surroundings.kind === 'topics' && this.#stamped(partition, ...times),
          overtaken: (index) => this.#ownLater(index),
          stopped: (error) => this.#partitionStopped(error),
        }),
      )
    }
  }

  /** Folds all partitions and follows them. */
  async follow(): Promise<void> {
    this.#unwatchClock = this.#options.clock.onStep((stepMs) => {
      for (const partition of this.#partitions) partition.clockStepped(stepMs)
    })
    await Promise.all(this.#partitions.map((partition) => partition.follow()))
    this.#live = true
  }

  /**
   * Joins the group; resolves when all partitions assigned at first are owned, or lost again. Rejects with
   * `OperationalError` `wrong-clock`, beside what stops a partition.
   */
  async join(): Promise<void> {
    const first = new Promise<void>((resolve) => this.#ownedWaiters.push(resolve))
    await this.#enter()
    this.#commitLater()
    await first
    // Whoever is refused closes the log, so nobody should be reading it.
    if (this.#wrongClock !== null) await this.close()
    const failure = this.#failure ?? this.#wrongClock
    if (failure !== null) throw failure
  }

  async #enter(): Promise<void> {
    this.#membership = await this.#options.log.join({
      name: this.#options.node,
      assigned: (assignment) => void this.#assigned(assignment),
      lost: (partitions) => void this.#lost(partitions),
      warm: () => this.#warm(),
    })
  }

  /** Others take over, and this node follows them. What it executes and is asked goes on. */
  async #leaveForClock(error: OperationalError, awayMs: number): Promise<void> {
    this.#wrongClock = error
    void this.#lost(this.#assignment.partitions)
    await this.#leave()
    this.#returnIn(awayMs)
  }

  #stamped(partition: number, appendedAt: number, sentAt: number, answeredAt: number): void {
    this.#skew.stamped(partition, appendedAt, sentAt, answeredAt)
    if (!this.#isDoubtful || !this.#skew.hasFit) return
    this.#isDoubtful = false
    this.setFiring(this.#firing)
  }

  #returnIn(ms: number): void {
    const { clock } = this.#options
    if (!this.#closed) this.#cancelReturn = clock.schedule(clock.now() + ms, () => void this.#return(ms), true)
  }

  /** The clock may be right again, or it was a broker's: the stamps of the announcements show it. */
  async #return(awayMs: number): Promise<void> {
    const { logger } = this.#options
    logger.info({}, 'the group of owners is asked again whether the clock fits')
    this.#skew.begin()
    this.#wrongClock = null
    this.#isDoubtful = true
    try {
      await this.#enter()
    } catch (err) {
      logger.warn({ err }, 'the group of owners could not be joined')
      return this.#returnIn(awayMs)
    }
    // It was closed, or found the clock to be wrong, before it had anything to leave.
    if (this.#closed || this.#wrongClock !== null) await this.#leave()
  }

  async #leave(): Promise<void> {
    await Promise.all(this.#releases.values())
    try {
      await this.#membership?.leave()
    } catch (err) {
      this.#options.logger.warn({ err }, 'the group of owners could not be left')
    }
  }

  setFiring(firing: boolean): void {
    this.#firing = firing
    for (const partition of this.#partitions) partition.setFiring(firing && !this.#isDoubtful)
  }

  /** A command about a run that is over is decided with what is kept of that run. */
  async submitCommand(jobId: string, command: Command): Promise<readonly Event[]> {
    const partition = this.#partition(partitionOf(jobId, this.#partitions.length))
    if (command.type !== 'CancelRun' && command.type !== 'RetryRun')
      return partition.submit({ kind: 'command', command })
    const finishedRun = await partition.finishedRun(jobId, command.runId).catch(notKnown)
    return partition.submit({ kind: 'command', command, finishedRun })
  }

  finishedRuns(jobId: string): Promise<readonly FinishedRun[]> {
    return this.#partition(partitionOf(jobId, this.#partitions.length)).finishedRuns(jobId)
  }

  submitTo(partition: number, input: Input): Promise<readonly Event[]> {
    return this.#partition(partition).submit(input)
  }

  /** This node owns the partition of the job, as far as it knows. */
  owns(jobId: string): boolean {
    return this.#partitions[partitionOf(jobId, this.#partitions.length)]?.mode === 'owning'
  }

  job(jobId: string): JobState | undefined {
    return this.#partition(partitionOf(jobId, this.#partitions.length)).state.job(jobId)
  }

  jobs(): JobState[] {
    return this.#partitions.flatMap((partition) => [...partition.state.jobs()])
  }

  run(jobId: string, runId: string): RunState | undefined {
    return this.#partition(partitionOf(jobId, this.#partitions.length)).state.run(runId)
  }

  /** Hands open runs over again: there is a new executor. */
  handOver(): void {
    for (const partition of this.#partitions) partition.handOver()
  }

  get isPaused(): boolean {
    return this.#partitions.some((partition) => partition.state.schedulePaused !== null)
  }

  partitions(): readonly Partition[] {
    return this.#partitions
  }

  /** Called for every batch accepted from now on. */
  subscribe(listener: Accepted): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Settles what is in flight and gives the partitions back. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unwatchClock()
    this.#cancelCommit()
    this.#cancelReturn()
    await Promise.all(this.#partitions.map((partition) => partition.close()))
    await this.#membership?.leave()
  }

  /** Every partition is followed, so each that goes could be taken over at once. */
  #warm(): number[] {
    return [...this.#partitions.keys()].filter((index) => this.#partitions[index]?.mode !== 'stopped')
  }

  /** For tools that show lag. What counts are the positions in the trailers. */
  #commitLater(): void {
    const { clock, surroundings } = this.#options
    if (surroundings.kind === 'local') return
    const due = (): void => {
      if (this.#closed) return
      this.#commit().catch((err: unknown) => this.#options.logger.debug({ err }, 'positions were not committed'))
      this.#commitLater()
    }
    this.#cancelCommit = clock.schedule(clock.now() + COMMIT_EVERY_MS, due, true)
  }

  async #commit(): Promise<void> {
    const positions = new Map<number, number>()
    for (const [index, partition] of this.#partitions.entries()) {
      const next = partition.cursor.commandsThrough + 1
      if (partition.mode !== 'owning' || this.#committed.get(index) === next) continue
      positions.set(index, next)
    }
    if (positions.size === 0) return
    await this.#membership?.commit(positions)
    for (const [index, next] of positions) this.#committed.set(index, next)
  }

  #partition(index: number): Partition {
    const partition = this.#partitions[index]
    if (partition === undefined || this.#closed) throw new OperationalError('closed', 'the scheduler is shut down')
    return partition
  }

  async #assigned(assignment: Assignment): Promise<void> {
    if (this.#wrongClock !== null) return
    this.#assignment = assignment
    await Promise.all(assignment.partitions.map((index) => this.#own(index)))
    this.#settleFirst()
  }

  /** Nobody waits any more when each partition of this node is owned, or stopped for good. */
  #settleFirst(): void {
    const { partitions } = this.#assignment
    if (!partitions.every((index) => SETTLED.has(this.#partitions[index]?.mode ?? 'stopped'))) return
    for (const resolve of this.#ownedWaiters) resolve()
    this.#ownedWaiters = []
  }

  async #own(index: number): Promise<void> {
    const partition = this.#partitions[index]
    // What was lost and given back at once must be let go before it is owned anew.
    await this.#releases.get(index)
    if (partition === undefined || this.#closed || !this.#assignment.partitions.includes(index)) return
    partition.setFiring(this.#firing && !this.#isDoubtful)
    await partition.own(this.#assignment.generation)
    this.#settleFirst()
  }

  /**
   * Not at once, and only while the group still says so: two that want it would take it from each other for ever. An
   * owner of a later generation shows that this node has not heard yet what the group says.
   */
  #ownLater(index: number): void {
    const { clock } = this.#options
    const own = (): void => {
      if ((this.#announced.get(index) ?? 0) <= this.#assignment.generation) void this.#own(index)
    }
    clock.schedule(clock.now() + OWN_AGAIN_MS, own)
  }

  async #lost(partitions: readonly number[]): Promise<void> {
    const left = this.#assignment.partitions.filter((index) => !partitions.includes(index))
    this.#assignment = { ...this.#assignment, partitions: left }
    await Promise.all(partitions.map((index) => this.#release(index)))
    this.#settleFirst()
  }

  async #release(index: number): Promise<void> {
    const released = this.#partitions[index]?.release()
    if (released === undefined) return
    this.#releases.set(index, released)
    await released
    if (this.#releases.get(index) === released) this.#releases.delete(index)
  }

  #accepted(partition: number, events: readonly AcceptedEvent[]): void {
    const first = events[0]?.event
    if (first?.type === 'OwnerAnnounced') this.#announced.set(partition, first.generation)
    if (!this.#live) return
    for (const listener of this.#listeners) listener(partition, events)
  }

  #partitionStopped(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#settleFirst()
    this.#options.failed(error)
  }
}

function notKnown(cause: unknown): never {
  if (!(cause instanceof LogError)) throw cause
  const { message, retryable } = cause
  throw new OperationalError('log-failed', `the runs that are over could not be read: ${message}`, { cause, retryable })
}

/** Encoded values last until the next call of `encode`; where several partitions encode, a batch in flight needs its own. */
function copying(codec: EventCodec): EventCodec {
  return {
    encode(events) {
      const { values, bytes } = codec.encode(events)
      return { values: copies(values), bytes }
    },
    decode: (value) => codec.decode(value),
    sizeOf: (event) => codec.sizeOf(event),
    chain: (chain, values) => codec.chain(chain, values),
  }
}

/** In one piece of memory: a piece for each costs several times as much. */
function copies(values: readonly Uint8Array[]): readonly Uint8Array[] {
  const memory = new Uint8Array(values.reduce((sum, value) => sum + value.length, 0))
  let end = 0
  return values.map((value) => {
    const start = end
    end += value.length
    memory.set(value, start)
    return memory.subarray(start, end)
  })
}
