/** What the model foretells: events, with the members that it is sure of. */
import { isDeepStrictEqual } from 'node:util'
import type { Command } from '../../src/core/commands.ts'
import type { Event, EventOf, EventType, Times } from '../../src/core/events.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'

export type Fact = { readonly [T in EventType]: { readonly type: T } & Partial<Omit<EventOf<T>, 'type'>> }[EventType]

/** When and where something is decided, and what its owner knows besides the log. */
export interface Moment {
  /** The owner's clock. */
  readonly now: number
  /** The stamp of the events. */
  readonly time: number
  readonly epoch: number
  readonly seq: number
  /** Of the first event. */
  readonly index: number
  /** When the owner was announced. */
  readonly since: number
  /** When the attempt was heard of last, by this owner. */
  readonly heardOf: (runId: string, attempt: number) => number
}

export function timesOf(times: readonly number[]): Times | null {
  const [first] = times
  const last = times.at(-1)
  if (first === undefined || last === undefined) return null
  return { first, last, count: times.length, listed: times.slice(0, 100) }
}

/** The members by which an event answers the command. */
export function by(command: Command): Pick<EventOf<'JobRemoved'>, 'commandId' | 'commandGiven' | 'actor'> {
  const { commandId, commandGiven, actor } = command
  return { commandId, commandGiven, actor }
}

export function rejected(command: Command, code: RejectionCode): Fact[] {
  return [{ type: 'CommandRejected', ...by(command), code }]
}

export function applied(command: Command, times: Times | null = null): Fact[] {
  return [{ type: 'CommandApplied', ...by(command), duplicate: false, times }]
}

/** Every member that the model is sure of is so. */
export function isAsForetold(fact: Fact, event: Event): boolean {
  return differences(fact, event).length === 0
}

export function differences(fact: Fact, event: Event): string[] {
  const actual = event as unknown as Readonly<Record<string, unknown>>
  return Object.entries(fact)
    .filter(([member, value]) => value !== undefined && !isDeepStrictEqual(actual[member], value))
    .map(([member, value]) => `${member} is ${JSON.stringify(actual[member])}, foretold ${JSON.stringify(value)}`)
}
