/**
 * The real thing under the model's eye: a memory cluster with members that come and go, a virtual clock, a log that
 * loses requests and replies, and an observer of each partition.
 *
 * Boundary: acts on the real thing and takes notes; `checks.ts` judges, after each act and each moment of time.
 */
import { createSeededEntropy } from '../../src/adapters/memory/seeded-entropy.ts'
import {
  type AppendAttempt,
  type AppendFate,
  createMemoryCluster,
  type MemoryCluster,
} from '../../src/adapters/memory/memory-log.ts'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { Command } from '../../src/core/commands.ts'
import { partitionOf } from '../../src/core/partition.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import type { Report } from '../../src/core/reports.ts'
import type { Event } from '../../src/core/events.ts'
import type { EventCodec } from '../../src/ports/event-codec.ts'
import { OperationalError } from '../../src/ports/operational-error.ts'
import { T0 } from '../support/moments.ts'
import { check } from './checks.ts'
import type { Ledger } from './ledger.ts'
import { attemptKey, Member } from './member.ts'
import { Observer, type Sending, sendingKey } from './observer.ts'
import type { Ask } from './spec.ts'
import { commandInputs, type Submission } from './submission.ts'
import type { Finished } from './world.ts'

export type Fate = 'refuse' | 'lose-reply' | 'lose-request' | 'late'

/** A command without its envelope. */
export type Order = Command extends infer C ? (C extends Command ? Omit<C, Envelope> : never) : never
type Envelope = 'commandId' | 'commandGiven' | 'actor' | 'commandOffset'

export interface Ordering {
  /** The id that the client gives. */
  readonly given: string | null
  readonly ask?: Ask
  /** The code with which it is refused whatever there is. */
  readonly refused?: RejectionCode | null
  readonly pick: number
}

export interface SystemOptions {
  readonly partitions: number
  readonly ledger: Ledger
}

const MEMBERS = 2

export class System {
  readonly clock: VirtualClock = createVirtualClock(T0)
  readonly cluster: MemoryCluster
  readonly ledger: Ledger
  readonly codec: EventCodec = createEventCodec()
  readonly observers: readonly Observer[]
  readonly submissions: Submission[] = []
  /** Steps of the wall clock so far. */
  readonly steps: number[] = []
  members: Member[] = []
  /** What must not happen, and happened where nobody waits for it. */
  readonly problems: Error[] = []
  /** Reports so far, to be said again. */
  readonly said: Report[] = []
  /** What becomes of the next appends; none: they land. */
  fates: Fate[] = []
  readonly #entropy = createSeededEntropy(1)
  readonly #sendings = new Map<string, Sending>()
  /** Lets appends land that are under way. */
  #late: (() => void)[] = []
  #names = 0
  /** The latest time from which the clock stepped. */
  #latest = T0
  #commands = 0

  constructor({ partitions, ledger }: SystemOptions) {
    this.ledger = ledger
    this.cluster = createMemoryCluster({
      partitions,
      now: () => this.clock.now(),
      faults: (attempt) => this.#appending(attempt),
    })
    this.observers = Array.from(
      { length: partitions },
      (_, partition) =>
        new Observer({
          partition,
          log: this.cluster.connect(`observer ${partition}`),
          codec: this.codec,
          sendings: this.#sendings,
          steps: this.steps,
          explained: (batch, moment) => ledger.decided(batch, moment),
          announced: (world) => ledger.announced(world),
          refused: (verdict) => ledger.refused(verdict),
        }),
    )
  }

  async start(): Promise<void> {
    for (let count = 0; count < MEMBERS; count += 1) this.join()
    await this.clock.settle()
    await this.observe()
  }

  get now(): number {
    return this.clock.now()
  }

  get alive(): Member[] {
    return this.members.filter((member) => member.isAlive)
  }

  observerOf(jobId: string): Observer {
    return this.observer(partitionOf(jobId, this.observers.length))
  }

  observer(partition: number): Observer {
    const observer = this.observers[partition]
    if (observer === undefined) throw new Error(`no partition ${partition}`)
    return observer
  }

  /** Everything happens that needs no time, and is judged. */
  async observe(): Promise<void> {
    await this.clock.settle()
    for (const observer of this.observers) await observer.observe(this.submissions)
    check(this)
  }

  /** Time passes; each moment at which something is due is judged by itself. */
  async advance(ms: number): Promise<void> {
    const target = this.now + ms
    for (;;) {
      const next = this.clock.nextTimerAt()
      if (next === null || next > target) break
      await this.clock.advance(Math.max(next - this.now, 0))
      await this.observe()
    }
    await this.clock.advance(target - this.now)
    await this.observe()
  }

