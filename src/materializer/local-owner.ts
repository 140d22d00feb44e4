/**
 * The surroundings of an owner whose inputs and runs stay in this process: commands and reports are handed over in
 * memory, and so are runs. Such a hand-over is no dispatch: it is done again at every start (design §4).
 */
import { type Effect, effectsOf, orphanedDispatches } from '../core/effects.ts'
import type { Mark } from '../core/events.ts'
import type { State } from '../core/state.ts'
import type { Dispatcher } from '../ports/dispatcher.ts'
import { IN_MEMORY, type Progress } from './encode-plan.ts'
import type { Inbox } from './inbox.ts'
import type { OwnerSide } from './owner-side.ts'
import type { Plan } from './plan-batch.ts'
import { runRequest } from './run-request.ts'

export interface LocalOwning {
  readonly dispatcher: Dispatcher
  readonly partition: number
  readonly epoch: number
  /** Epoch ms. */
  readonly ownedSince: number
  readonly state: () => State
  readonly inbox: Inbox
  /** Runs are dispatched; cancels and grants are carried out in any case. */
  readonly isFiring: () => boolean
}

export class LocalOwner implements OwnerSide {
  readonly #owning: LocalOwning
  readonly isDue = false

  constructor(owning: LocalOwning) {
    this.#owning = owning
  }

  begin(): void {
    this.handOver()
  }

  stop(): void {}

  idle(): void {}

  after(plan: Plan): Progress {
    return IN_MEMORY.after(plan)
  }

  /** Safe to repeat: executors drop copies by (run id, attempt). */
  done(place: Mark | null, plan: Plan): void {
    if (place === null) return
    const state = this.#owning.state()
    for (const event of plan.events) for (const effect of effectsOf(event, state)) this.#emit(effect, state)
    for (const effect of orphanedDispatches(plan.overlay.changedRuns(), state)) this.#emit(effect, state)
  }

  /**
   * Every open attempt goes to its executor: after a restart nobody else has it. A run that a process which is gone was
   * granted must not run a second time.
   */
  handOver(): void {
    const { dispatcher, partition, epoch, ownedSince, state, inbox, isFiring } = this.#owning
    if (!isFiring()) return
    for (const run of state().runs()) {
      if (run.status !== 'queued' && run.status !== 'running') continue
      if (!run.granted) dispatcher.dispatch(runRequest(run, partition, epoch, run.queuedAt <= ownedSince))
      if (run.cancelRequested) dispatcher.cancel(run.runId, run.attempt, 'cancelled on request')
      const isAbandoned = run.granted && (run.startedAt ?? 0) < ownedSince
      if (isAbandoned) inbox.pushOwn({ kind: 'run-abandoned', runId: run.runId })
    }
  }

  #emit(effect: Effect, state: State): void {
    const { dispatcher, partition, epoch, isFiring } = this.#owning
    switch (effect.type) {
      case 'dispatch': {
        const run = isFiring() ? state.run(effect.runId) : undefined
        if (run !== undefined) dispatcher.dispatch(runRequest(run, partition, epoch, false))
        return
      }
      case 'cancel':
        dispatcher.cancel(effect.runId, effect.attempt, effect.reason)
        return
      case 'grant':
        dispatcher.grant(effect.runId, effect.attempt, effect.executor)
        return
      case 'refuse':
        dispatcher.refuse(effect.runId, effect.attempt, effect.executor)
        return
      default:
      // In memory nothing stands on a wrong partition, and nothing is unreadable.
    }
  }
}
