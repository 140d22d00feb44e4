/**
 * What a campaign has met: how often each command was tried, and the situations that must come up in any campaign that
 * deserves the name. One that never comes up means that the test has gone blind there.
 */
import type { Event } from '../../src/core/events.ts'
import type { Verdict } from '../../src/materializer/reader.ts'
import type { Explained } from './explain.ts'
import { lettingsIn, situationsOf } from './situations.ts'
import type { World } from './world.ts'

/** Every campaign of 1,000 runs or more meets all of these. */
const SITUATIONS = [
  // The log and its owners
  'zombie wrote',
  'batch: append refused',
  'batch: reply lost',
  'batch: request lost',
  'batch: append under way',
  'announcement: append refused',
  'announcement: reply lost',
  'announcement: request lost',
  'announcement: append under way',
  'the same bytes sent again',
  'append landed late',
  'copy ignored',
  'stale epoch ignored',
  'rubbish on the log',
  'copy of a batch on the log',
  'outcome unknown to the caller',
  'outcome unknown, and decided',
  'caller told not-owner',
  'takeover',
  'takeover with open runs',
  'takeover with a batch on its way',
  'takeover without telling the loser',
  'crash',
  'crash with a batch on its way',
  'crash of all members',
  'member left',
  'member that does not fire',
  'several inputs in a batch',
  // The clock
  'clock stepped back',
  'clock stepped forward',
  'clock step recorded',
  'event stamped later than now',
  // Commands
  'duplicate command',
  'command id forgotten',
  'rejected command asked again',
  'job added',
  'job added paused',
  'job added again under its id',
  'job replaced',
  'equal job changes nothing',
  'job kept',
  'job modified',
  'job rescheduled',
  'changed when times were due',
  'changed under a pause, when times were due',
  'job removed',
  'job removed with open runs',
  'job removed with runs that wait',
  'all jobs removed',
  'all jobs removed with runs that wait',
  'job finished',
  'job finished with its last run',
  'executor declared',
  'given fire time',
  'rejected: malformed',
  'rejected: unsupported-type',
  'rejected: invalid-id',
  'rejected: invalid-trigger',
  'rejected: invalid-option',
  'rejected: never-fires',
  'rejected: unknown-zone',
  'rejected: unknown-executor',
  'rejected: payload-too-large',
  'rejected: job-exists',
  'rejected: job-not-found',
  'rejected: version-conflict',
  'rejected: run-not-found',
  'rejected: run-final',
  'rejected: limit-exceeded',
  // Fires
  'fired by interval',
  'fired by date',
  'fired once',
  'repeat used up',
  'coalesced to the latest',
  'coalesced to the earliest',
  'catch-up runs one after another',
  'catch-up capped',
  'missed by its grace',
  'skipped: max-instances',
  'queue-full',
  'queued for a free place',
  'let in when a place was free',
  'let in by a new version',
  'cancel-running',
  'overtaken while it waited',
  'successor of a run that ended',
  'run now',
  'backfill',
  'backfill dry run',
  'run done again',
  // Pauses
  'job paused',
  'paused job resumed',
  'paused job resumed by itself',
  'skipped while paused',
  'pause by labels',
  'pause by labels over',
  'pause by labels over by itself',
  'skipped under a pause by labels',
  'schedule paused',
  'schedule pause over',
  'schedule pause over by itself',
  'run now of a paused job',
  'retry held by a pause',
  // Runs
  'started',
  'succeeded',
  'failed',
  'failed for good at once',
  'retry scheduled',
  'retry queued',
  'retries used up',
  'succeeded after a retry',
  'unknown task',
  'timed out by its executor',
  'timed out by its owner',
  'lost for silence',
  'kept alive by a heartbeat',
  'lost with its third process',
  'missed when picked up',
  'cancelled before it began',
  'asked to stop',
  'cancelled by its executor',
  'cancelled instead of tried again',
  'at-most-once granted',
  'at-most-once refused',
  'at-most-once lost',
  'at-most-once silent',
  'report of a run of a removed job',
  'report ignored: old-attempt',
  'report ignored: future-attempt',
  'report ignored: unknown-run',
  'report ignored: claimed',
  'report ignored: repeated',
] as const

export class Ledger {
  runs = 0
  /** Commands of the model test that were carried out, by kind. */
  readonly commands = new Map<string, number>()
  readonly #seen = new Map<string, number>(SITUATIONS.map((name) => [name, 0]))
  readonly #ids = new Set<string>()

  see(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1)
  }

  commanded(kind: string): void {
    this.commands.set(kind, (this.commands.get(kind) ?? 0) + 1)
  }

  get commandCount(): number {
    return [...this.commands.values()].reduce((sum, count) => sum + count, 0)
  }

  get meanCommands(): number {
    return this.runs === 0 ? 0 : this.commandCount / this.runs
  }

  seen(): [string, number][] {
    return [...this.#seen]
  }

  never(): string[] {
    return this.seen().flatMap(([name, count]) => (count === 0 ? [name] : []))
  }

  /** A new run: its ids are its own. */
  begin(): void {
    this.runs += 1
    this.#ids.clear()
  }

  refused(verdict: Verdict): void {
    if (verdict.kind !== 'ignored') return
    if (verdict.why === 'lower-epoch') this.see('stale epoch ignored')
    if (verdict.why === 'other-batch') this.see('copy ignored')
  }

  announced(world: World): void {
    if (world.lastTime > 0) this.see('takeover')
  }

  /** One batch. */
  decided(batch: readonly Explained[], { now, time }: { readonly now: number; readonly time: number }): void {
    if (batch.length > 1) this.see('several inputs in a batch')
    if (time > now) this.see('event stamped later than now')
    for (const explained of batch) {
      const { submission, events } = explained
      if (submission?.answer.kind === 'unknown') this.see('outcome unknown, and decided')
      for (const event of events) {
        for (const situation of situationsOf(event, explained)) this.see(situation)
        this.#ofIds(event)
      }
      for (const situation of lettingsIn(explained)) this.see(situation)
    }
  }

  #ofIds(event: Event): void {
    if (event.type === 'CommandRejected' && event.commandGiven) {
      if (this.#ids.has(`rejected ${event.commandId}`)) this.see('rejected command asked again')
      this.#ids.add(`rejected ${event.commandId}`)
    } else if ('commandGiven' in event && event.commandGiven && event.type !== 'CommandApplied') {
      const id = `applied ${event.commandId}`
      if (this.#ids.has(id) && event.index === 0) this.see('command id forgotten')
      this.#ids.add(id)
    }
    if (event.type !== 'JobAdded') return
    if (this.#ids.has(`job ${event.jobId}`)) this.see('job added again under its id')
    this.#ids.add(`job ${event.jobId}`)
  }
}
