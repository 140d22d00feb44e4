/**
 * Decides one batch from the inbox over an overlay of the state. Nothing leaves this file but a plan; the inbox and the
 * state are as they were until the log has the batch.
 */
import type { Command } from '../core/commands.ts'
import type { Input } from '../core/decide.ts'
import { step, type StepContext } from '../core/engine.ts'
import type { Event } from '../core/events.ts'
import { MAX_BACKFILL, MAX_BATCH_EVENTS, MAX_PAUSE_RULES } from '../core/limits.ts'
import { Overlay, type State } from '../core/state.ts'
import { jobDue } from '../core/timers.ts'
import type { Inbox, Pending } from './inbox.ts'

export interface Answer {
  readonly pending: Pending
  readonly events: readonly Event[]
}

export interface Plan {
  readonly overlay: Overlay
  readonly events: readonly Event[]
  readonly answers: readonly Answer[]
  /** How many inputs of each kind it took. */
  readonly reports: number
  readonly timers: number
  readonly commands: number
}

export interface Deciding extends StepContext {
  readonly state: State
  readonly inbox: Inbox
  /** Timers count; false while the scheduler isn't started. */
  readonly firing: boolean
  /** At most so many inputs, so that a batch that came out too large can be decided again in parts. */
  readonly maxInputs: number
  /** What was found to have events that can't be written: it is refused instead. */
  readonly unwritable: { readonly pending: Pending; readonly why: string } | null
}

/** Events that the first pass leaves for others: reports first, but neither timers nor commands starve. */
const REPORT_SHARE = 600
const TIMER_SHARE = 850
/** The trailer. */
const RESERVED = 1

export const JOB_KEY = 'j:'
export const RUN_KEY = 'r:'
/** The timer of pauses by labels and of the schedule. */
export const PAUSES_KEY = 'p:'

export function jobKey(jobId: string): string {
  return JOB_KEY + jobId
}

export function runKey(runId: string): string {
  return RUN_KEY + runId
}

function timerInput(key: string): Input {
  if (key === PAUSES_KEY) return { kind: 'pauses-due' }
  const id = key.slice(JOB_KEY.length)
  return key.startsWith(JOB_KEY) ? { kind: 'job-due', jobId: id } : { kind: 'run-due', runId: id }
}

export function planBatch(deciding: Deciding): Plan {
  const { inbox } = deciding
  const batch = new Batch(deciding)
  for (const [reports, timers, commands] of [
    [REPORT_SHARE, TIMER_SHARE, MAX_BATCH_EVENTS],
    [MAX_BATCH_EVENTS, MAX_BATCH_EVENTS, 0],
  ] as const) {
    while (batch.reports < inbox.reports.length && batch.takePending(inbox.reports.at(batch.reports), reports))
      batch.reports += 1
    while (batch.timers < inbox.timers.length && batch.takeTimer(inbox.timers.at(batch.timers), timers))
      batch.timers += 1
    while (batch.commands < inbox.commands.length && batch.takePending(inbox.commands.at(batch.commands), commands)) {
      batch.commands += 1
    }
  }
  if (deciding.firing) batch.fireChanged()
  return batch
}

/** Each command has exactly one outcome (I4), and it may take several decisions until then. */
function isAnswered(input: Input, events: readonly Event[]): boolean {
  if (input.kind !== 'command' || events.length === 0) return true
  return events.some((event) => 'commandId' in event && event.commandId !== null)
}

function refusalOf(input: Input, why: string): Input {
  return input.kind === 'command' || input.kind === 'report' ? { kind: 'unwritable', input, why } : input
}

class Batch implements Plan {
  readonly overlay: Overlay
  readonly events: Event[] = []
  readonly answers: Answer[] = []
  reports = 0
  timers = 0
  commands = 0
  readonly #deciding: Deciding

  constructor(deciding: Deciding) {
    this.#deciding = deciding
    this.overlay = new Overlay(deciding.state)
  }

  takePending(pending: Pending | undefined, share: number): boolean {
    if (pending === undefined || !this.#fits(pending.input, share)) return false
    const { unwritable } = this.#deciding
    const input = pending === unwritable?.pending ? refusalOf(pending.input, unwritable.why) : pending.input
    const events = this.#step(input)
    // More came due before what it changes than one decision looks at: it has its turn in the next batch.
    if (!isAnswered(input, events)) return false
    this.answers.push({ pending, events })
    return true
  }

  takeTimer(key: string | undefined, share: number): boolean {
    if (key === undefined) return false
    const input = timerInput(key)
    if (!this.#fits(input, share)) return false
    this.#step(input)
    return true
  }

  /** A job that this batch added may be due already: its fire rides along. */
  fireChanged(): void {
    for (const jobId of [...this.overlay.changedJobs()]) {
      const job = this.overlay.job(jobId)
      if (job === undefined) continue
      const due = jobDue(this.overlay, job)
      const input: Input = { kind: 'job-due', jobId }
      if (due !== null && due <= this.#deciding.now && this.#fits(input, MAX_BATCH_EVENTS)) this.#step(input)
    }
  }

  #step(input: Input): Event[] {
    return step(this.overlay, input, this.#deciding, this.events)
  }

  #fits(input: Input, share: number): boolean {
    const taken = this.reports + this.timers + this.commands
    if (taken >= this.#deciding.maxInputs || this.events.length >= share) return false
    // The first always fits: each decision keeps to the limit by itself.
    if (taken === 0 && this.events.length === 0) return true
    return this.events.length + this.#mostEvents(input) + RESERVED <= MAX_BATCH_EVENTS
  }

  /** No decision makes more events than this. */
  #mostEvents(input: Input): number {
    switch (input.kind) {
      case 'job-due':
        return FEW_EVENTS + this.#catchUp(input.jobId) + this.#displaced(input.jobId)
      case 'command':
        return FEW_EVENTS + this.#ofCommand(input.command)
      case 'pauses-due':
        return FEW_EVENTS + MAX_PAUSE_RULES
      default:
        return FEW_EVENTS
    }
  }

  #ofCommand(command: Command): number {
    switch (command.type) {
      case 'RemoveJob':
        return this.overlay.job(command.jobId)?.openRuns.length ?? 0
      case 'BackfillJob':
        return command.dryRun ? 0 : MAX_BACKFILL
      case 'RunJob':
      case 'RetryRun':
        return this.#displaced(command.jobId)
      case 'AddJob':
      case 'ModifyJob':
      case 'RescheduleJob':
        // What came due before the change.
        return this.#catchUp(command.jobId) + this.#displaced(command.jobId)
      default:
        return 0
    }
  }

  #catchUp(jobId: string): number {
    const definition = this.overlay.job(jobId)?.definition
    return definition?.coalesce === 'all' ? definition.maxCatchUp : 0
  }

  /** Runs that a new one may cancel. */
  #displaced(jobId: string): number {
    const job = this.overlay.job(jobId)
    return job?.definition.overlap === 'cancel-running' ? job.openRuns.length : 0
  }
}

const FEW_EVENTS = 4
