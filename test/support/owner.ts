/**
 * One owner in small: it decides over an overlay, which becomes part of its state together with the batch, or is lost
 * with it. Beside it reads a reader who has only the bytes.
 */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import type { Input } from '../../src/core/decide.ts'
import { step } from '../../src/core/engine.ts'
import type { Event } from '../../src/core/events.ts'
import { evolve } from '../../src/core/evolve.ts'
import { DEFAULT_SETTINGS } from '../../src/core/job/resolve-definition.ts'
import { Overlay, State } from '../../src/core/state.ts'
import { jobDue, runDue } from '../../src/core/timers.ts'
import { Bookkeeping } from './bookkeeping.ts'
import { jobDue as jobTimer, runDue as runTimer } from './inputs.ts'
import { runAt, T0 } from './moments.ts'
import { snapshot } from './state-snapshot.ts'

const LIVENESS = { since: 0, heardOf: () => undefined }

export class Owner {
  readonly state: State = new State()
  readonly reader: State = new State()
  readonly books: Bookkeeping = new Bookkeeping()
  readonly #codec = createEventCodec()
  #overlay = new Overlay(this.state)
  #batch: Event[] = []
  #seq = 1
  #now = T0

  get now(): number {
    return this.#now
  }

  /** A batch is decided at one moment. */
  pass(seconds: number): void {
    this.commit()
    this.#now += seconds * 1_000
  }

  decide(input: Input): void {
    const context = {
      batch: { epoch: 1, seq: this.#seq },
      now: this.now,
      liveness: LIVENESS,
      settings: DEFAULT_SETTINGS,
    }
    const before = this.#batch.length
    const events = step(this.#overlay, input, context, this.#batch)
    ok(this.#batch.length === before + events.length, 'all events are in the batch')
    ok(input.kind !== 'command' || events.length > 0, 'every command has an answer')
  }

  /** Timers that are due, like the owner's loop finds them. */
  fire(): void {
    for (const job of [...this.#overlay.jobs()]) {
      const due = jobDue(this.#overlay, job)
      if (due !== null && due <= this.now) this.decide(jobTimer(job.jobId))
    }
    for (const run of [...this.#overlay.runs()]) {
      const due = runDue(this.#overlay, run, LIVENESS)
      if (due !== null && due <= this.now) this.decide(runTimer(run.runId))
    }
  }

  /** The log has the batch. */
  commit(): void {
    this.#overlay.commit()
    for (const value of this.#codec.encode(this.#batch).values) {
      const read = this.#codec.decode(value)
      if (read.kind !== 'event') throw new Error(`not readable: ${read.kind}`)
      evolve(this.reader, read.event)
    }
    this.books.see(this.#batch)
    this.#begin()
    deepStrictEqual(snapshot(this.state), snapshot(this.reader), 'I5: the live state is not the fold of the log')
  }

  /** The process dies before the log has the batch. */
  crash(): void {
    this.#batch = []
    this.#overlay = new Overlay(this.state)
  }

  /** One of the open runs, as the batch so far has them; when there is none, one that never was. */
  openRun(pick: number): { readonly runId: string; readonly attempt: number } {
    const open = [...this.#overlay.runs()]
    return open[pick % Math.max(open.length, 1)] ?? { runId: runAt(T0), attempt: 1 }
  }

  #begin(): void {
    this.#seq += 1
    this.crash()
  }
}
