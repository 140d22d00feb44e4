/** A command or report that was handed to a member: what was asked, and what became of it. */
import type { Command } from '../../src/core/commands.ts'
import type { Event } from '../../src/core/events.ts'
import type { RejectionCode } from '../../src/core/rejections.ts'
import type { Report } from '../../src/core/reports.ts'
import type { Input } from './inputs.ts'
import type { Ask } from './spec.ts'
import type { Finished } from './world.ts'

/** What the caller was told. */
export type Answer =
  | { readonly kind: 'none' }
  /** Decided: these are its events. */
  | { readonly kind: 'events'; readonly events: readonly Event[] }
  /** It was certainly not decided. */
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unknown'; readonly error: string }

export interface Submission {
  /** They are counted as they come. */
  readonly number: number
  /** Unique; a command carries it as its actor. */
  readonly tag: string
  readonly partition: number
  readonly member: string
  readonly command: Command | null
  readonly report: Report | null
  /** What it may have been decided as. */
  readonly inputs: () => readonly Input[]
  answer: Answer
  /** Where the log has it. */
  decided: Place | null
}

export type Place = Pick<Event, 'epoch' | 'seq' | 'index'>

/** Where its events stand: the first that names its command, for what was due may come before. */
export function placeOf(events: readonly Event[]): Place | null {
  const event = events.find((one) => 'actor' in one && one.actor !== null) ?? events[0]
  return event === undefined ? null : { epoch: event.epoch, seq: event.seq, index: event.index }
}

export function commandInputs(
  command: Command,
  { ask, refused }: { readonly ask: Ask; readonly refused: RejectionCode | null },
  kept: () => readonly (Finished | null)[],
): () => readonly Input[] {
  return () => kept().map((finished) => ({ kind: 'command', command, ask, refused, finished }) as const)
}

/** It may still come up on the log. */
export function isOutstanding(submission: Submission): boolean {
  return submission.decided === null && submission.answer.kind !== 'refused'
}
