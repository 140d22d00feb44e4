/**
 * The history of one job's partition, event by event: the state as it grows, who paused what, and why something was decided
 * late.
 *
 * Boundary: it is given accepted events in their order; which of them are told, and how, is its callers' business.
 */
import type { Event } from '../../core/events.ts'
import { evolve } from '../../core/evolve.ts'
import { State } from '../../core/state.ts'
import { jobHolds } from '../job-hold.ts'
import { instantText } from '../time-text.ts'
import { type ExplainedHold, PauseOrigins } from './pause-origins.ts'
import type { StoryContext } from './story-text.ts'

interface Span {
  readonly from: number
  /** null: it is not over. */
  to: number | null
}

export class StoryFold {
  readonly state: State = new State()
  readonly #jobId: string
  readonly #origins: PauseOrigins
  /** The last announcement of an owner. */
  #owner: { readonly time: number; readonly node: string } | null = null
  #schedulePause: Span | null = null

  constructor(jobId: string) {
    this.#jobId = jobId
    this.#origins = new PauseOrigins(jobId)
  }

  /** Calls `tell` before the state has the event. */
  take(event: Event, tell: () => void): void {
    this.#see(event)
    tell()
    evolve(this.state, event)
    // Finished runs are told by their events: they must not pile up.
    this.state.takeRetired()
  }

  /** The pauses above the job as it is now; none when it is gone. */
  get heldBy(): ExplainedHold[] {
    const job = this.state.job(this.#jobId)
    return job === undefined ? [] : jobHolds(job, this.state).map((hold) => this.#origins.explained(hold))
  }

  /** For an event that is told before the state has it. */
  context(event: Event): StoryContext {
    const run = 'runId' in event && event.runId !== null ? this.state.run(event.runId) : undefined
    return {
      definition: this.state.job(this.#jobId)?.definition ?? null,
      delay: (due) => this.#delay(due),
      hasStarted: (run?.starts ?? 0) > 0,
    }
  }

  #see(event: Event): void {
    this.#origins.take(event)
    if (event.type === 'OwnerAnnounced') this.#owner = { time: event.time, node: event.node }
    if (event.type === 'SchedulePaused') this.#schedulePause = { from: event.time, to: null }
    if (event.type === 'ScheduleResumed' && this.#schedulePause !== null) this.#schedulePause.to = event.time
  }

  #delay(due: number): string {
    const pause = this.#schedulePause
    if (pause !== null && due >= pause.from && (pause.to === null || due < pause.to))
      return `, for the whole schedule was paused${pause.to === null ? '' : ` until ${instantText(pause.to)}`}`
    if (this.#owner === null || due >= this.#owner.time) return ''
    return `, for the process that decided it (${this.#owner.node}) opened the log only at ${instantText(this.#owner.time)}`
  }
}
