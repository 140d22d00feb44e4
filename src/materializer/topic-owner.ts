/**
 * What an owner does with topics beside the events: takes inputs from them, sends effects to them, and knows how far it
 * is with both.
 */
import type { InputTopic } from '../core/effects.ts'
import type { Mark } from '../core/events.ts'
import type { FinishedRun } from '../core/run/finished-run.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { State } from '../core/state.ts'
import type { InputCodec } from '../ports/input-codec.ts'
import type { Outbox } from '../ports/outbox.ts'
import type { OutputCodec } from '../ports/output-codec.ts'
import type { RunTokens } from '../ports/run-tokens.ts'
import type { Cursor } from './cursor.ts'
import { decidedAt } from './decided-at.ts'
import type { Progress } from './encode-plan.ts'
import type { Inbox, Pending } from './inbox.ts'
import type { OwnerSide } from './owner-side.ts'
import type { PartitionOptions } from './partition-options.ts'
import type { Answer, Plan } from './plan-batch.ts'
import { TopicEffects } from './topic-effects.ts'
import { TopicInputs } from './topic-inputs.ts'
import { isAbove, type UnsentRange } from './unsent.ts'

/** The topics of a partition, where commands, runs and reports don't stay in memory. */
export interface TopicOptions {
  readonly outbox: Outbox
  readonly inputs: InputCodec
  readonly outputs: OutputCodec
  /** `host:pid:<128 random bits>`. */
  readonly process: string
  /** Topics on which an answer may be asked for. */
  readonly mayReply: (topic: string) => boolean
  /** null: run records have no token, and reports need none. Default null. */
  readonly tokens?: RunTokens | null
}

export interface Owning {
  readonly cursor: Cursor
  readonly unsent: readonly UnsentRange[]
  readonly state: () => State
  readonly inbox: Inbox
  readonly finishedRun: (jobId: string, runId: string) => Promise<FinishedRun | null>
  /** Something to decide was put into the inbox. */
  readonly wake: () => void
  readonly failed: (error: Error) => void
}

/** With effects out and nothing to decide, an empty batch says so after this long (design §3). */
const PROGRESS_MS = 5_000
/** Retention of the topics of runs is 7 days: a run that waits gets three records before the first is gone. */
const DISPATCH_AGAIN_MS = 48 * 3_600_000
const LOOK_FOR_OLD_MS = 3_600_000

export class TopicOwner implements OwnerSide {
  readonly #options: PartitionOptions
  readonly #owning: Owning
  readonly #inputs: TopicInputs
  readonly #effects: TopicEffects
  #commands: number
  #reports: number
  /** When progress that no batch has said yet was first seen, epoch ms. */
  #aheadSince: number | null = null
  /** What the last accepted batch says. */
  #said: Progress
  #stopped = false
  #cancelProgress = (): void => {}
  #cancelLook = (): void => {}

  constructor(options: PartitionOptions, topics: TopicOptions, owning: Owning) {
    const { cursor, inbox, state, wake, finishedRun, failed } = owning
    this.#options = options
    this.#owning = owning
    this.#commands = cursor.commandsThrough
    this.#reports = cursor.reportsThrough
    this.#said = cursor
    const { log, clock, logger, partition } = options
    const { outbox, inputs, outputs, process, mayReply, tokens = null } = topics
    const push = (pending: Pending): void => {
      inbox.push(pending)
      wake()
    }
    const whenDecided = (topic: InputTopic, through: number): Promise<number> =>
      decidedAt({ log, codec: options.codec, partition, topic, through, end: cursor.offset })
    const positions = { commands: this.#commands, reports: this.#reports, decidedAt: whenDecided }
    const feeding = { log, clock, logger, partition, codec: inputs, mayReply, tokens, finishedRun, push, failed }
    this.#inputs = new TopicInputs(feeding, positions)
    const said = { moved: () => this.#sayLater(), failed }
    const sending = {
      log,
      clock,
      logger,
      partition,
      outbox,
      inputs,
      outputs,
      process,
      mayReply,
      tokens,
      state,
      ...said,
    }
    this.#effects = new TopicEffects({ ...sending, events: options.codec }, cursor.epoch, cursor.dispatchedThrough)
  }

  begin(): void {
    this.#effects.repeat(this.#owning.unsent)
    this.#inputs.start()
    this.#lookLater()
  }

  /** Runs are on their topics. */
  handOver(): void {}

  stop(): void {
    this.#stopped = true
    this.#cancelProgress()
    this.#cancelLook()
    this.#inputs.stop()
    this.#effects.stop()
  }

  after(plan: Plan): Progress {
    return {
      commandsThrough: through(plan.answers, 'commands') ?? this.#commands,
      reportsThrough: through(plan.answers, 'reports') ?? this.#reports,
      dispatchedThrough: this.#effects.mark,
    }
  }

  get isDue(): boolean {
    return this.#aheadSince !== null && this.#options.clock.now() - this.#aheadSince >= PROGRESS_MS
  }

  /** The plan's inputs are handled, and its batch, if it made one, is part of the state. */
  done(place: Mark | null, plan: Plan): void {
    this.#commands = through(plan.answers, 'commands') ?? this.#commands
    this.#reports = through(plan.answers, 'reports') ?? this.#reports
    if (place !== null) {
      this.#effects.emit(place, plan)
      this.#aheadSince = null
    }
    this.#inputs.decided(this.#owning.inbox)
  }

  /** There is nothing to decide: progress that no batch has said is said later. */
  idle(cursor: Cursor): void {
    this.#said = cursor
    this.#sayLater()
  }

  #sayLater(): void {
    this.#cancelProgress()
    if (this.#stopped) return
    const { clock } = this.#options
    if (!this.#isAhead) {
      this.#aheadSince = null
      return
    }
    this.#aheadSince ??= clock.now()
    this.#cancelProgress = clock.schedule(this.#aheadSince + PROGRESS_MS, this.#owning.wake, true)
  }

  /** Of the mark only what covers effects is worth a batch: else each batch would need another that says so. */
  get #isAhead(): boolean {
    const { commandsThrough, reportsThrough, dispatchedThrough } = this.#said
    const { mark, last } = this.#effects
    const haveLeft = isAbove(mark, dispatchedThrough) && isAbove(last, dispatchedThrough)
    return this.#commands !== commandsThrough || this.#reports !== reportsThrough || haveLeft
  }

  #lookLater(): void {
    const { clock } = this.#options
    const from = clock.now()
    const look = (): void => {
      const periods = (run: RunState, at: number): number => Math.floor((at - run.queuedAt) / DISPATCH_AGAIN_MS)
      this.#effects.dispatchAgain((run) => periods(run, clock.now()) > Math.max(periods(run, from), 0))
      this.#lookLater()
    }
    this.#cancelLook = clock.schedule(from + LOOK_FOR_OLD_MS, look, true)
  }
}

/** Of the last one of the topic among them. */
function through(answers: readonly Answer[], topic: 'commands' | 'reports'): number | null {
  const last = answers.findLast(({ pending }) => pending.place?.topic === topic)
  return last?.pending.place?.offset ?? null
}
