/**
 * Verifies one partition: folds it by the reader's rule from its first record, and passes what is accepted to the checks.
 *
 * Boundary: reads in pieces; keeps the state, the runs without an outcome, and the command ids of an hour.
 */
import { AssertionError } from '../core/assert.ts'
import { evolve } from '../core/evolve.ts'
import { assertDecision } from '../core/invariants.ts'
import { State } from '../core/state.ts'
import { createEventCodec } from '../codec/event-codec.ts'
import { type AcceptedEvent, Reader, type Verdict } from '../materializer/reader.ts'
import type { EventLog, StoredRecord } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Complain, Problem } from './problem.ts'
import { AnswerCheck } from './verify-answers.ts'
import { FireCheck } from './verify-fires.ts'
import { OrderCheck } from './verify-order.ts'
import { RunCheck } from './verify-runs.ts'

export interface VerifyCounts {
  readonly owners: number
  readonly batches: number
  /** Announcements and the ends of batches not counted. */
  readonly events: number
  readonly runs: number
  readonly outcomes: number
  /** Scheduled times with a decision: run, coalesced, skipped or missed. */
  readonly times: number
  readonly commands: number
}

export interface PartitionVerdict {
  readonly partition: number
  readonly records: number
  readonly ignored: number
  readonly dropped: number
  readonly jobs: number
  readonly counts: VerifyCounts
  readonly epoch: number
  readonly seq: number
  /** Hex: the hash over all that was accepted. */
  readonly chain: string
  readonly logId: string
  readonly problemCount: number
  /** The first ones. */
  readonly problems: readonly Problem[]
}

const READ_BYTES = 1024 * 1024
/** One broken batch breaks all behind it: more than these tell nothing. */
const MAX_PROBLEMS = 20

export interface VerifyOptions {
  /** Several may write to the log: records that the rule ignores, as a fenced owner's, are counted and no problem. */
  readonly isShared: boolean
}

/** Up to where the partition ends at the moment. Rejects with `LogError` `corrupt` where bytes are damaged. */
export async function verifyPartition(
  log: EventLog,
  partition: number,
  options: VerifyOptions = { isShared: false },
): Promise<PartitionVerdict> {
  const verifying = new Verifying(partition, options)
  const place = { topic: 'events', partition }
  const end = await log.end(place)
  let from = 0
  while (from < end && !verifying.stopped) {
    const { records, next } = await log.read(place, from, READ_BYTES)
    if (next === from) throw new OperationalError('log-failed', `events/${partition} offset ${from}: it can't be read`)
    from = next
    for (const record of records) {
      if (record.offset >= verifying.offset && record.offset < end && !verifying.stopped) verifying.take(record)
    }
  }
  return verifying.verdict()
}

class Verifying {
  stopped = false
  readonly #partition: number
  readonly #isShared: boolean
  readonly #reader = new Reader(createEventCodec())
  readonly #state = new State()
  readonly #problems: Problem[] = []
  #problemCount = 0
  #records = 0
  #ignored = 0
  #dropped = 0
  #events = 0
  /** First offset of the last batch whose history was right: what the next one contradicts lies at or behind it. */
  #trusted = 0
  /** First offset of the batch whose trailer has not come; null: none. */
  #waiting: number | null = null
  /** A batch was dropped, and with it all that its owner wrote behind it. */
  #broken = false
  readonly #order: OrderCheck
  readonly #answers: AnswerCheck
  readonly #fires: FireCheck
  readonly #runs: RunCheck

  constructor(partition: number, { isShared }: VerifyOptions) {
    this.#partition = partition
    this.#isShared = isShared
    const complain: Complain = (offset, rule, what) => this.#complain(offset, rule, what)
    this.#order = new OrderCheck(complain)
    this.#answers = new AnswerCheck(complain)
    this.#fires = new FireCheck(complain)
    this.#runs = new RunCheck(complain)
  }

  get offset(): number {
    return this.#reader.cursor.offset
  }

