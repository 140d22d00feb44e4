/**
 * Appends a batch and finds out what became of it.
 *
 * The outcome of an append may be unknown; then the same bytes go again until the own fold shows the batch accepted or
 * its owner overtaken. Only a refusal of the very first attempt means that the batch is certainly not in the log.
 */
import type { Clock } from '../ports/clock.ts'
import { type Appended, type EventLog, LogError, type LogRecord, type TopicPartition } from '../ports/event-log.ts'

export interface Settling {
  readonly log: EventLog
  readonly clock: Clock
  readonly to: TopicPartition
  readonly records: readonly LogRecord[]
  /** Where the batch lands when nobody wrote in between. */
  readonly expected: number
  /** It landed there: takes it as accepted without reading it back. */
  readonly takeOwn: () => void
  /** Folds up to an offset; null: to the end of the log. */
  readonly fold: (offset: number | null) => Promise<void>
  /** The log still has what was folded of it: a connection that broke may have been to a leader that is no more. */
  readonly isIntact: () => Promise<boolean>
  /** What the fold says of the batch. */
  readonly isAccepted: () => boolean
  /** The fold names another owner. */
  readonly isOvertaken: () => boolean
  /** The caller no longer wants to own. */
  readonly isAbandoned: () => boolean
}

export type Settled =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'overtaken' }
  /** Not in the log, and never will be. */
  | { readonly kind: 'refused'; readonly error: LogError }
  /** It may be in the log or not. */
  | { readonly kind: 'unknown'; readonly error: Error | null }
  /** The log is shorter than what was folded of it. */
  | { readonly kind: 'truncated' }

/** Attempts before the owner gives the batch up and announces itself anew. */
const MAX_SENDS = 20
const FIRST_WAIT_MS = 10
const LONGEST_WAIT_MS = 1_000
const REFUSED_WAIT_MS = 100

export async function settle(settling: Settling): Promise<Settled> {
  let lastError: LogError | null = null
  for (let send = 1; send <= MAX_SENDS; send += 1) {
    if (send > 1) await wait(settling.clock, Math.min(FIRST_WAIT_MS * 2 ** (send - 2), LONGEST_WAIT_MS))
    if (send > 1 && settling.isAbandoned()) break
    const sent = await sendOnce(settling)
    if (sent instanceof LogError) {
      if (sent.outcome === 'refused' && send === 1) return { kind: 'refused', error: sent }
      if (sent.code === 'disk-failed' || sent.code === 'closed') return { kind: 'unknown', error: sent }
      lastError = sent
      await wait(settling.clock, FIRST_WAIT_MS)
      await foldIfPossible(settling, null)
      if (!(await isIntact(settling))) return { kind: 'truncated' }
    } else {
      if (sent.baseOffset < settling.expected) return { kind: 'truncated' }
      if (send === 1 && sent.baseOffset === settling.expected) settling.takeOwn()
      // It is in the log, whatever becomes of the reading: a failure of that is no refusal.
      else lastError = (await foldIfPossible(settling, sent.baseOffset + settling.records.length)) ?? lastError
    }
    if (settling.isAccepted()) return { kind: 'accepted' }
    if (settling.isOvertaken()) return { kind: 'overtaken' }
  }
  return { kind: 'unknown', error: lastError }
}

async function sendOnce({ log, to, records }: Settling): Promise<Appended | LogError> {
  try {
    return await log.append(to, records)
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
}

async function foldIfPossible(settling: Settling, offset: number | null): Promise<LogError | null> {
  try {
    await settling.fold(offset)
    return null
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
}

/** What can't be read now is looked at after the next try. */
async function isIntact(settling: Settling): Promise<boolean> {
  try {
    return await settling.isIntact()
  } catch (error) {
    if (error instanceof LogError) return true
    throw error
  }
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(clock.now() + ms, resolve))
}

/** Before a batch that the log refused is decided anew. */
export function beforeNextTry(clock: Clock): Promise<void> {
  return wait(clock, REFUSED_WAIT_MS)
}

/** Lets callers that were answered submit what follows, so that it rides the next batch. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