  /** The wall clock steps, forward or back. */
  async step(ms: number): Promise<void> {
    this.#latest = Math.max(this.#latest, this.now)
    this.steps.push(ms)
    await this.clock.set(this.now + ms)
  }

  /** What waits for a time that a step back put off comes to its end. */
  async catchUp(): Promise<void> {
    if (this.now < this.#latest) await this.step(this.#latest - this.now)
  }

  join(): void {
    this.#names += 1
    const name = `m${this.#names}`
    const member = new Member(name, this.cluster.connect(name), this.clock, this.#entropy)
    this.members.push(member)
    member.open()
  }

  /** Who takes itself for the owner: more than one where there is a zombie. */
  believers(partition: number): Member[] {
    return this.alive.filter((member) => member.partition(partition).mode === 'owning')
  }

  /** To the owner, or to one who takes itself for it, or to somebody. */
  #target(partition: number, pick: number): Member | undefined {
    const believers = this.believers(partition)
    const from = believers.length > 0 ? believers : this.alive
    return from[pick % Math.max(from.length, 1)]
  }

  /** A whole-partition command goes to every partition under one id. */
  order(order: Order, { given, ask = {}, refused = null, pick }: Ordering): void {
    this.#commands += 1
    const commandId = given ?? `c${this.#commands}`
    const jobId = 'jobId' in order ? order.jobId : null
    const partitions = jobId === null ? [...this.observers.keys()] : [partitionOf(jobId, this.observers.length)]
    for (const partition of partitions) {
      const tag = `t${this.#commands}.${partition}`
      const envelope = { commandId, commandGiven: given !== null, actor: tag, commandOffset: null }
      const command = { ...order, ...envelope } as Command
      const member = this.#target(partition, pick)
      if (member === undefined) continue
      const inputs = commandInputs(command, { ask, refused }, this.#kept(command, partition, member))
      const submission = this.#submitted({ tag, partition, member: member.name, command, report: null, inputs })
      const isOfRun = command.type === 'CancelRun' || command.type === 'RetryRun'
      const { materializer } = member.store
      const answer = isOfRun
        ? materializer.submitCommand(command.jobId, command)
        : materializer.submitTo(partition, { kind: 'command', command })
      void this.#follow(answer, submission)
    }
  }

  report(report: Report, pick: number): void {
    this.#commands += 1
    const partition = partitionOf(report.jobId, this.observers.length)
    const member = this.#target(partition, pick)
    if (member === undefined) return
    const tag = `r${this.#commands}`
    const inputs = (): readonly [{ kind: 'report'; report: Report }] => [{ kind: 'report', report }]
    const submission = this.#submitted({ tag, partition, member: member.name, command: null, report, inputs })
    const answer = member.store.materializer.submitTo(partition, { kind: 'report', report })
    void this.#follow(answer, submission, () => this.#heard(member, partition, report))
  }

  /**
   * A command about a run is decided with what its member has kept of the run when it comes. The model knows that where
   * nothing was on its way; otherwise the run may be found or not.
   */
  #kept(command: Command, partition: number, member: Member): () => readonly (Finished | null)[] {
    if (command.type !== 'CancelRun' && command.type !== 'RetryRun') return () => [null]
    const { jobId, runId } = command
    const observer = this.observer(partition)
    const find = (): Finished | null =>
      observer.world.jobs.get(jobId)?.finished.find((run) => run.runId === runId) ?? null
    const kept = find()
    const { epoch, seq } = member.partition(partition).cursor
    const { cursor } = observer.fold
    const isQuiet =
      epoch === cursor.epoch &&
      seq === cursor.seq &&
      member.isSettled(partition) &&
      this.submissions.every((one) => one.member !== member.name || one.answer.kind !== 'none')
    return isQuiet ? () => [kept] : () => [kept, find(), null]
  }

  #submitted(about: Omit<Submission, 'number' | 'answer' | 'decided'>): Submission {
    const submission: Submission = {
      ...about,
      number: this.#commands,
      answer: { kind: 'none' },
      decided: null,
    }
    this.submissions.push(submission)
    return submission
  }

