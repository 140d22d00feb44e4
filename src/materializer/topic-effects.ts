/**
 * Effects of accepted batches as records on topics: runs, control, replies, forwards, dead letters, deliveries.
 *
 * Boundary: everything here can be repeated; readers know copies by run id and attempt, and by command id.
 * Invariants:
 * 1. Nothing leaves before the own fold has accepted its batch.
 * 2. The mark passes a batch only when all its effects are durable, or can never be.
 */
import { type Effect, effectsOf, orphanedDispatches } from '../core/effects.ts'
import type { Event, Mark } from '../core/events.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { State } from '../core/state.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type EventLog, LogError } from '../ports/event-log.ts'
import type { InputCodec, InputRecord } from '../ports/input-codec.ts'
import type { Outbox, OutgoingRecord } from '../ports/outbox.ts'
import type { OutputCodec } from '../ports/output-codec.ts'
import type { Logger } from '../ports/telemetry.ts'
import { deliver } from './deliver.ts'
import type { Plan } from './plan-batch.ts'
import { readBatch, readRecord } from './read-again.ts'
import { runRequest } from './run-request.ts'
import { SentMark } from './sent-mark.ts'
import type { UnsentBatch } from './unsent.ts'

export interface TopicEffectsOptions {
  readonly log: EventLog
  readonly outbox: Outbox
  readonly events: EventCodec
  readonly inputs: InputCodec
  readonly outputs: OutputCodec
  readonly clock: Clock
  readonly logger: Logger
  /** `host:pid:<random>`: who delivers. */
  readonly process: string
  readonly partition: number
  /** The present one. */
  readonly state: () => State
}

/** Before what was refused is tried again: somebody has to change the cluster first. */
const AGAIN_MS = 5_000

/** Makes the record when it is its turn; null: there is nothing to send any more. */
type Make = () => Promise<OutgoingRecord | null> | OutgoingRecord | null

export class TopicEffects {
  readonly #options: TopicEffectsOptions
  readonly #epoch: number
  readonly #sent: SentMark
  #stopped = false

  constructor(options: TopicEffectsOptions, epoch: number, mark: Mark) {
    this.#options = options
    this.#epoch = epoch
    this.#sent = new SentMark(mark)
  }

  /** Effects up to here have left. */
  get mark(): Mark {
    return this.#sent.mark
  }

  /** The last batch that had effects. */
  get last(): Mark {
    return this.#sent.last
  }

  /** Sends nothing more: another owner repeats what is above the mark. */
  stop(): void {
    this.#stopped = true
  }

  /** The effects of owners before that may not have left. Called once, before any batch of this owner. */
  repeat(batches: readonly UnsentBatch[]): void {
    for (const batch of batches) {
      const left = this.#sent.add(batch, 1)
      void this.#untilDone(() => this.#repeatBatch(batch)).then((done) => done && left())
    }
    this.#sent.add({ epoch: this.#epoch, seq: 0 }, 0)
  }

