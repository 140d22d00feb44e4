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
  /**
   * It landed there, in a term in which the log was found intact: takes it as accepted without reading it back. null: it is
   * to be read back.
   */
  readonly takeOwn: (() => void) | null
  /** Nothing that the log had can have got lost since it was found intact. */
  readonly isSameTerm: (term: number | undefined) => boolean
  /** Folds up to an offset; null: to the end of the log. */
  readonly fold: (offset: number | null) => Promise<void>
  /**
   * The log still has what was folded of it: a connection that broke may have been to a leader that is no more. `term`: of
   * the append after which it is asked; absent: there is none.
   */
  readonly isIntact: (term?: number) => Promise<boolean>
  /** What the log's clock showed at an append, and ours before and after it, epoch ms. */
  readonly stamped: (appendedAt: number, sentAt: number, answeredAt: number) => void
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
/** Somebody has to change the cluster first. */
const FORBIDDEN_WAIT_MS = 5_000

export async function settle(settling: Settling): Promise<Settled> {
  let lastError: LogError | null = null
  let landed: Appended | null = null
  for (let send = 1; send <= MAX_SENDS; send += 1) {
    if (send > 1) await wait(settling.clock, Math.min(FIRST_WAIT_MS * 2 ** (send - 2), LONGEST_WAIT_MS))
    if (send > 1 && settling.isAbandoned()) break
    const sent: Appended | LogError = landed ?? (await sendOnce(settling))
    if (sent instanceof LogError) {
      if (sent.outcome === 'refused' && send === 1) return { kind: 'refused', error: sent }
      if (sent.code === 'disk-failed' || sent.code === 'closed') return { kind: 'unknown', error: sent }
      lastError = sent
      await wait(settling.clock, FIRST_WAIT_MS)
      if ((await foldIntact(settling, null)) === 'truncated') return { kind: 'truncated' }
    } else {
      const { expected, takeOwn, isSameTerm, records } = settling
      if (sent.baseOffset < expected) return { kind: 'truncated' }
      if (send === 1 && sent.baseOffset === expected && takeOwn !== null && isSameTerm(sent.term)) takeOwn()
      else {
        const folded = await foldIntact(settling, sent.baseOffset + records.length, sent.term)
        if (folded === 'truncated') return { kind: 'truncated' }
        // It is in the log, whatever becomes of the reading: a failure of that is no refusal, and no reason to send it again.
        lastError = folded ?? lastError
        landed = folded === null ? null : sent
      }
    }
    if (settling.isAccepted()) return { kind: 'accepted' }
    if (settling.isOvertaken()) return { kind: 'overtaken' }
  }
  return { kind: 'unknown', error: lastError }
}

async function sendOnce({ log, clock, to, records, stamped }: Settling): Promise<Appended | LogError> {
  try {
    const sentAt = clock.now()
    const appended = await log.append(to, records)
    stamped(appended.timestamp, sentAt, clock.now())
    return appended
  } catch (error) {
    if (error instanceof LogError) return error
    throw error
  }
}

/**
 * Others wrote in between, the connection broke, or the log has another leader: before the fold takes the batch for
 * accepted, the log must be the one on which it was decided. What can't be read now is looked at after the next try.
 */
async function foldIntact(
  settling: Settling,
  offset: number | null,
  term?: number,
): Promise<LogError | 'truncated' | null> {
  try {
    if (!(await settling.isIntact(term))) return 'truncated'
    await settling.fold(offset)
    return null
  } catch (error) {
    if (error instanceof LogError) return error.code === 'offset-out-of-range' ? 'truncated' : error
    throw error
  }
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(clock.now() + ms, resolve))
}

/** A refusal that may pass by itself, or when somebody changes what the broker allows. */
export function mayPass(error: LogError): boolean {
  return error.retryable || error.code === 'not-authorized'
}

/** Before a batch that the log refused is decided anew; shorter for who no longer wants to own. */
export async function beforeNextTry(clock: Clock, error: LogError, isAbandoned: () => boolean): Promise<void> {
  const until = clock.now() + (error.retryable ? REFUSED_WAIT_MS : FORBIDDEN_WAIT_MS)
  do await wait(clock, REFUSED_WAIT_MS)
  while (clock.now() < until && !isAbandoned())
}

/** Lets callers that were answered submit what follows, so that it rides the next batch. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
