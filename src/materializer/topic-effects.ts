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
import type { RejectionCode } from '../core/rejections.ts'
import type { RunState } from '../core/run/run-state.ts'
import type { State } from '../core/state.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventCodec } from '../ports/event-codec.ts'
import { type EventLog, LogError, type LogErrorCode } from '../ports/event-log.ts'
import type { InputCodec, InputRecord } from '../ports/input-codec.ts'
import type { Outbox, OutgoingRecord } from '../ports/outbox.ts'
import type { OutputCodec } from '../ports/output-codec.ts'
import type { RunTokens } from '../ports/run-tokens.ts'
import type { Logger } from '../ports/telemetry.ts'
import { Deliveries } from './deliver.ts'
import { EffectRetries } from './effect-retries.ts'
import type { Plan } from './plan-batch.ts'
import { QueuedRuns } from './queued-runs.ts'
import { Pages, readRange, readRecord } from './read-again.ts'
import { runRequest } from './run-request.ts'
import { SentMark } from './sent-mark.ts'
import type { UnsentRange } from './unsent.ts'

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
  /** Topics on which an answer may be asked for. */
  readonly mayReply: (topic: string) => boolean
  /** What run records give to whoever reports; null: nothing. */
  readonly tokens: RunTokens | null
  /** The present one. */
  readonly state: () => State
  /** The mark has risen. */
  readonly moved: () => void
  /** An effect can't be made into a record: a bug of ours. */
  readonly failed: (error: Error) => void
}

/** An effect, and the event that it is of; null: it is of the state alone. */
interface Asked {
  readonly effect: Effect
  readonly event: Event | null
}

/** Makes the record when it is its turn; null: there is nothing to send any more. */
type Make = () => Promise<OutgoingRecord | null> | OutgoingRecord | null

/** What is wrong with the record itself, and the code that its dead letter has for that. */
const UNSENDABLE: Partial<Record<LogErrorCode, RejectionCode>> = {
  'too-large': 'payload-too-large',
  'invalid-record': 'malformed',
  'record-refused': 'malformed',
}
/** One after another, until the rest is not too large; then all of it with a part of the key. */
const LEFT_OUT: readonly Partial<InputRecord>[] = [{}, { value: null }, { headers: [] }, { value: null, headers: [] }]
/** Enough for people to know whose record it was: no job id is longer. */
const KEPT_KEY = 200

export class TopicEffects {
  readonly #options: TopicEffectsOptions
  readonly #epoch: number
  readonly #sent: SentMark
  readonly #deliveries: Deliveries
  readonly #retries: EffectRetries
  #stopped = false

  constructor(options: TopicEffectsOptions, epoch: number, mark: Mark) {
    this.#options = options
    this.#epoch = epoch
    this.#sent = new SentMark(mark, options.moved)
    const retries = new EffectRetries(options)
    this.#retries = retries
    this.#deliveries = new Deliveries({ ...options, retries })
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
    this.#retries.stop()
  }

