/**
 * I4: a command has one answer. Its effects stand in one batch; CommandApplied, CommandRejected and CommandForwarded stand
 * alone; a repetition of an id that its client gave is answered as one, for as long as ids are remembered.
 */
import type { Event } from '../core/events.ts'
import { COMMAND_MEMORY_MS, MAX_COMMANDS_REMEMBERED } from '../core/limits.ts'
import type { AcceptedEvent } from '../materializer/reader.ts'
import type { Complain } from './problem.ts'

type Answer = Extract<Event, { readonly commandId: string | null }>

export class AnswerCheck {
  /** Answers, repetitions counted. */
  commands = 0
  readonly #complain: Complain
  /** Given ids that were answered, oldest first, with the time of the answer. */
  readonly #given = new Map<string, number>()

  constructor(complain: Complain) {
    this.#complain = complain
  }

  take(events: readonly AcceptedEvent[]): void {
    const ofBatch = new Map<string, AcceptedEvent[]>()
    for (const accepted of events) {
      const { event, offset } = accepted
      if (!isAnswer(event) || event.commandId === null) continue
      if (event.type === 'CommandRejected' && event.commandGiven) this.#refused(event, offset, ofBatch)
      else if (event.type === 'CommandApplied' && event.duplicate) this.#repeated(event, offset, ofBatch)
      else ofBatch.set(event.commandId, [...(ofBatch.get(event.commandId) ?? []), accepted])
    }
    for (const [commandId, answers] of ofBatch) this.#answered(commandId, answers)
  }

  /** Ids of rejected commands are not remembered: a copy is decided anew, and may be rejected again, or applied. */
  #refused(event: Answer, offset: number, ofBatch: ReadonlyMap<string, unknown>): void {
    this.commands += 1
    const { commandId, time } = event
    const before = commandId === null ? undefined : this.#given.get(commandId)
    const isRemembered = before !== undefined && before > time - COMMAND_MEMORY_MS
    if (commandId === null || (!isRemembered && !ofBatch.has(commandId))) return
    this.#complain(offset, 'I4', `command ${commandId} is rejected after it was answered`)
  }

  #repeated(event: Answer, offset: number, ofBatch: ReadonlyMap<string, unknown>): void {
    this.commands += 1
    const { commandId } = event
    if (commandId === null || this.#given.has(commandId) || ofBatch.has(commandId)) return
    this.#complain(offset, 'I4', `command ${commandId} is answered as a repetition, and nothing before it has that id`)
  }

  #answered(commandId: string, answers: readonly AcceptedEvent[]): void {
    this.commands += 1
    const [first] = answers
    if (first === undefined || !isAnswer(first.event)) return
    const kinds = answers.map(
      ({ event }) => `${event.type} ${'jobId' in event ? event.jobId : ''} ${'runId' in event ? event.runId : ''}`,
    )
    const alone = answers.some(({ event }) => ALONE.has(event.type))
    if ((alone && answers.length > 1) || new Set(kinds).size < kinds.length) {
      this.#complain(
        answers.at(-1)?.offset ?? first.offset,
        'I4',
        `command ${commandId} has ${answers.length} answers in one batch`,
      )
    }
    if (!first.event.commandGiven) return
    const { time } = first.event
    const before = this.#given.get(commandId)
    if (before !== undefined && before > time - COMMAND_MEMORY_MS) {
      this.#complain(first.offset, 'I4', `command ${commandId} is answered a second time`)
    }
    this.#remember(commandId, time)
  }

  #remember(commandId: string, time: number): void {
    this.#given.delete(commandId)
    this.#given.set(commandId, time)
    for (const [id, at] of this.#given) {
      if (at > time - KEPT_MS && this.#given.size <= MAX_COMMANDS_REMEMBERED) break
      this.#given.delete(id)
    }
  }
}

/** The owner forgets only when it remembers another id, so its memory may be longer than an hour: repetitions are known for a day. */
const KEPT_MS = 24 * COMMAND_MEMORY_MS

const ALONE: ReadonlySet<string> = new Set(['CommandApplied', 'CommandRejected', 'CommandForwarded'])

function isAnswer(event: Event): event is Answer {
  return 'commandId' in event
}
