/**
 * An outsider who reads one partition's events as they come, and holds each accepted batch against the model and the
 * invariants. It has nothing of a node: its state is the fold of the log and nothing else.
 */
import type { Event } from '../../src/core/events.ts'
import { PartitionFold } from '../../src/materializer/partition-fold.ts'
import type { Verdict } from '../../src/materializer/reader.ts'
import type { EventCodec } from '../../src/ports/event-codec.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { effectsAskedBy, type Expected } from './effects.ts'
import { type Explained, explain } from './explain.ts'
import { Invariants } from './invariants.ts'
import { attemptKey } from './member.ts'
import { isOutstanding, placeOf, type Submission } from './submission.ts'
import { World } from './world.ts'

/** What is known of a batch from its sending. */
export interface Sending {
  readonly member: string
  /** The sender's clock at the first attempt, by which it was decided. */
  readonly now: number
  /** The last submission until then. */
  readonly through: number
  /** When attempts were heard of until then. */
  readonly heard: ReadonlyMap<string, number>
}

export interface ObserverOptions extends Folding {
  /** By `sendingKey`. */
  readonly sendings: ReadonlyMap<string, Sending>
  readonly steps: readonly number[]
  readonly explained: (batch: readonly Explained[], moment: { readonly now: number; readonly time: number }) => void
  readonly announced: (world: World) => void
  readonly refused: (verdict: Verdict) => void
}

export function sendingKey(owner: Uint8Array, seq: number): string {
  return `${Buffer.from(owner).toString('hex')}/${seq}`
}

export class Observer {
  readonly fold: PartitionFold
  world = new World()
  /** When the present owner was announced. */
  since = 0
  /** Of the present owner's batches, until they are seen to have happened. */
  expected: readonly Expected[] = []
  /** Attempts that ran when the present owner was announced. */
  inherited: ReadonlySet<string> = new Set()
  /** Attempts that some accepted event made dispatchable. */
  readonly attempts = new Set<string>()
  readonly grants = new Set<string>()
  readonly #options: ObserverOptions
  readonly #invariants = new Invariants()
  #news: (readonly Event[])[] = []

  constructor(options: ObserverOptions) {
    this.#options = options
    this.fold = foldOf(options, (events) => this.#news.push(events), options.refused)
  }

  /** Reads on, and explains what it reads. */
  async observe(submissions: readonly Submission[]): Promise<void> {
    await this.fold.foldToEnd()
    const news = this.#news
    this.#news = []
    for (const batch of news) {
      this.#invariants.see(batch)
      const [first] = batch
      if (first?.type === 'OwnerAnnounced') this.#announced(first.time)
      else this.#committed(batch, submissions)
    }
  }

  /** What was changed since the last call. */
  takeTouched(): string[] {
    const touched = [...this.world.touched]
    this.world.touched.clear()
    return touched
  }

  #announced(time: number): void {
    this.#options.announced(this.world)
    this.since = time
    this.world.lastTime = Math.max(this.world.lastTime, time)
    this.expected = []
    const running = [...this.world.runs.values()].filter((run) => run.status === 'running')
    this.inherited = new Set(running.map((run) => attemptKey(run.id, run.attempt)))
  }

  #committed(batch: readonly Event[], submissions: readonly Submission[]): void {
    const trailer = batch.at(-1)
    if (trailer?.type !== 'BatchCommitted') throw new Error('an accepted batch has no trailer')
    const { epoch, seq, owner } = trailer
    const sending = this.#options.sendings.get(sendingKey(owner, seq))
    if (sending === undefined) throw new Error(`nobody sent batch (${epoch}, ${seq})`)
    const { member, now, through, heard } = sending
    const heardOf = (runId: string, attempt: number): number => heard.get(attemptKey(runId, attempt)) ?? 0
    const moment = { now, time: Math.max(this.world.lastTime, now), epoch, seq, since: this.since, heardOf }
    const { partition, steps } = this.#options
    const outstanding = submissions.filter(
      (one) => one.partition === partition && one.member === member && one.number <= through && isOutstanding(one),
    )
    const { world, explained } = explain(
      this.world,
      { epoch, seq, events: batch.slice(0, -1) },
      { moment, outstanding, steps },
    )
    if (trailer.time !== world.lastTime) throw new Error(`the trailer of (${epoch}, ${seq}) has another time`)
    this.world = world
    for (const one of explained) this.#note(one)
    this.#options.explained(explained, moment)
  }

  #note(explained: Explained): void {
    const { submission, events } = explained
    if (submission !== null) submission.decided = placeOf(events)
    for (const run of this.world.runs.values()) {
      if (run.status !== 'waiting') this.attempts.add(attemptKey(run.id, run.attempt))
    }
    for (const event of events) {
      // A run that was let in and is over in the same batch.
      if ('attempt' in event && event.attempt !== null && event.type !== 'ReportIgnored')
        this.attempts.add(attemptKey(String(event.runId), event.attempt))
      if (event.type === 'RunGranted') this.grants.add(`${attemptKey(event.runId, event.attempt)} ${event.executor}`)
    }
    this.expected = [...this.expected, ...events.flatMap((event) => effectsAskedBy(event, explained.input))]
  }
}

export interface Folding {
  readonly partition: number
  readonly log: EventLog
  readonly codec: EventCodec
}

export function foldOf(
  { partition, log, codec }: Folding,
  accepted: (events: readonly Event[]) => void = () => {},
  refused: (verdict: Verdict) => void = () => {},
): PartitionFold {
  return new PartitionFold({
    log,
    codec,
    topicPartition: { topic: 'events', partition },
    singleWriter: false,
    accepted: (events) => accepted(events.map(({ event }) => event)),
    refused: (_record, verdict) => refused(verdict),
  })
}