  /** The effects of owners before that may not have left. Called once, before any batch of this owner. */
  repeat(ranges: readonly UnsentRange[]): void {
    const { mark } = this
    const unsent = ranges.map((range) => ({ range, left: this.#sent.add(range, 1) }))
    this.#sent.add({ epoch: this.#epoch, seq: 0 }, 0)
    this.#repeatAll(unsent, mark).catch((error: unknown) => this.#failed(error))
  }

  /** A batch of this owner was accepted, and is part of the state. */
  emit(place: Mark, plan: Plan): void {
    const state = this.#options.state()
    this.#deliveries.prune(state)
    const sends = this.#sendAll(asked(plan.events, plan.overlay.changedRuns(), state))
    const answers = answersByOffset(plan.events)
    for (const { pending } of plan.answers) {
      const { replyTo = null } = pending
      const answer = answers.get(pending.place?.offset ?? -1)
      if (replyTo !== null && answer !== undefined) sends.push(this.#reply(() => replyTo, answer))
    }
    const left = this.#sent.add(place, sends.length)
    for (const send of sends) void this.#whenDone(send, left)
  }

  /** Runs that have waited in their topic for so long that retention may take them: again (design §7). */
  dispatchAgain(isOld: (run: RunState) => boolean): void {
    const queued = [...this.#options.state().runs()].filter((run) => run.status === 'queued' && isOld(run))
    for (const { runId, attempt } of queued) void this.#whenDone(this.#dispatch(runId, attempt), () => {})
  }

  async #repeatAll(unsent: readonly { range: UnsentRange; left: () => void }[], mark: Mark): Promise<void> {
    const { log, events: codec, partition } = this.#options
    const pages = new Pages(log, { topic: 'events', partition })
    const queued = new QueuedRuns(unsent.length === 0 ? [] : this.#options.state().runs())
    for (const { range, left } of unsent) {
      let sends: readonly Promise<boolean>[] = []
      const read = await this.#retries.untilDone('reading events', async () => {
        sends = this.#repeatEvents(await readRange(pages, codec, range, mark), queued)
      })
      if (!read) return
      const all = Promise.all(sends).then((done) => done.every(Boolean))
      void this.#whenDone(all, left)
    }
  }

  /** What the events let go was queued at their times: who looks for all of it, looks at each run once. */
  #repeatEvents(events: readonly Event[], queued: QueuedRuns): readonly Promise<boolean>[] {
    const state = this.#options.state()
    const first = events[0]
    const last = events.at(-1)
    const letGo = first === undefined || last === undefined ? [] : queued.takeBetween(first.time, last.time)
    const wanted = asked(events, letGo, state).filter(({ effect }) => stillMatters(effect, state))
    const sends = this.#sendAll(wanted)
    for (const [offset, answer] of answersByOffset(events)) {
      sends.push(this.#reply(() => this.#replyTo(offset), answer))
    }
    return sends
  }

  async #whenDone(send: Promise<boolean>, left: () => void): Promise<void> {
    try {
      if (await send) left()
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    if (!this.#stopped) this.#options.failed(error instanceof Error ? error : new Error(String(error)))
  }

  /** Events of one batch may ask for the same dispatch more than once. */
  #sendAll(wanted: readonly Asked[]): Promise<boolean>[] {
    const dispatched = new Set<string>()
    const sends: Promise<boolean>[] = []
    for (const { effect, event } of wanted) {
      if (effect.type === 'dispatch') {
        if (dispatched.has(effect.runId)) continue
        dispatched.add(effect.runId)
      }
      sends.push(this.#sendEffect(effect, event))
    }
    return sends
  }

  /** Resolves with whether it has left; false: this owner has stopped. */
  #sendEffect(effect: Effect, event: Event | null): Promise<boolean> {
    const { outputs, clock } = this.#options
    switch (effect.type) {
      case 'dispatch':
        return this.#dispatch(effect.runId, effect.attempt)
      case 'cancel': {
        const { runId, attempt, reason } = effect
        return this.#send('control', () =>
          outputs.control({ type: 'CancelRun', runId, attempt, reason, at: clock.now() }),
        )
      }
      case 'grant':
      case 'refuse': {
        const { runId, attempt, executor } = effect
        const type = effect.type === 'grant' ? 'RunGranted' : 'ClaimRefused'
        return this.#send('control', () => outputs.control({ type, runId, attempt, executor, at: clock.now() }))
      }
      case 'forward':
        return this.#forward(effect, event)
      case 'dead-letter': {
        const reason = event !== null && 'reason' in event ? (event.reason ?? '') : ''
        return this.#deadLetter(effect, reason)
      }
    }
  }

  #dispatch(runId: string, attempt: number): Promise<boolean> {
    const { partition, outputs, tokens } = this.#options
    const run = this.#queued(runId, attempt)
    if (run === undefined) return Promise.resolve(true)
    const token = tokens === null ? null : tokens.token(runId, attempt)
    const request = { ...runRequest(run, partition, this.#epoch, false), token }
    const to = run.definition.deliver
    if (to !== null) return this.#deliveries.deliver(outputs.delivery(request, to), request)
    const isQueued = (): boolean => this.#queued(runId, attempt) !== undefined
    return this.#send(`runs of ${request.executor}`, () => (isQueued() ? outputs.run(request) : null))
  }

  #queued(runId: string, attempt: number): RunState | undefined {
    const run = this.#options.state().run(runId)
    return run?.status === 'queued' && run.attempt === attempt ? run : undefined
  }

  /** null: nobody asked for an answer. What was forwarded is answered by its home. */
  #reply(replyTo: () => Promise<string | null> | string | null, answer: readonly Event[]): Promise<boolean> {
    const { outputs, partition } = this.#options
    if (answer[0]?.type === 'CommandForwarded') return Promise.resolve(true)
    return this.#unlessRefused(async () => {
      const to = await replyTo()
      return to === null ? null : outputs.reply(to, answer, partition)
    })
  }

  async #replyTo(commandOffset: number): Promise<string | null> {
    const { log, inputs, partition, mayReply } = this.#options
    const record = await readRecord(log, { topic: 'commands', partition }, commandOffset)
    const to = record === null ? null : (await inputs.command(record)).replyTo
    return to !== null && mayReply(to) ? to : null
  }

  /** What its home can't take, with what is added to it, becomes a dead letter: there nobody can mend it. */
  #forward(effect: Effect & { type: 'forward' }, event: Event | null): Promise<boolean> {
    const { outputs, outbox, clock, logger } = this.#options
    const commandId = event !== null && 'commandId' in event ? event.commandId : null
    const at = event?.time ?? clock.now()
    return this.#retries.untilDone('forwarding', async () => {
      const record = await this.#input(effect)
      if (record === null) return
      try {
        await outbox.send(outputs.forward(record, commandId, effect.toPartition, at))
      } catch (err) {
        const code = err instanceof LogError ? UNSENDABLE[err.code] : undefined
        if (!(err instanceof LogError) || code === undefined) throw err
        const { topic, partition, offset } = record
        logger.warn({ err, topic, partition, offset }, 'a record could not be sent to its home: it is a dead letter')
        await this.#copy(record, code, `${err.message}, when it was sent to partition ${effect.toPartition}`)
      }
    })
  }

  #deadLetter(effect: Effect & { type: 'dead-letter' }, reason: string): Promise<boolean> {
    return this.#retries.untilDone('dead letters', async () => {
      const record = await this.#input(effect)
      if (record !== null) await this.#copy(record, effect.error, reason)
    })
  }

  /** To the dead letters. What is too large with what is added to it goes without a part: all of it is at its place for a while. */
  async #copy(record: InputRecord, error: string, reason: string): Promise<void> {
    const { outputs, outbox, logger } = this.#options
    const partly = `${reason} (too large to be copied)`
    const { topic, partition, offset } = record
    let refused: LogError | null = null
    for (const part of partsOf(record)) {
      try {
        return await outbox.send(outputs.deadLetter(part, error, refused === null ? reason : partly))
      } catch (err) {
        if (!(err instanceof LogError) || err.code === 'closed') throw err
        refused = err
        if (err.code !== 'too-large') break
      }
    }
    logger.warn({ err: refused, topic, partition, offset }, 'a record could not be copied to the dead letters')
  }

  /** The record of the effect's input; null: retention was faster. */
  async #input({ topic, offset }: Effect & { type: 'forward' | 'dead-letter' }): Promise<InputRecord | null> {
    const { log, logger, partition } = this.#options
    const record = await readRecord(log, { topic, partition }, offset)
    if (record === null) logger.error({ topic, partition, offset }, 'a record is gone before it was copied')
    return record
  }

  #send(waitsFor: string, make: Make): Promise<boolean> {
    return this.#retries.untilDone(waitsFor, async () => {
      const record = await make()
      if (record !== null) await this.#options.outbox.send(record)
    })
  }

  /** As `#send`; but what its topic refuses is not worth waiting for until somebody mends that. */
  #unlessRefused(make: Make): Promise<boolean> {
    const { outbox, logger } = this.#options
    return this.#retries.untilDone('replies', async () => {
      const record = await make()
      if (record === null) return
      try {
        await outbox.send(record)
      } catch (error) {
        if (!(error instanceof LogError) || error.code === 'closed') throw error
        logger.warn({ err: error, topic: record.topic, key: record.key }, 'a record could not be produced')
      }
    })
  }
}

