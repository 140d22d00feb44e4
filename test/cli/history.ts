// Logs with a chosen history: batches of events as an owner would have written them, with right stamps and a right chain.
import { createMemoryCluster } from '../../src/adapters/memory/memory-log.ts'
import { createEventCodec } from '../../src/codec/event-codec.ts'
import { NO_COMMAND } from '../../src/core/answers.ts'
import type { BatchCommitted, Decided, Event, EventOf, OwnerAnnounced } from '../../src/core/events.ts'
import { DEFAULT_SETTINGS, resolveDefinition } from '../../src/core/job/resolve-definition.ts'
import { runIdOf } from '../../src/core/run/run-id.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import type { EventLog } from '../../src/ports/event-log.ts'

const NO_MARK = { epoch: 0, seq: 0 }
const EVENTS = { topic: 'events', partition: 0 }
const codec = createEventCodec()

/** Times of the events: one second a batch. */
export const at = (second: number): number => Date.UTC(2027, 0, 1) + second * 1_000

export class History {
  readonly log: EventLog = createMemoryCluster({ now: () => at(0) }).connect('history')
  #epoch = 0
  #seq = 0
  #batches = 0
  #owner = new Uint8Array(16)
  #chain: Uint8Array = new Uint8Array(32)

  /** A new owner takes over; without `epoch` the next. */
  async announce(epoch: number = this.#epoch + 1): Promise<this> {
    const owner = new Uint8Array(16).fill(epoch + 10)
    const event: OwnerAnnounced = {
      type: 'OwnerAnnounced',
      epoch,
      seq: 0,
      index: 0,
      time: at(this.#batches),
      owner,
      node: 'test:1',
      generation: epoch,
      partitions: 1,
      hash: 'murmur2',
      format: 1,
      logId: new Uint8Array(16).fill(7),
    }
    const values = await this.append([event])
    this.#chain = codec.chain(this.#chain, values)
    this.#owner = owner
    this.#epoch = epoch
    this.#seq = 0
    return this
  }

  /**
   * A batch and its trailer. `written` changes the events after the chain was made from them, as who edits the log and
   * makes its CRC right.
   */
  async batch(
    decided: readonly Decided[],
    written: (events: readonly Event[]) => readonly Event[] = (events) => events,
  ): Promise<this> {
    this.#seq += 1
    this.#batches += 1
    const stamp = { epoch: this.#epoch, seq: this.#seq, time: at(this.#batches) }
    const events = decided.map((event, index): Event => ({ ...event, ...stamp, index }))
    const trailer: BatchCommitted = {
      type: 'BatchCommitted',
      ...stamp,
      index: events.length,
      owner: this.#owner,
      count: events.length,
      prev: this.#chain,
      commandsThrough: -1,
      reportsThrough: -1,
      dispatchedThrough: NO_MARK,
    }
    this.#chain = codec.chain(this.#chain, copies([...events, trailer]))
    await this.append([...written(events), trailer])
    return this
  }

  /** Records as they are, outside of the order. */
  async append(events: readonly Event[]): Promise<readonly Uint8Array[]> {
    const values = copies(events)
    await this.log.append(
      EVENTS,
      values.map((value) => ({ key: null, value })),
    )
    return values
  }
}

function copies(events: readonly Event[]): Uint8Array[] {
  return codec.encode(events).values.map((value) => Uint8Array.from(value))
}

export function jobAdded(jobId: string, more: Partial<EventOf<'JobAdded'>> = {}): Decided {
  const definition = resolveDefinition(jobId, { task: 'echo', trigger: interval('1s') }, DEFAULT_SETTINGS)
  if ('code' in definition) throw new Error(definition.reason)
  return {
    type: 'JobAdded',
    jobId,
    ...NO_COMMAND,
    version: 1,
    definition,
    anchor: at(0),
    nextFireTime: at(1),
    paused: false,
    ...more,
  }
}

/** Of the job whose JobAdded is the first event of batch 1-1. */
export function runQueued(jobId: string, second: number, more: Partial<EventOf<'RunQueued'>> = {}): Decided {
  return {
    type: 'RunQueued',
    jobId,
    ...NO_COMMAND,
    runId: runOf(jobId, second),
    scheduledAt: at(second),
    dueAt: at(second),
    cause: 'trigger',
    jobVersion: 1,
    executor: 'default',
    startBefore: null,
    after: null,
    coalesced: null,
    coalescesThrough: null,
    retryOf: null,
    nextFireTime: at(second + 1),
    payload: null,
    contentType: null,
    ...more,
  }
}

export function runSucceeded(jobId: string, second: number, attempt = 1): Decided {
  const scheduledAt = at(second)
  return {
    type: 'RunSucceeded',
    jobId,
    runId: runOf(jobId, second),
    attempt,
    scheduledAt,
    startedAt: scheduledAt,
    executor: 'x',
    result: null,
  }
}

export function runOf(jobId: string, second: number): string {
  return runIdOf(jobId, '1-1-0', at(second), null)
}
