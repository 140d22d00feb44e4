/** Carries out what accepted events ask for. Safe to repeat: executors drop copies by (run id, attempt). */
import { type Effect, effectsOf, orphanedDispatches } from '../core/effects.ts'
import type { Event } from '../core/events.ts'
import type { State } from '../core/state.ts'
import type { Dispatcher } from '../ports/dispatcher.ts'
import { runRequest } from './run-request.ts'

export interface Emitting {
  readonly dispatcher: Dispatcher
  readonly partition: number
  readonly epoch: number
  /** Runs are dispatched; cancels and grants are carried out in any case. */
  readonly dispatching: boolean
}

/** `state` is the state after the batch, `runIds` are the runs that it changed. */
export function emitEffects(
  events: readonly Event[],
  runIds: Iterable<string>,
  state: State,
  emitting: Emitting,
): void {
  for (const event of events) for (const effect of effectsOf(event, state)) emit(effect, state, emitting)
  for (const effect of orphanedDispatches(runIds, state)) emit(effect, state, emitting)
}

function emit(effect: Effect, state: State, { dispatcher, partition, epoch, dispatching }: Emitting): void {
  switch (effect.type) {
    case 'dispatch': {
      const run = dispatching ? state.run(effect.runId) : undefined
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
  }
}

/**
 * Hands every open attempt to its executor: after a restart nobody else has it. Returns the runs that must not run a
 * second time, because a process that is gone was granted them.
 */
export function handOverOpenRuns(state: State, ownedSince: number, emitting: Emitting): string[] {
  const { dispatcher, partition, epoch } = emitting
  const abandoned: string[] = []
  for (const run of state.runs()) {
    if (run.status !== 'queued' && run.status !== 'running') continue
    if (!run.granted) dispatcher.dispatch(runRequest(run, partition, epoch, run.queuedAt <= ownedSince))
    if (run.cancelRequested) dispatcher.cancel(run.runId, run.attempt, 'cancelled on request')
    if (run.granted && (run.startedAt ?? 0) < ownedSince) abandoned.push(run.runId)
  }
  return abandoned
}