  async #follow(answer: Promise<readonly Event[]>, submission: Submission, answered = (): void => {}): Promise<void> {
    try {
      submission.answer = { kind: 'events', events: await answer }
      answered()
    } catch (error) {
      if (!(error instanceof OperationalError)) return void this.problems.push(error as Error)
      const kind = error.code === 'unknown-outcome' ? 'unknown' : 'refused'
      submission.answer = { kind, error: error.code }
      if (kind === 'unknown' && submission.decided !== null) this.ledger.see('outcome unknown, and decided')
      this.ledger.see(kind === 'unknown' ? 'outcome unknown to the caller' : `caller told ${error.code}`)
    }
  }

  /** Heartbeats are neither events nor state: what counts is what the owner's state was when it took one. */
  #heard(member: Member, partition: number, { type, runId, attempt }: Report): void {
    const { state, cursor } = member.partition(partition)
    const run = state.run(runId)
    if (type !== 'heartbeat' || run?.status !== 'running' || run.attempt !== attempt) return
    member.heard.set(`${partition}/${cursor.epoch}/${attemptKey(runId, attempt)}`, this.now)
  }

  /** Moves ownership; with `tellLoser: false` whoever had it doesn't hear of it. */
  assign(partition: number, member: Member, tellLoser: boolean): void {
    const { world } = this.observer(partition)
    if (world.runs.size > 0) this.ledger.see('takeover with open runs')
    const losers = this.believers(partition).filter((one) => one !== member)
    if (losers.some((one) => !one.isSettled(partition))) this.ledger.see('takeover with a batch on its way')
    this.cluster.assign(partition, member.name, { tellLoser })
  }

  /** Appends under way land, or never will. */
  land(doLand: boolean): void {
    const late = this.#late
    this.#late = []
    if (doLand && late.length > 0) this.ledger.see('append landed late')
    if (doLand) for (const land of late) land()
  }

  /** Bytes that no member wrote: rubbish, or a copy of what is there. */
  async poison(partition: number, copyOf: number | null): Promise<void> {
    const log = this.cluster.connect('stranger')
    const place = { topic: 'events', partition }
    const end = await log.end(place)
    const rubbish = Uint8Array.of(0xc3, 0x01, 7, 7, 7)
    if (copyOf === null || end === 0) await log.append(place, [{ key: null, value: rubbish }])
    else {
      const { records } = await log.read(place, copyOf % end, 1)
      await log.append(
        place,
        records.map(({ key, value }) => ({ key, value })),
      )
    }
    await log.close()
    this.ledger.see(copyOf === null ? 'rubbish on the log' : 'copy of a batch on the log')
  }

  #appending({ member: name, to, records }: AppendAttempt): AppendFate {
    const member = this.members.find((one) => one.name === name)
    const decoded = this.codec.decode(records.at(-1)?.value ?? new Uint8Array())
    if (member === undefined || decoded.kind !== 'event') return 'ok'
    const fate = this.fates.shift() ?? 'ok'
    const trailer = decoded.event
    if (trailer.type === 'BatchCommitted') this.#sending(member, to.partition, trailer, fate === 'refuse')
    if (fate !== 'ok') {
      const what = trailer.type === 'BatchCommitted' ? 'batch' : 'announcement'
      this.ledger.see(`${what}: ${FATES[fate]}`)
    }
    if (fate !== 'late') return fate
    return { landLate: new Promise((resolve) => this.#late.push(resolve)) }
  }

  #sending(
    member: Member,
    partition: number,
    trailer: { readonly owner: Uint8Array; readonly epoch: number; readonly seq: number },
    isRefused: boolean,
  ): void {
    const { owner, epoch, seq } = trailer
    const key = sendingKey(owner, seq)
    const isFirst = !this.#sendings.has(key)
    if (epoch < this.observer(partition).fold.cursor.epoch) this.ledger.see('zombie wrote')
    if (!isFirst) this.ledger.see('the same bytes sent again')
    // A refusal of the first attempt: it is decided anew, later.
    member.lastSent.set(partition, { epoch, seq, refused: isRefused && isFirst })
    if (!isFirst || isRefused) return
    const prefix = `${partition}/${epoch}/`
    const heard = [...member.heard]
      .filter(([at]) => at.startsWith(prefix))
      .map(([at, when]) => [at.slice(prefix.length), when] as const)
    this.#sendings.set(key, { member: member.name, now: this.now, through: this.#commands, heard: new Map(heard) })
  }

  /** Nothing of it acts any more. */
  stop(): void {
    for (const member of this.alive) member.crash()
  }
}

const FATES: Readonly<Record<Fate, string>> = {
  refuse: 'append refused',
  'lose-reply': 'reply lost',
  'lose-request': 'request lost',
  late: 'append under way',
}
