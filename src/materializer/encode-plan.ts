/** Makes one batch out of the inbox: decided, with its trailer, encoded, within the limits of a batch. */
import { AssertionError } from '../core/assert.ts'
import type { BatchCommitted, Event } from '../core/events.ts'
import { MAX_BATCH_BYTES, MAX_JOB_ID_CHARS } from '../core/limits.ts'
import type { EncodedBatch, EventCodec } from '../ports/event-codec.ts'
import type { LogRecord } from '../ports/event-log.ts'
import type { Cursor } from './cursor.ts'
import type { Inbox, Pending } from './inbox.ts'
import { type Deciding, type Plan, planBatch } from './plan-batch.ts'

export type Planned =
  /** Inputs that change nothing. */
  | { readonly kind: 'nothing'; readonly plan: Plan }
  | {
      readonly kind: 'batch'
      readonly plan: Plan
      readonly trailer: BatchCommitted
      readonly encoded: EncodedBatch
      /** With keys and framing. */
      readonly bytes: number
    }
  /** One input that can't even be refused in writing; the others are still in the inbox. */
  | { readonly kind: 'unwritable'; readonly plan: Plan; readonly why: string }
  /**
   * What nobody asked for is more than the log takes: it has to wait until somebody lets the log take more. `timers` has the
   * key of the timer that it is of; none: not even the progress can be written.
   */
  | { readonly kind: 'hindered'; readonly timers: readonly string[]; readonly why: string }

/** What a trailer says beside the chain: up to where inputs were handled and effects have left. */
export type Progress = Pick<BatchCommitted, 'commandsThrough' | 'reportsThrough' | 'dispatchedThrough'>

export interface Progressing {
  /** After the inputs of the plan. */
  after(plan: Plan): Progress
  /** The progress alone is worth a batch. */
  readonly isDue: boolean
}

/** In memory nothing has a position, and a hand-over is no dispatch: every open run is handed over again at a start. */
export const IN_MEMORY: Progressing = {
  after: () => ({ commandsThrough: -1, reportsThrough: -1, dispatchedThrough: { epoch: 0, seq: 0 } }),
  isDue: false,
}

/** What a record costs beside its key and value, at most. */
const FRAMING_BYTES = 32

/**
 * A batch that came out larger than `maxBytes` is decided again from half of its inputs. One input whose events can't be
 * written by themselves is refused, which is written.
 */
export function encodePlan(
  deciding: Omit<Deciding, 'maxInputs' | 'batch' | 'unwritable'>,
  cursor: Cursor,
  owner: Uint8Array,
  codec: EventCodec,
  progressing: Progressing,
  maxBytes: number,
): Planned {
  const batch = { epoch: cursor.epoch, seq: cursor.seq + 1 }
  let maxInputs = Number.MAX_SAFE_INTEGER
  let { firing } = deciding
  let unwritable: Deciding['unwritable'] = null
  for (;;) {
    const plan = planBatch({ ...deciding, firing, batch, maxInputs, unwritable })
    if (plan.events.length === 0 && !progressing.isDue) return { kind: 'nothing', plan }
    const trailer: BatchCommitted = {
      type: 'BatchCommitted',
      ...batch,
      index: plan.events.length,
      time: plan.overlay.lastTime,
      owner,
      count: plan.events.length,
      prev: cursor.chain,
      ...progressing.after(plan),
    }
    const encoded = encodable(codec, [...plan.events, trailer])
    const bytes = encoded instanceof Error ? Infinity : encoded.bytes + besideValues(plan)
    if (!(encoded instanceof Error) && bytes <= maxBytes) return { kind: 'batch', plan, trailer, encoded, bytes }
    const inputs = plan.reports + plan.timers + plan.commands
    if (inputs > 1) {
      maxInputs = inputs >> 1
      continue
    }
    if (firing) {
      // The fire that rode along may have been too much.
      firing = false
      continue
    }
    const why = encoded instanceof Error ? encoded.message : `its events have ${bytes} bytes, ${maxBytes} can be taken`
    const pending = hinderedBy(plan, deciding.inbox)
    if (pending === undefined && maxBytes < MAX_BATCH_BYTES)
      return { kind: 'hindered', timers: deciding.inbox.timers.first(plan.timers), why }
    if (pending === undefined) throw new AssertionError(`the events of a timer can't be written: ${why}`)
    if (unwritable !== null) return { kind: 'unwritable', plan, why }
    unwritable = { pending, why }
  }
}

/** The one input of the plan, or the command before which its events have to be decided; undefined: nobody asked for them. */
function hinderedBy({ answers, timers, events }: Plan, inbox: Inbox): Pending | undefined {
  return answers[0]?.pending ?? (timers === 0 && events.length > 0 ? inbox.commands.at(0) : undefined)
}

/** Keys and framing of the records: a log counts them as well. */
function besideValues(plan: Plan): number {
  return plan.events.reduce((sum, event) => sum + FRAMING_BYTES + (keyOf(event)?.length ?? 0), FRAMING_BYTES)
}

function encodable(codec: EventCodec, events: readonly Event[]): EncodedBatch | Error {
  try {
    return codec.encode(events)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The batch for the log; bookkeeping records and what names no possible job have no key. */
export function batchRecords(events: readonly Event[], values: readonly Uint8Array[]): LogRecord[] {
  return values.map((value, index) => ({ key: keyOf(events[index]), value }))
}

function keyOf(event: Event | undefined): string | null {
  if (event === undefined || !('jobId' in event) || event.jobId === null) return null
  return event.jobId.length <= MAX_JOB_ID_CHARS ? event.jobId : null
}