  take(record: StoredRecord): void {
    this.#records += 1
    const verdict = this.#read(record)
    if (verdict === null) return
    switch (verdict.kind) {
      case 'kept':
        this.#waiting ??= record.offset
        return
      case 'announced':
        this.#leftOver()
        this.#broken = false
        this.#accept([{ event: verdict.event, offset: verdict.offset }])
        return
      case 'accepted':
        this.#trusted = this.#waiting ?? record.offset
        this.#waiting = null
        this.#accept(verdict.events)
        return
      case 'ignored':
        this.#ignored += 1
        if (!this.#broken && !this.#isShared) this.#complain(record.offset, 'record', IGNORED[verdict.why])
        return
      case 'dropped':
        this.#dropped += 1
        this.#complainOfBatch(record.offset, verdict.why)
        this.#waiting = null
        this.#broken = true
    }
  }

  verdict(): PartitionVerdict {
    this.#leftOver()
    const { epoch, seq, chain, logId } = this.#reader.cursor
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    return {
      partition: this.#partition,
      records: this.#records,
      ignored: this.#ignored,
      dropped: this.#dropped,
      jobs: this.#state.jobCount,
      counts: {
        owners: this.#order.owners,
        batches: this.#order.batches,
        events: this.#events,
        runs: this.#runs.runs,
        outcomes: this.#runs.outcomes,
        times: this.#fires.times,
        commands: this.#answers.commands,
      },
      epoch,
      seq,
      chain: hex(chain),
      logId: hex(logId),
      problemCount: this.#problemCount,
      problems: this.#problems,
    }
  }

  /** null at an event of a later version: an older one must not fold past it. */
  #read(record: StoredRecord): Verdict | null {
    try {
      return this.#reader.take(record)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      this.stopped = true
      this.#complain(record.offset, 'record', error.message)
      return null
    }
  }

  #accept(events: readonly AcceptedEvent[]): void {
    this.#order.take(events)
    this.#answers.take(events)
    for (const { event, offset } of events) {
      if (event.type !== 'OwnerAnnounced' && event.type !== 'BatchCommitted') this.#events += 1
      const before = this.#problemCount
      this.#fires.take(event, offset)
      this.#runs.take(event, offset)
      if (before === this.#problemCount) this.#assert(event, offset)
      evolve(this.#state, event)
      if (event.type === 'JobsRemoved') {
        this.#runs.takeAllRemoved(event.cancelledRuns, (runId) => this.#state.run(runId) !== undefined, offset)
      }
    }
    // Finished runs are not asked for: they must not pile up.
    this.#state.takeRetired()
  }

  #assert(event: AcceptedEvent['event'], offset: number): void {
    try {
      assertDecision(this.#state, event)
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error
      const [, rule = 'engine', what = error.message] = /^(?:.*?)(I\d+): (.*)$/.exec(error.message) ?? []
      this.#complain(offset, rule, what)
    }
  }

  #complainOfBatch(offset: number, why: 'other-owner' | 'incomplete' | 'other-history'): void {
    if (why !== 'other-history') return this.#complain(offset, 'record', DROPPED[why])
    const what = `the batch that ends here was decided on another history: a record at offset ${this.#trusted} to ${offset} is not what was written`
    this.#complain(offset, 'chain', what)
  }

  /** Records that wait for a trailer which can no longer come. */
  #leftOver(): void {
    if (this.#waiting !== null) this.#complain(this.#waiting, 'record', 'a batch begins here and has no end')
    this.#waiting = null
  }

  #complain(offset: number, rule: string, what: string): void {
    this.#problemCount += 1
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ partition: this.#partition, offset, rule, what })
  }
}

const IGNORED = {
  foreign: 'it is not an event that can be read',
  'lower-epoch': 'it is of an owner that another has overtaken',
  'other-batch': 'it is not of the batch that follows',
} as const

const DROPPED = {
  'other-owner': 'its batch is of another owner',
  incomplete: 'its batch is not whole',
} as const
