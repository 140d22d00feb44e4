/**
 * One partition of an executor's topic of runs while it is assigned to this process: its records in, what is done out.
 *
 * starting (asks where the group goes on) → reading → stopped
 *
 * Boundary: it decides which records are runs to hand over; attempts and copies are the group's.
 * Invariants:
 * 1. A record is done when its attempt is settled or it is dropped; below the position to commit every record is done.
 * 2. A record of an epoch that a later owner of the same home partition had overtaken at a lower offset is dropped.
 * 3. What can't be read is told and dropped: it never stops the partition.
 * 4. When it is assigned anew it begins with nothing: another object.
 */
import type { Clock } from '../../ports/clock.ts'
import type { RunRequest } from '../../ports/dispatcher.ts'
import {
  type EventLog,
  LogError,
  type Membership,
  type StoredRecord,
  type TopicPartition,
} from '../../ports/event-log.ts'
import type { RunCodec } from '../../ports/run-codec.ts'
import type { Logger } from '../../ports/telemetry.ts'
import { REMEMBERED } from '../final-reports.ts'
import { OpenOffsets } from './open-offsets.ts'
import { RETRY_MS, TopicReader } from './topic-reader.ts'

export interface RunsPartitionOptions {
  readonly log: EventLog
  readonly codec: RunCodec
  readonly clock: Clock
  readonly logger: Logger
  readonly executor: string
  readonly partition: number
  readonly membership: Promise<Membership>
  /** Records from the first that isn't done that it may have now. */
  readonly maxSpan: () => number
  /** The executor has room for another attempt. */
  readonly hasRoom: () => boolean
  /** `done` says that the attempt is settled. */
  readonly handOver: (run: RunRequest, done: () => void) => void
  /** The watermark may have risen. */
  readonly advanced: () => void
}

/** Records that aren't done, while their attempts wait, run or have reports to send: so many a partition holds at most. */
const MAX_OPEN = 1_000
/** Records from the first that isn't done. A crash repeats so many runs at most, and a run of hours holds up nothing before. */
const MAX_SPAN = 10_000
/** However many partitions there are, so many runs go past one of hours. */
const MIN_SPAN = 100

/**
 * What each of so many partitions may have. Together they have no more than the process remembers of attempts that ended, so
 * that it knows the copies of all that it reads again when a partition comes back; beyond 1,000 partitions they may.
 */
export function spanAmong(partitions: number): number {
  return Math.min(MAX_SPAN, Math.max(MIN_SPAN, Math.floor(REMEMBERED / partitions)))
}

export class RunsPartition {
  readonly #options: RunsPartitionOptions
  readonly #place: TopicPartition
  readonly #reader: TopicReader
  /** null while it isn't known where the group goes on. */
  #offsets: OpenOffsets | null = null
  /** What the group knows. */
  #committed: number | null = null
  /** The highest epoch seen of each home partition. */
  readonly #epochs = new Map<number, number>()
  /** Records below may have begun in another process. */
  #againBelow = 0
  #stopped = false
  #cancelRetry = (): void => {}

  constructor(options: RunsPartitionOptions) {
    this.#options = options
    const { log, clock, logger, executor, partition } = options
    this.#place = { topic: topicOf(executor), partition }
    this.#reader = new TopicReader({
      log,
      place: this.#place,
      clock,
      logger,
      hasRoom: () => this.#hasRoom,
      take: (record) => this.#take(record),
      moved: (to) => this.#beginAt(to),
    })
  }

  /** Where the group should go on from; null when that is known to it, or not known here. */
  get uncommitted(): number | null {
    const watermark = this.#offsets?.watermark ?? null
    return watermark === this.#committed ? null : watermark
  }

  committed(position: number): void {
    this.#committed = position
  }

  start(): void {
    void this.#start()
  }

  /** There may be room. */
  wake(): void {
    if (this.#offsets !== null) this.#reader.wake()
  }

  /** Takes nothing more. What is open may still be done. */
  stop(): void {
    this.#stopped = true
    this.#cancelRetry()
    this.#reader.stop()
  }

  get #hasRoom(): boolean {
    const offsets = this.#offsets
    const { maxSpan, hasRoom } = this.#options
    return offsets !== null && offsets.count < MAX_OPEN && offsets.span < maxSpan() && hasRoom()
  }

  async #start(): Promise<void> {
    const { log, membership, partition, clock, logger } = this.#options
    try {
      const committed = await (await membership).committed(partition)
      const end = await log.end(this.#place)
      if (this.#stopped) return
      const from = committed ?? 0
      this.#committed = from
      this.#againBelow = Math.min(end, from + MAX_SPAN)
      this.#beginAt(from)
      this.#reader.start(from)
    } catch (err) {
      if (this.#stopped || (err instanceof LogError && err.code === 'closed')) return
      logger.warn({ ...this.#place, err }, 'the position of a group could not be read, and is asked for again')
      this.#cancelRetry = clock.schedule(clock.now() + RETRY_MS, () => this.start())
    }
  }

  #beginAt(offset: number): void {
    this.#offsets = new OpenOffsets(offset)
    this.#epochs.clear()
  }

  #take(record: StoredRecord): void {
    const { codec, executor, log, logger, handOver } = this.#options
    const { offset } = record
    const offsets = this.#offsets!
    const done = (): void => {
      offsets.done(offset)
      this.#options.advanced()
    }
    offsets.add(offset)
    const reading = codec.readRun(record, executor)
    if (reading.kind === 'unreadable') return this.#dropUnreadable(offset, reading.why, done)
    const { run } = reading
    if (run.partition >= log.partitions) {
      return this.#dropUnreadable(offset, `horolog-partition: there is no partition ${run.partition}`, done)
    }
    if (run.epoch < (this.#epochs.get(run.partition) ?? 0)) {
      const { runId, attempt, epoch } = run
      logger.debug({ ...this.#place, offset, runId, attempt, epoch }, 'a run of an overtaken owner was dropped')
      return done()
    }
    this.#epochs.set(run.partition, run.epoch)
    handOver({ ...run, again: offset < this.#againBelow }, done)
  }

  #dropUnreadable(offset: number, why: string, done: () => void): void {
    this.#options.logger.warn({ ...this.#place, offset, why }, 'a record is no run')
    done()
  }
}

export function topicOf(executor: string): string {
  return `runs.${executor}`
}