  /** A batch of this owner was accepted, and is part of the state. */
  emit(place: Mark, plan: Plan): void {
    const { state } = this.#options
    const effects = plan.events.flatMap((event) => this.#withTime(effectsOf(event, state()), event))
    const orphaned = orphanedDispatches(plan.overlay.changedRuns(), state())
    const sends = [...effects, ...this.#withTime(orphaned)].map(({ effect, event }) => this.#sendEffect(effect, event))
    for (const { pending, events } of plan.answers) {
      const { replyTo } = pending
      if (replyTo !== undefined && replyTo !== null && isAnswer(events)) sends.push(this.#reply(replyTo, events))
    }
    const left = this.#sent.add(place, sends.length)
    for (const send of sends) void send.then((done) => done && left())
  }

  #withTime(effects: readonly Effect[], event: Event | null = null): { effect: Effect; event: Event | null }[] {
    return effects.map((effect) => ({ effect, event }))
  }

  /** Resolves with whether it has left; false: this owner has stopped. */
  #sendEffect(effect: Effect, event: Event | null): Promise<boolean> {
    const { outputs, clock, partition } = this.#options
    switch (effect.type) {
      case 'dispatch':
        return this.#dispatch(effect.runId, effect.attempt)
      case 'cancel': {
        const { runId, attempt, reason } = effect
        return this.#send(() => outputs.control({ type: 'CancelRun', runId, attempt, reason, at: clock.now() }))
      }
      case 'grant':
      case 'refuse': {
        const { runId, attempt, executor } = effect
        const type = effect.type === 'grant' ? 'RunGranted' : 'ClaimRefused'
        return this.#send(() => outputs.control({ type, runId, attempt, executor, at: clock.now() }))
      }
      case 'forward': {
        const commandId = event !== null && 'commandId' in event ? event.commandId : null
        const at = event?.time ?? clock.now()
        return this.#send(async () => {
          const record = await readRecord(this.#options.log, { topic: effect.topic, partition }, effect.offset)
          return record === null ? null : outputs.forward(record, commandId, effect.toPartition, at)
        })
      }
      case 'dead-letter': {
        const reason = event !== null && 'reason' in event ? (event.reason ?? '') : ''
        return this.#send(async () => {
          const record = await readRecord(this.#options.log, { topic: effect.topic, partition }, effect.offset)
          return record === null ? null : outputs.deadLetter(record, effect.error, reason)
        }, 'may be lost')
      }
    }
  }

  #dispatch(runId: string, attempt: number): Promise<boolean> {
    const { partition, outputs } = this.#options
    const run = this.#queued(runId, attempt)
    if (run === undefined) return Promise.resolve(true)
    const request = runRequest(run, partition, this.#epoch, false)
    const to = run.definition.deliver
    if (to === null) return this.#send(() => outputs.run(request))
    return this.#untilDone(async () => {
      const { outbox, clock, process } = this.#options
      const report = await deliver(outputs.delivery(request, to), request, { outbox, clock, process })
      await outbox.send(outputs.report(report, partition))
    })
  }

  #queued(runId: string, attempt: number): RunState | undefined {
    const run = this.#options.state().run(runId)
    return run?.status === 'queued' && run.attempt === attempt ? run : undefined
  }

  #reply(to: string, events: readonly Event[]): Promise<boolean> {
    const { outputs, partition } = this.#options
    return this.#send(() => outputs.reply(to, events, partition), 'may be lost')
  }

  async #repeatBatch(batch: UnsentBatch): Promise<void> {
    const { log, events: codec, partition, state } = this.#options
    const events = await readBatch(log, codec, partition, batch)
    const sends = events.flatMap((event) => effectsOf(event, state()).map((effect) => this.#sendEffect(effect, event)))
    const since = events[0]?.time ?? 0
    const queuedSince = [...state().runs()].filter((run) => run.queuedAt >= since).map(({ runId }) => runId)
    for (const effect of orphanedDispatches(queuedSince, state())) sends.push(this.#sendEffect(effect, null))
    for (const [offset, answer] of answers(events)) {
      const replyTo = isAnswer(answer) ? await this.#replyTo(offset) : null
      if (replyTo !== null) sends.push(this.#reply(replyTo, answer))
    }
    await Promise.all(sends)
  }

  async #replyTo(commandOffset: number): Promise<string | null> {
    const { log, inputs, partition } = this.#options
    const record: InputRecord | null = await readRecord(log, { topic: 'commands', partition }, commandOffset)
    return record === null ? null : inputs.command(record).replyTo
  }

  #send(make: Make, importance: 'must leave' | 'may be lost' = 'must leave'): Promise<boolean> {
    const { outbox, logger } = this.#options
    return this.#untilDone(async () => {
      const record = await make()
      if (record === null) return
      try {
        await outbox.send(record)
      } catch (error) {
        if (importance === 'must leave' || !(error instanceof LogError) || error.code === 'closed') throw error
        logger.warn({ err: error, topic: record.topic, key: record.key }, 'a record could not be produced')
      }
    })
  }

  /** Tries until it is done, with a word to the operator; false when this owner stopped before. */
  async #untilDone(attempt: () => Promise<void>): Promise<boolean> {
    const { logger, clock, partition } = this.#options
    while (!this.#stopped) {
      try {
        await attempt()
        return true
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        if (error.code === 'closed') return false
        logger.warn({ err: error, partition }, 'an effect could not leave, trying again')
        await new Promise<void>((resolve) => clock.schedule(clock.now() + AGAIN_MS, resolve, true))
      }
    }
    return false
  }
}

/** What was forwarded is answered by its home. */
function isAnswer(events: readonly Event[]): boolean {
  return events.length > 0 && events[0]?.type !== 'CommandForwarded'
}

/** Events by the command that they answer. */
function answers(events: readonly Event[]): ReadonlyMap<number, readonly Event[]> {
  const found = new Map<number, Event[]>()
  for (const event of events) {
    const offset = 'commandOffset' in event ? event.commandOffset : null
    if (offset === null) continue
    found.set(offset, [...(found.get(offset) ?? []), event])
  }
  return found
}
