/**
 * The answers of a partition to commands: each command has exactly one, and it stands in one batch. An answer is the
 * events of the effect, or one CommandApplied, CommandRejected or CommandForwarded.
 */
import type { Answer, CausedBy, LogEvent, Place, Placed, Stamp } from './events.ts'
import type { Report } from './report.ts'

interface Answered {
  readonly time: number
  readonly given: boolean
}

interface InBatch {
  /** Places of the different kinds of answer. */
  readonly answers: Place[]
  effects: number
  /** Effects that one command has only once. */
  primaries: number
  given: boolean
  time: number
}

/** A given id is remembered for so long; the same id later is another command. */
const MEMORY_MS = 3_600_000

type OfCommand = Placed & { readonly event: Stamp & CausedBy & { readonly commandId: string } }

export class CommandLedger {
  readonly #report: Report
  readonly #answered = new Map<string, Answered>()
  /** Given ids that were rejected: they are not remembered, and a copy is decided anew. */
  readonly #rejected = new Set<string>()

  constructor(report: Report) {
    this.#report = report
  }

  has(commandId: string): boolean {
    return this.#answered.has(commandId) || this.#rejected.has(commandId)
  }

  batch(events: readonly Placed[]): void {
    let byCommand: Map<string, InBatch> | undefined
    for (const placed of events) {
      if (!isOfCommand(placed)) continue
      byCommand ??= new Map()
      this.#take(placed, byCommand)
    }
    for (const [commandId, found] of byCommand ?? []) this.#judge(commandId, found)
  }

  #take({ event, place }: OfCommand, byCommand: Map<string, InBatch>): void {
    const { commandId, commandGiven, time } = event
    let found = byCommand.get(commandId)
    const isAnswer = event.type.startsWith('Command')
    if (isAnswer && (event as Answer).duplicate === true) {
      this.#report.duplicates += 1
      if (found === undefined && !this.#answered.has(commandId)) {
        this.#report.violate('second-answer', place, `command ${commandId} is called a duplicate, but it is the first`)
      }
      return
    }
    if (event.type === 'CommandRejected' && commandGiven) {
      this.#refused(commandId, time, found !== undefined, place)
      return
    }
    if (found === undefined) {
      found = { answers: [], effects: 0, primaries: 0, given: commandGiven, time }
      byCommand.set(commandId, found)
    }
    if (isAnswer || found.effects === 0) found.answers.push(place)
    if (isAnswer) return
    found.effects += 1
    if (isOneOfMany(event)) return
    found.primaries += 1
    if (found.primaries === 2) {
      this.#report.violate('second-answer', place, `command ${commandId} has its effect twice: ${event.type}`)
    }
  }

  #refused(commandId: string, time: number, inBatch: boolean, place: Place): void {
    this.#report.answers += 1
    this.#rejected.add(commandId)
    const before = this.#answered.get(commandId)
    const isRemembered = before !== undefined && before.given && time - before.time <= MEMORY_MS
    if (!inBatch && !isRemembered) return
    this.#report.violate('second-answer', place, `command ${commandId} is rejected after it was answered`)
  }

  #judge(commandId: string, { answers, given, time }: InBatch): void {
    const [place = null] = answers
    this.#report.answers += 1
    if (answers.length > 1) {
      const text = `command ${commandId} has ${answers.length} answers in one batch`
      this.#report.violate('second-answer', answers[1] ?? null, text)
    }
    const before = this.#answered.get(commandId)
    if (before !== undefined && !(given && before.given && time - before.time > MEMORY_MS)) {
      this.#report.violate('second-answer', place, `command ${commandId} was answered before`)
    }
    this.#answered.set(commandId, { time, given })
  }
}

/** One command may end several runs, and a backfill makes several. */
function isOneOfMany(event: LogEvent): boolean {
  return event.type === 'RunCancelled' || (event.type === 'RunQueued' && event.cause !== 'run-now')
}

function isOfCommand(placed: Placed): placed is OfCommand {
  return 'commandId' in placed.event && placed.event.commandId !== null
}
