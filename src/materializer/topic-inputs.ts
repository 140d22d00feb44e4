/**
 * Feeds the inbox of an owned partition from its commands and reports topics.
 *
 * Boundary: reads and pushes; the positions that count are those of the accepted trailers, so what was pushed and not
 * decided is read again by the next owner.
 * Invariants:
 * 1. Records are pushed in offset order, each once, from the position that the owner was given.
 * 2. Nothing is skipped in silence: what can't be read, is of another partition or is there no more is pushed as such.
 * 3. Commands wait while the inbox is full; reports, cancels and pauses of others then wait no longer than a batch.
 */
import { jobIdOfCommand } from '../core/answers.ts'
import type { Command, CommandEnvelope } from '../core/commands.ts'
import type { Input } from '../core/decide.ts'
import type { InputTopic } from '../core/effects.ts'
import { COMMAND_MEMORY_MS } from '../core/limits.ts'
import { shown } from '../core/job/check.ts'
import { partitionOf } from '../core/partition.ts'
import { reject, type Rejection } from '../core/rejections.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { StoredRecord } from '../ports/event-log.ts'
import type { CommandReading, InputCodec, InputRecord } from '../ports/input-codec.ts'
import type { RunTokens } from '../ports/run-tokens.ts'
import type { Inbox, InputPlace, Pending } from './inbox.ts'
import { sizeOf, TopicFeed, type TopicFeedOptions } from './topic-feed.ts'
import { WrongTokens } from './wrong-tokens.ts'

export interface TopicInputsOptions extends TopicFeedOptions {
  readonly codec: InputCodec
  /** Topics on which an answer may be asked for. */
  readonly mayReply: (topic: string) => boolean
  /** What reports have to show; null: nothing. */
  readonly tokens: RunTokens | null
  /** What is kept of a run that is over. */
  readonly finishedRun: (jobId: string, runId: string) => Promise<FinishedRun | null>
  readonly push: (pending: Pending) => void
}

/** How far the partition is with its topics. */
interface Positions {
  /** Offset of the last record that was handled, −1 before the first. */
  readonly commands: number
  readonly reports: number
  /** When the input at this position was decided, epoch ms. */
  readonly decidedAt: (topic: InputTopic, through: number) => Promise<number>
}

export class TopicInputs {
  readonly #options: TopicInputsOptions
  readonly #feeds: readonly TopicFeed[]
  readonly #wrongTokens: WrongTokens
  #stopped = false

  constructor(options: TopicInputsOptions, positions: Positions) {
    this.#options = options
    this.#wrongTokens = new WrongTokens(options)
    const feed = (topic: InputTopic, through: number): TopicFeed =>
      new TopicFeed(options, {
        topic,
        from: through + 1,
        decidedAt: () => positions.decidedAt(topic, through),
        take: (record) => this.#take(topic, record),
        lost: ({ from, to, next }) =>
          this.#push({ input: { kind: 'input-lost', topic, from, to } }, { topic, offset: next - 1 }),
      })
    this.#feeds = [feed('reports', positions.reports), feed('commands', positions.commands)]
  }

  start(): void {
    for (const feed of this.#feeds) feed.start()
  }

  /** Pushes nothing more. */
  stop(): void {
    this.#stopped = true
    for (const feed of this.#feeds) feed.stop()
  }

  /** Some of what waited is decided: reads on when there is room. */
  decided({ commands, reports }: Inbox): void {
    for (const feed of this.#feeds) {
      const queue = feed.topic === 'commands' ? commands : reports
      feed.waiting(queue.length, queue.bytes)
    }
  }

  async #take(topic: InputTopic, stored: StoredRecord): Promise<void> {
    const record = { ...stored, topic, partition: this.#options.partition }
    const pending = topic === 'commands' ? await this.#command(record) : await this.#report(record)
    // The inbox may be that of a later ownership by now.
    if (!this.#stopped) this.#push(pending, { topic, offset: stored.offset, bytes: sizeOf(stored) })
  }

  #push(pending: Pick<Pending, 'input' | 'replyTo'>, place: InputPlace): void {
    this.#options.push({ ...pending, place, resolve: () => {}, reject: () => {} })
  }

  async #command(record: InputRecord): Promise<Pick<Pending, 'input' | 'replyTo'>> {
    const reading = await this.#options.codec.command(record)
    const { replyTo } = reading
    if (replyTo !== null && !this.#options.mayReply(replyTo)) {
      const reason = `horolog-reply-to: expected a topic that is allowed, got ${shown(replyTo)}`
      return { input: refusal(reading, reject('topic-not-allowed', reason, 'horolog-reply-to')) }
    }
    if (reading.kind === 'rejected') return { replyTo, input: refusal(reading, reading.rejection) }
    return { replyTo, input: await this.#placed(reading) }
  }

  async #placed(reading: CommandReading & { kind: 'command' }): Promise<Input> {
    const { log, clock, partition, finishedRun } = this.#options
    const { command, forwardedAt } = reading
    const jobId = jobIdOfCommand(command)
    const home = jobId === null ? partition : partitionOf(jobId, log.partitions)
    if (jobId !== null && home !== partition) {
      if (forwardedAt === null)
        return { kind: 'misplaced-command', envelope: envelope(command), jobId, toPartition: home }
      const reason = `forwarded to partition ${partition}, the job is at home on ${home}`
      return refusal(reading, reject('malformed', reason))
    }
    if (forwardedAt !== null && clock.now() - forwardedAt >= COMMAND_MEMORY_MS) {
      const reason = `sent here at ${new Date(forwardedAt).toISOString()}: whether it was done is no longer known`
      return refusal(reading, reject('expired', reason))
    }
    if (command.type !== 'CancelRun' && command.type !== 'RetryRun') return { kind: 'command', command }
    return { kind: 'command', command, finishedRun: await finishedRun(command.jobId, command.runId) }
  }

  async #report(record: InputRecord): Promise<Pick<Pending, 'input'>> {
    const { codec, log, partition, tokens } = this.#options
    const { offset } = record
    const reading = await codec.report(record)
    if (reading.kind === 'unreadable') return { input: { kind: 'unreadable-report', offset, reason: reading.reason } }
    const { jobId, runId, attempt, token } = reading.report
    const home = partitionOf(jobId, log.partitions)
    if (home === partition) {
      const hasWrongToken = tokens !== null && !tokens.fits(token, runId, attempt)
      if (hasWrongToken) this.#wrongTokens.came(reading.report)
      return { input: { kind: 'report', report: reading.report, hasWrongToken } }
    }
    if (reading.forwardedAt === null) return { input: { kind: 'misplaced-report', offset, jobId, toPartition: home } }
    const reason = `forwarded to partition ${partition}, its job is at home on ${home}`
    return { input: { kind: 'unreadable-report', offset, reason } }
  }
}

function envelope({ commandId, commandGiven, actor, commandOffset }: Command): CommandEnvelope {
  return { commandId, commandGiven, actor, commandOffset }
}

function refusal(reading: CommandReading, rejection: Rejection): Input {
  if (reading.kind === 'rejected') {
    return { kind: 'unreadable-command', envelope: reading.envelope, jobId: reading.jobId, rejection }
  }
  const { command } = reading
  return { kind: 'unreadable-command', envelope: envelope(command), jobId: jobIdOfCommand(command), rejection }
}
