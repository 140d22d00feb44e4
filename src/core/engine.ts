/** One step of a batch: decide, give the events their place, evolve over the draft. */
import { rejected } from './answers.ts'
import { AssertionError } from './assert.ts'
import type { Command } from './commands.ts'
import { decide, type Input } from './decide.ts'
import type { Decided, Event, Mark } from './events.ts'
import { evolve } from './evolve.ts'
import { assertDecision } from './invariants.ts'
import { triggerRejection } from './job/job-trigger.ts'
import type { JobSettings } from './job/resolve-definition.ts'
import type { Moment } from './moment.ts'
import { reject } from './rejections.ts'
import type { Draft } from './state.ts'
import type { Liveness } from './timers.ts'
import { bareCalendars } from './triggers/calendars.ts'
import { TriggerError } from './triggers/trigger-error.ts'

export interface StepContext {
  readonly batch: Mark
  /** The engine clock. */
  readonly now: number
  readonly liveness: Liveness
  readonly settings: JobSettings
}

/** Decides the input and appends its events to `into`, whose length is the index of the next event of the batch. */
export function step(draft: Draft, input: Input, context: StepContext, into: Event[]): Event[] {
  const { batch, now, liveness, settings } = context
  const { calendars = bareCalendars } = settings
  const time = Math.max(draft.lastTime, now)
  const moment = { epoch: batch.epoch, seq: batch.seq, index: into.length, time, now, liveness, calendars }
  const events: Event[] = []
  for (const decided of decideAny(draft, wellFormed(input), moment, settings)) {
    const event = { ...decided, epoch: batch.epoch, seq: batch.seq, index: into.length, time } as Event
    assertDecision(draft, event)
    evolve(draft, event)
    into.push(event)
    events.push(event)
  }
  return events
}

/** No record can hold a lone surrogate: what is decided, and so the state, is about the text that readers get. */
function wellFormed(input: Input): Input {
  if (input.kind === 'command') {
    const command = withWholeTexts(input.command)
    return command === input.command ? input : { ...input, command }
  }
  if (input.kind === 'report' && !input.report.executor.isWellFormed()) {
    return { ...input, report: { ...input.report, executor: input.report.executor.toWellFormed() } }
  }
  return input
}

function withWholeTexts(command: Command): Command {
  const broken = Object.entries(command).filter(([, member]) => typeof member === 'string' && !member.isWellFormed())
  if (broken.length === 0) return command
  return { ...command, ...Object.fromEntries(broken.map(([key, text]) => [key, String(text).toWellFormed()])) }
}

/** A command that no check foresaw must not stop its partition (I12): it is answered, and nothing has changed yet. */
function decideAny(draft: Draft, input: Input, moment: Moment, settings: JobSettings): Decided[] {
  try {
    return decide(draft, input, moment, settings)
  } catch (error) {
    if (input.kind !== 'command' || error instanceof AssertionError) throw error
    if (error instanceof TriggerError) return rejected(input.command, triggerRejection(error))
    return rejected(input.command, reject('malformed', `the command can't be read: ${String(error)}`))
  }
}
