/**
 * Commands by way of their topic: produced, and answered by the events of whoever owns the partition.
 *
 * Boundary: it is told of accepted events by the one who follows the log; it reads nothing itself.
 * Invariant: a command is given an id before it is produced, so a copy of it is answered as a duplicate.
 */
import { jobIdOfCommand } from '../core/answers.ts'
import type { Command } from '../core/commands.ts'
import type { Event } from '../core/events.ts'
import { partitionOf } from '../core/partition.ts'
import type { Clock } from '../ports/clock.ts'
import { LogError } from '../ports/event-log.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Outbox } from '../ports/outbox.ts'
import type { Logger } from '../ports/telemetry.ts'

export interface CommandSenderOptions {
  readonly outbox: Outbox
  readonly clock: Clock
  readonly partitions: number
  /** Throws TypeError, naming the member, when the command doesn't fit the wire, and RangeError when it is too large. */
  readonly encode: (command: Command) => Uint8Array
  readonly logger: Logger
  /** How long a command waits for its answer. Default 60 s: by then an owner that was lost has long been replaced. */
  readonly answerMs?: number
}

interface Waiting {
  readonly resolve: (events: readonly Event[]) => void
  readonly reject: (error: Error) => void
  readonly cancel: () => void
}

const ANSWER_MS = 60_000
/** Then whoever waits is told why: a fail-over takes longer, so it says no more than that. */
const SLOW_MS = 3_000

export class CommandSender {
  readonly #options: CommandSenderOptions
  readonly #waiting = new Map<string, Waiting>()
  /** What whoever asks is told from now on; null: it is open. */
  #closed: OperationalError | null = null
  /** It was said that nobody answers; the next answer takes it back. */
  #isSlow = false

  constructor(options: CommandSenderOptions) {
    this.#options = options
  }

  /** The command's events; without a job id, those of all partitions. Rejects with an `OperationalError`. */
  async submit(command: Command): Promise<readonly Event[]> {
    const { partitions } = this.#options
    const value = this.#encoded({ ...command, commandGiven: true })
    const jobId = jobIdOfCommand(command)
    if (jobId !== null) return this.#ask(partitionOf(jobId, partitions), jobId, command.commandId, value)
    const all = Array.from({ length: partitions }, (_, partition) =>
      this.#ask(partition, null, command.commandId, value),
    )
    return (await Promise.all(all)).flat()
  }

  /** Called for every accepted batch, in the order of the log. */
  accepted(partition: number, events: readonly { readonly event: Event }[]): void {
    if (this.#waiting.size === 0) return
    const answers = new Map<string, Event[]>()
    for (const { event } of events) {
      if (!('commandId' in event) || event.commandId === null) continue
      const key = keyOf(partition, event.commandId)
      if (this.#waiting.has(key)) answers.set(key, [...(answers.get(key) ?? []), event])
    }
    if (answers.size > 0) this.#isSlow = false
    for (const [key, answer] of answers) this.#settle(key)?.resolve(answer)
  }

  /** Nobody will hear of the answers: those who wait are told so. */
  close(): void {
    this.#closed = new OperationalError('closed', 'the scheduler is shut down')
    this.#rejectAll(new OperationalError('closed', 'the scheduler was shut down before the command was answered'))
  }

  /** As `close`, because the log can't be followed any more. */
  fail(cause: Error): void {
    this.#closed ??= new OperationalError('log-failed', `the log is not followed any more: ${cause.message}`, { cause })
    const message = `the log is not followed any more, and the command may be done yet: ${cause.message}`
    this.#rejectAll(new OperationalError('unknown-outcome', message, { cause }))
  }

  #rejectAll(error: OperationalError): void {
    for (const key of this.#waiting.keys()) this.#settle(key)?.reject(error)
  }

  #encoded(command: Command): Uint8Array {
    try {
      return this.#options.encode(command)
    } catch (error) {
      const isItsFault = error instanceof TypeError || error instanceof RangeError
      throw isItsFault ? new OperationalError('invalid-option', error.message, { cause: error }) : error
    }
  }

  #ask(partition: number, key: string | null, commandId: string, value: Uint8Array): Promise<readonly Event[]> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const place = keyOf(partition, commandId)
    const answer = this.#wait(place, commandId)
    // Not awaited: whoever asks hears of the time-out also while the record can't leave.
    this.#options.outbox
      .send({ topic: 'commands', partition, key, value, headers: [] })
      .catch((error: unknown) => this.#settle(place)?.reject(notSent(error)))
    return answer
  }

  #wait(key: string, commandId: string): Promise<readonly Event[]> {
    const { clock, answerMs = ANSWER_MS } = this.#options
    return new Promise((resolve, reject) => {
      const late = (): void => {
        const message = `no owner answered the command ${commandId} within ${answerMs / 1_000} s: it may be done yet`
        this.#settle(key)?.reject(new OperationalError('unknown-outcome', message, { retryable: true }))
      }
      this.#settle(key)?.reject(new OperationalError('unknown-outcome', `the command ${commandId} was asked again`))
      const now = clock.now()
      const timers = [clock.schedule(now + answerMs, late)]
      if (answerMs > SLOW_MS) timers.push(clock.schedule(now + SLOW_MS, () => this.#slow()))
      this.#waiting.set(key, { resolve, reject, cancel: () => timers.forEach((cancel) => cancel()) })
    })
  }

  /** Once, however many commands wait. */
  #slow(): void {
    if (!this.#isSlow) this.#options.logger.warn({}, "no owner has answered yet: is 'horolog serve' running?")
    this.#isSlow = true
  }

  #settle(key: string): Waiting | undefined {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    waiting?.cancel()
    return waiting
  }
}

function keyOf(partition: number, commandId: string): string {
  return `${partition} ${commandId}`
}

function notSent(error: unknown): OperationalError {
  const cause = error instanceof Error ? error : new Error(String(error))
  const code = cause instanceof LogError && cause.code === 'closed' ? 'closed' : 'log-failed'
  return new OperationalError(code, `the command could not be produced: ${cause.message}`, { cause })
}
