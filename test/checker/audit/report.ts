/** What the checker found: violations, each with its place, and how much of everything there was. */
import type { Place } from './events.ts'

export type ViolationKind =
  // The folder and its frames
  | 'damaged-frame'
  | 'unreadable-record'
  // The reader's rule
  | 'ignored-record'
  | 'dropped-batch'
  | 'broken-chain'
  | 'seq-gap'
  | 'no-trailer'
  | 'wrong-announcement'
  | 'went-back'
  | 'wrong-key'
  // Decisions
  | 'decided-twice'
  | 'not-decided'
  | 'off-schedule'
  | 'wrong-count'
  | 'early'
  | 'wrong-next-fire-time'
  | 'wrong-due-time'
  | 'wrong-coalesce'
  | 'unfounded'
  // Jobs
  | 'job-order'
  | 'wrong-partition'
  | 'while-paused'
  | 'after-removal'
  | 'over-max-instances'
  // Runs
  | 'queued-twice'
  | 'wrong-run-id'
  | 'second-outcome'
  | 'after-outcome'
  | 'unknown-run'
  | 'wrong-attempt'
  | 'open-run'
  | 'not-executed'
  // Commands
  | 'second-answer'
  | 'lost-command'

export interface Violation extends Partial<Place> {
  readonly kind: ViolationKind
  readonly text: string
}

/** One fault can make thousands of followers, and nobody reads them. */
const VIOLATIONS_KEPT_PER_KIND = 25

export class Report {
  readonly violations: Violation[] = []
  readonly violationCounts = new Map<ViolationKind, number>()
  readonly events = new Map<string, number>()
  /** Job versions whose trigger has no oracle, by type: only the order of their fires was checked. */
  readonly unchecked = new Map<string, number>()
  frames = 0
  records = 0
  batches = 0
  ownerships = 0
  /** Of a shared log: records that the reader's rule ignores or drops. */
  leftBehind = 0
  partitions = 0
  /** Bytes of a write that a crash cut short at the very end; they are no violation. */
  tornTailBytes = 0
  /** Scheduled times that became a run by their own trigger. */
  fires = 0
  coalesced = 0
  skipped = 0
  missed = 0
  /** Runs that no trigger made. */
  extraRuns = 0
  outcomes = 0
  openRuns = 0
  /** Runs that an ownership left open and a later one ended. */
  runsAcrossOwnerships = 0
  answers = 0
  /** Commands whose id was answered before. */
  duplicates = 0
  /** First fires that are not the trigger's own: a client may give one, so it is no violation. */
  givenFireTimes = 0
  /** Times that were due under a definition when another one replaced it, and were never decided. */
  superseded = 0
  /** How far the job that is furthest behind is due before the last event, in milliseconds. */
  behindMs = 0

  violate(kind: ViolationKind, place: Place | null, text: string): void {
    const count = (this.violationCounts.get(kind) ?? 0) + 1
    this.violationCounts.set(kind, count)
    if (count <= VIOLATIONS_KEPT_PER_KIND) this.violations.push({ kind, ...place, text })
  }

  get violationCount(): number {
    return [...this.violationCounts.values()].reduce((sum, count) => sum + count, 0)
  }

  toJSON(): Record<string, unknown> {
    const { violationCounts, violations, events, unchecked, ...counts } = this
    return {
      ok: this.violationCount === 0,
      ...counts,
      events: Object.fromEntries(events),
      unchecked: Object.fromEntries(unchecked),
      violationCounts: Object.fromEntries(violationCounts),
      violations,
    }
  }
}

export function countUp<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** One line, beginning with the place. */
export function violationLine({ kind, partition, offset, text }: Violation): string {
  const place =
    offset === undefined ? '' : partition === undefined ? `at ${offset}: ` : `partition ${partition} offset ${offset}: `
  return `${place}${kind}: ${text}`
}

export function rfc3339(at: number | null): string {
  if (at === null) return 'none'
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at)
}