function partsOf(record: InputRecord): readonly InputRecord[] {
  return [record, withShortKey(record)].flatMap((one) => LEFT_OUT.map((without) => ({ ...one, ...without })))
}

function withShortKey(record: InputRecord): InputRecord {
  const key = record.key?.slice(0, KEPT_KEY).toWellFormed() ?? null
  return record.rawKey === undefined ? { ...record, key } : { ...record, key, rawKey: record.rawKey.slice(0, KEPT_KEY) }
}

function asked(events: readonly Event[], runIds: Iterable<string>, state: State): Asked[] {
  const ofEvents = events.flatMap((event) => effectsOf(event, state).map((effect) => ({ effect, event })))
  return [...ofEvents, ...orphanedDispatches(runIds, state).map((effect) => ({ effect, event: null }))]
}

/** Of an effect that is repeated: a grant and a request to stop are for attempts that are not over. */
function stillMatters(effect: Effect, state: State): boolean {
  if (effect.type !== 'grant' && (effect.type !== 'cancel' || effect.reason === null)) return true
  const run = state.run(effect.runId)
  return run?.attempt === effect.attempt && (run.status === 'queued' || run.status === 'running')
}

/** Events by the command that they answer; others that it led to are not its answer. */
function answersByOffset(events: readonly Event[]): ReadonlyMap<number, readonly Event[]> {
  const found = new Map<number, Event[]>()
  for (const event of events) {
    const offset = 'commandOffset' in event ? event.commandOffset : null
    if (offset === null) continue
    found.set(offset, [...(found.get(offset) ?? []), event])
  }
  return found
}
