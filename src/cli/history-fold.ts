/**
 * Reads the history of one partition: the state as it grows, and why something was decided late.
 *
 * Boundary: which events are told, and how, is its callers' business.
 */
import type { Event } from '../core/events.ts'
import { evolve } from '../core/evolve.ts'
import { State } from '../core/state.ts'
import { createEventCodec } from '../codec/event-codec.ts'
import type { EventLog } from '../ports/event-log.ts'
import { PartitionLines } from './partition-lines.ts'
import type { StoryContext } from './story-text.ts'
import { instantText } from './time-text.ts'

interface Span {
  readonly from: number
  /** null: it is not over. */
  to: number | null
}

export class HistoryFold {
  readonly state: State = new State()
  /** The last announcement of an owner. */
  #owner: { readonly time: number; readonly node: string } | null = null
  #schedulePause: Span | null = null

  /** Calls `told` for each accepted event, before the state has it. */
  async read(log: EventLog, partition: number, told: (event: Event, offset: number) => void): Promise<void> {
    const lines = new PartitionLines(log, createEventCodec(), partition)
    for await (const { event, offset, refused } of lines.toEnd()) {
      if (event === null || refused !== null) continue
      this.#see(event)
      told(event, offset)
      evolve(this.state, event)
      // Finished runs are told by their events: they must not pile up.
      this.state.takeRetired()
    }
  }

  /** For an event that is told before the state has it. */
  context(jobId: string, event: Event): StoryContext {
    const run = 'runId' in event && event.runId !== null ? this.state.run(event.runId) : undefined
    return {
      definition: this.state.job(jobId)?.definition ?? null,
      delay: (due) => this.#delay(due),
      hasStarted: (run?.starts ?? 0) > 0,
    }
  }

  #see(event: Event): void {
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
