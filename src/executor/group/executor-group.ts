/**
 * One named executor as a member of its consumer group: takes the runs of the partitions assigned to it, and remembers
 * for the group what is done (protocol §5).
 *
 * Boundary: a record becomes a run in runs-partition.ts, a run becomes an attempt in executor.ts; here are assignment,
 * copies, room and commits.
 * Invariants:
 * 1. The position committed of a partition is below every record that isn't done; a copy is done with its original.
 * 2. Nothing is committed for a partition that was lost. What runs of it goes on and reports; what waits is forgotten,
 *    because the next member has it.
 * 3. No more is read than the executor has room for.
 * 4. From the word that the group changes until its partitions are told, nothing begins, so that all that is over is committed
 *    before others may have it. When that takes longer, for a member of another program is busy, it goes on meanwhile.
 */
import type { Clock } from '../../ports/clock.ts'
import type { RunRequest } from '../../ports/dispatcher.ts'
import type { Assignment, EventLog, Membership } from '../../ports/event-log.ts'
import type { RunCodec } from '../../ports/run-codec.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { attemptKey } from '../attempt-key.ts'
import { Executor, type ExecutorOptions } from '../executor.ts'
import type { ControlMemory } from './control-memory.ts'
import type { Controlled } from './control-reader.ts'
import { RunsPartition, spanAmong, topicOf } from './runs-partition.ts'

export interface ExecutorGroupOptions extends Omit<ExecutorOptions, 'settled' | 'released'> {
  readonly name: string
  readonly log: EventLog
  readonly codec: RunCodec
  readonly clock: Clock
  readonly logger: Logger
  readonly control: ControlMemory
  /** Partitions that the executors of the process have or had. */
  readonly partitionsHere: () => number
}

/** One attempt runs in each slot and three wait for it: so a slot is never idle, and little waits when a partition goes. */
const OPEN_PER_SLOT = 4
/** What ended in the last second runs again after a crash; more often would cost more than it saves. */
const COMMIT_EVERY_MS = 1_000

/** So long a change of the group waits for what runs. What takes longer runs on, and in the next member as well. */
const REBALANCE_WAIT_MS = 1_000
/** So long nothing begins after that. */
const REBALANCE_HOLD_MS = 5_000

/** A log that can't be reached must not keep a process from its end; the group notices its absence then. */
const LEAVE_WITHIN_MS = 5_000

interface OpenRun {
  readonly run: RunRequest
  /** The record, and its copies. */
  readonly records: { readonly partition: RunsPartition; readonly done: () => void }[]
}

export class ExecutorGroup implements Controlled {
  readonly #options: ExecutorGroupOptions
  readonly #executor: Executor
  readonly #membership = Promise.withResolvers<Membership>()
  readonly #partitions = new Map<number, RunsPartition>()
  /** Were assigned to it once. */
  readonly #known = new Set<number>()
  readonly #runs = new Map<string, OpenRun>()
  #joined = false
  #leaving = false
  #isRebalancing = false
  #cancelHold = (): void => {}
  #left: Promise<void> | null = null
  #turn = 0
  #cancelCommit: (() => void) | null = null
  #committing = Promise.resolve()

