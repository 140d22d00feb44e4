/**
 * Scenarios of the core: `given(events).at(time).when(input).then(events)`.
 *
 * What is given has happened: each event in a batch of its own, at its own time when it says one. `then` compares the
 * decided events, all of their members but the place on the log, and holds for every scenario alike that the state of
 * the live path is that of a reader who knows only the bytes on the log. It returns what is given next, so scenarios can
 * be chained.
 */
import { expect } from 'vitest'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { Input } from '../../src/core/decide.ts'
import { step } from '../../src/core/engine.ts'
import type { Decided, Event } from '../../src/core/events.ts'
import { evolve } from '../../src/core/evolve.ts'
import { DEFAULT_SETTINGS, type JobSettings } from '../../src/core/job/resolve-definition.ts'
import { Overlay, State } from '../../src/core/state.ts'
import { isHeld, type Liveness } from '../../src/core/timers.ts'
import { JOB, T0 } from './moments.ts'
import { snapshot } from './state-snapshot.ts'

/** `time`: when it happened; by default together with the one before. */
export type Given = Decided & { readonly time?: number }

export interface GivenStage {
  /** The engine clock of what follows. Default: that of the last event. */
  at(now: number): GivenStage
  /** What the owner knows of running attempts. Default: it has owned since 1970 and heard nothing. */
  hearing(liveness: Liveness): GivenStage
  with(settings: Partial<JobSettings>): GivenStage
  when(input: Input): WhenStage
  /** The state that the events so far amount to. */
  readonly state: State
}

export interface WhenStage {
  /** What was decided. */
  readonly events: readonly Decided[]
  /** Exactly these events were decided, in this order. */
  then(...expected: readonly Decided[]): GivenStage
}

const EPOCH = 1
const codec = createEventCodec()
/** Nothing was heard of any attempt. */
const SILENT: Liveness = { since: 0, heardOf: () => undefined }

export function given(...facts: readonly Given[]): GivenStage {
  const history: Event[] = []
  let time = T0
  for (const fact of facts) {
    time = fact.time ?? time
    history.push({ ...fact, epoch: EPOCH, seq: history.length + 1, index: 0, time })
  }
  return stage(history, { now: time, settings: DEFAULT_SETTINGS, liveness: SILENT })
}

export const nothing: GivenStage = given()

/** A pause keeps the job from firing; undefined: there is no such job. */
export function held(stage: GivenStage, jobId: string = JOB): boolean | undefined {
  const there = stage.state.job(jobId)
  return there && isHeld(stage.state, there)
}

/** What a decision depends on besides the history. */
interface Context {
  readonly now: number
  readonly settings: JobSettings
  readonly liveness: Liveness
}

function stage(history: readonly Event[], context: Context): GivenStage {
  return {
    at: (now) => stage(history, { ...context, now }),
    hearing: (liveness) => stage(history, { ...context, liveness }),
    with: (settings) => stage(history, { ...context, settings: { ...context.settings, ...settings } }),
    when: (input) => decided(history, context, input),
    get state() {
      return stateOf(history)
    },
  }
}

function decided(history: readonly Event[], context: Context, input: Input): WhenStage {
  const state = stateOf(history)
  const overlay = new Overlay(state)
  const seq = (history.at(-1)?.seq ?? 0) + 1
  const before = snapshot(state)
  const events = step(overlay, input, { ...context, batch: { epoch: EPOCH, seq } }, [])
  expect(snapshot(state), 'deciding leaves the state as it was').toEqual(before)
  overlay.commit()
  const after = [...history, ...events]
  return {
    events: events.map(withoutPlace),
    // oxlint-disable-next-line unicorn/no-thenable -- the form of a scenario; it is never awaited
    then(...expected) {
      expect(events.map(withoutPlace)).toEqual(expected)
      expect(snapshot(state), 'live state and replayed state').toStrictEqual(snapshot(replayed(after)))
      return stage(after, context)
    },
  }
}

function stateOf(history: readonly Event[]): State {
  const state = new State()
  for (const event of history) evolve(state, event)
  return state
}

/** The state of a reader who has only the bytes. */
function replayed(history: readonly Event[]): State {
  const state = new State()
  for (const event of history) {
    const [value = new Uint8Array(0)] = codec.encode([event]).values
    const read = codec.decode(value)
    if (read.kind !== 'event') throw new Error(`${event.type} can't be read back`)
    evolve(state, read.event)
  }
  return state
}

function withoutPlace(event: Event): Decided {
  const { epoch: _epoch, seq: _seq, index: _index, time: _time, ...rest } = event
  return rest
}