  constructor(options: ExecutorGroupOptions) {
    this.#options = options
    this.#executor = new Executor({
      ...options,
      settled: (runId, attempt) => this.#settled({ runId, attempt }),
      released: () => this.#wakeAll(),
    })
    // Nobody may wait for it.
    this.#membership.promise.catch(() => {})
  }

  /** How many partitions it has or had: those that were lost may come back. */
  get partitions(): number {
    return this.#known.size
  }

  /** Joins the group, unless it was drained before. Rejects with `LogError` when it can't. */
  async start(): Promise<void> {
    if (this.#leaving) return
    this.#joined = true
    const { log, name, process } = this.#options
    try {
      const member = {
        name: process,
        assigned: (assignment: Assignment) => this.#assigned(assignment),
        lost: (partitions: readonly number[]) => this.#lost(partitions),
        rebalancing: (withinMs: number) => this.#rebalancing(withinMs),
      }
      this.#membership.resolve(await log.join(member, { id: name, topic: topicOf(name) }))
    } catch (err) {
      this.#membership.reject(err)
      throw err
    }
  }

  cancel(runId: string, attempt: number, reason: string | null): void {
    this.#executor.cancel(runId, attempt, reason)
  }

  grant(runId: string, attempt: number, executor: string): void {
    this.#executor.grant(runId, attempt, executor)
  }

  refuse(runId: string, attempt: number, executor: string): void {
    this.#executor.refuse(runId, attempt, executor)
  }

  /**
   * Takes nothing more, waits for what runs until `deadline` (epoch ms), commits and leaves the group. What is not over
   * then is abandoned, and the next member has it. Called again, the earlier deadline holds. Never rejects.
   */
  async drain(deadline: number): Promise<void> {
    this.#leaving = true
    this.#cancelHold()
    for (const partition of this.#partitions.values()) partition.stop()
    await this.#executor.drain(deadline)
    this.#cancelCommit?.()
    if (!this.#joined) return
    this.#left ??= this.#leave()
    const { clock } = this.#options
    let cancel = (): void => {}
    const late = new Promise<void>((resolve) => {
      cancel = clock.schedule(clock.now() + LEAVE_WITHIN_MS, resolve)
    })
    await Promise.race([late, this.#left])
    cancel()
  }

  async #leave(): Promise<void> {
    try {
      const membership = await this.#membership.promise
      await this.#commit()
      await membership.leave()
    } catch (err) {
      this.#options.logger.warn({ executor: this.#options.name, err }, 'an executor could not leave its group')
    }
  }

  /** Half of the time is for the commit. */
  async #rebalancing(withinMs: number): Promise<void> {
    const { clock } = this.#options
    this.#cancelHold()
    this.#isRebalancing = true
    await this.#executor.hold(clock.now() + Math.min(REBALANCE_WAIT_MS, withinMs / 2))
    await this.#commit()
    if (!this.#isRebalancing || this.#leaving) return
    // Another change may have come meanwhile: the last one counts.
    this.#cancelHold()
    this.#cancelHold = clock.schedule(clock.now() + REBALANCE_HOLD_MS, () => this.#goOn(), true)
  }

  #assigned({ partitions }: Assignment): void {
    if (this.#leaving) return
    if (this.#isRebalancing) this.#goOn()
    for (const partition of partitions) {
      this.#known.add(partition)
      if (this.#partitions.has(partition)) continue
      const { log, codec, clock, logger, name } = this.#options
      const made: RunsPartition = new RunsPartition({
        log,
        codec,
        clock,
        logger,
        executor: name,
        partition,
        membership: this.#membership.promise,
        maxSpan: () => spanAmong(this.#options.partitionsHere()),
        hasRoom: () => this.#hasRoom,
        handOver: (run, done) => this.#handOver(run, { partition: made, done }),
        advanced: () => this.#commitSoon(),
      })
      this.#partitions.set(partition, made)
      made.start()
    }
  }

  #goOn(): void {
    this.#cancelHold()
    this.#isRebalancing = false
    this.#executor.resume()
    this.#wakeAll()
  }

  get #hasRoom(): boolean {
    return !this.#isRebalancing && this.#executor.open < this.#options.concurrency * OPEN_PER_SLOT
  }

  #lost(partitions: readonly number[]): void {
    for (const number of partitions) {
      const partition = this.#partitions.get(number)
      if (partition === undefined) continue
      partition.stop()
      this.#partitions.delete(number)
      for (const [key, open] of this.#runs) this.#forget(key, open, partition)
    }
  }

  #forget(key: string, { run, records }: OpenRun, lost: RunsPartition): void {
    const kept = records.filter(({ partition }) => partition !== lost)
    records.splice(0, records.length, ...kept)
    if (kept.length > 0) return
    this.#runs.delete(key)
    this.#executor.withdraw(run.runId, run.attempt)
  }

  #handOver(run: RunRequest, record: OpenRun['records'][number]): void {
    const verdict = this.#options.control.verdict(run)
    if (verdict.kind === 'over') return record.done()
    const key = attemptKey(run)
    const open = this.#runs.get(key) ?? { run, records: [] }
    open.records.push(record)
    this.#runs.set(key, open)
    this.#executor.dispatch(run, verdict.kind === 'cancelled' ? verdict.reason : null)
  }

  #settled(attempt: { readonly runId: string; readonly attempt: number }): void {
    const key = attemptKey(attempt)
    const open = this.#runs.get(key)
    this.#runs.delete(key)
    for (const { done } of open?.records ?? []) done()
    this.#wakeAll()
  }

  /** Each time another partition is the first to take what has become free. */
  #wakeAll(): void {
    const all = [...this.#partitions.values()]
    this.#turn += 1
    for (const place of all.keys()) all[(place + this.#turn) % all.length]?.wake()
  }

  #commitSoon(): void {
    if (this.#cancelCommit !== null || this.#leaving) return
    const { clock } = this.#options
    const due = (): void => {
      this.#cancelCommit = null
      void this.#commit()
    }
    this.#cancelCommit = clock.schedule(clock.now() + COMMIT_EVERY_MS, due, true)
  }

  /** Never rejects: what could not be committed is tried again after the next second. One at a time. */
  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitNow())
    return this.#committing
  }

  async #commitNow(): Promise<void> {
    const risen = [...this.#partitions].flatMap(([number, partition]) => {
      const position = partition.uncommitted
      return position === null ? [] : [{ number, partition, position }]
    })
    if (risen.length === 0) return
    try {
      const membership = await this.#membership.promise
      await membership.commit(new Map(risen.map(({ number, position }) => [number, position])))
      for (const { partition, position } of risen) partition.committed(position)
    } catch (err) {
      this.#options.logger.warn({ executor: this.#options.name, err }, 'positions could not be committed')
      this.#commitSoon()
    }
  }
}
