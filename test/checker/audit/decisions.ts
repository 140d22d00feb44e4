/**
 * The decisions on one job's scheduled times, held against its schedule: every time from the first to the last decided
 * one is decided once, none before it is due.
 *
 * Claims of one batch are settled together, because a pass may write its times out of order (a run for the latest, with
 * the earlier ones coalesced into it). A claim says which times it decides: first, last, count and the first 100 of them.
 *
 * Invariants:
 * 1. After a batch, every scheduled time up to `decided` is decided and none after it.
 * 2. A time that two claims name is reported, whichever of them came first.
 */
import { jitterOf, type Schedule } from '../oracle/trigger-oracle.ts'
import type { Place, Stamp, Times } from './events.ts'
import { type Report, rfc3339, type ViolationKind } from './report.ts'

export interface Claim {
  readonly times: Times
  readonly stamp: Stamp
  readonly place: Place
}

/** Times that an event lists at most; more are only counted. */
const TIMES_LISTED = 100
/** A gap is counted up to here: one wrong event must not make the checker count to the year 9999. */
const GAP_COUNTED = 100_000

export class Decisions {
  readonly #report: Report
  readonly #name: string
  readonly #jobId: string
  #schedule: Schedule
  /** The first undecided time; null: none, or no oracle. */
  #expected: number | null
  #decided = -1
  /** Times decided under this trigger; `repeat` is about them. */
  #count = 0
  #claims: Claim[] = []

  constructor(report: Report, jobId: string, incarnation: string, schedule: Schedule, first: number | null) {
    this.#report = report
    this.#jobId = jobId
    this.#name = `job ${jobId} ${incarnation}`
    this.#schedule = schedule
    this.#expected = first
  }

  /** The first scheduled time that nothing has decided; null: none, or nobody knows. */
  get expected(): number | null {
    return this.#expected
  }

  get decided(): number {
    return this.#decided
  }

  get settled(): boolean {
    return this.#claims.length === 0
  }

  get hasOracle(): boolean {
    return this.#schedule.oracle !== null
  }

  /** The scheduled time and its jitter. */
  dueTime(scheduledAt: number): number {
    return scheduledAt + jitterOf(this.#jobId, scheduledAt, this.#schedule.jitterMs)
  }

  /** A new version: its own times, from `first` on. What the old one left undecided until `now` is counted. */
  reschedule(schedule: Schedule, first: number | null, keepsPhase: boolean, now: number, place: Place): void {
    if (!keepsPhase) this.#count = 0
    if (first !== null && first <= this.#decided) {
      const text = `${this.#name}: the new version fires at ${rfc3339(first)}, not later than ${rfc3339(this.#decided)}`
      this.#report.violate('wrong-next-fire-time', place, text)
    }
    for (let at = this.#expected; at !== null && at <= now && at !== first; at = this.#after(at)) {
      this.#report.superseded += 1
    }
    this.#schedule = schedule
    this.#expected = first
  }

  claim(claim: Claim): void {
    const { times, stamp, place } = claim
    if (!this.#isWellFormed(times)) {
      this.#violate('wrong-count', place, `${written(times)} with ${times.listed.length} listed cannot be`)
      return
    }
    if (stamp.time < this.#allDue(times)) {
      this.#violate('early', place, `${rfc3339(times.last)} is decided at ${rfc3339(stamp.time)}`)
    }
    this.#claims.push(claim)
  }

  #allDue({ last, listed }: Times): number {
    return this.#schedule.jitterMs === 0 ? last : Math.max(...listed.map((at) => this.dueTime(at)))
  }

  #isWellFormed({ first, last, count, listed }: Times): boolean {
    if (count < 1 || first > last || listed.length !== Math.min(count, TIMES_LISTED) || listed[0] !== first)
      return false
    if (count === listed.length && listed.at(-1) !== last) return false
    return listed.every((at, index) => index === 0 || at > (listed[index - 1] ?? 0)) && (listed.at(-1) ?? 0) <= last
  }

  /** Judges what was claimed since the last time. */
  settle(): void {
    const claims = this.#claims
    const [only] = claims
    if (only === undefined) return
    this.#claims = []
    if (claims.length === 1 && only.times.count === 1 && only.times.first === this.#expected) {
      this.#count += 1
      this.#advance(only.times.first)
      return
    }
    if (this.#schedule.oracle === null) this.#settleByOrder(claims)
    else this.#settleByOracle(claims)
  }

  /** Without an oracle: later than all before, and no time twice. */
  #settleByOrder(claims: readonly Claim[]): void {
    let last = this.#decided
    for (const { times, place } of claims.toSorted((a, b) => a.times.first - b.times.first)) {
      this.#count += times.count
      if (times.first <= last) this.#violate('decided-twice', place, `${written(times)} after ${rfc3339(last)}`)
      last = Math.max(last, times.last)
    }
    this.#advance(last)
  }

  #settleByOracle(claims: readonly Claim[]): void {
    const listed = this.#collectListed(claims)
    const ranges = claims.filter(({ times }) => times.count > times.listed.length)
    const counted = new Map<Claim, number>(ranges.map((range) => [range, range.times.listed.length]))
    const end = Math.max(...claims.map(({ times }) => times.last))
    const missing: number[] = []
    const limit = GAP_COUNTED + claims.reduce((sum, { times }) => sum + times.count, 0)
    let steps = 0
    for (let at = this.#expected; at !== null && at <= end && steps < limit; at = this.#after(at)) {
      steps += 1
      this.#count += 1
      if (listed.delete(at)) continue
      const range = ranges.find(({ times }) => at > (times.listed.at(-1) ?? 0) && at <= times.last)
      if (range === undefined) missing.push(at)
      else counted.set(range, (counted.get(range) ?? 0) + 1)
    }
    for (const [at, place] of listed) this.#violateUnscheduled(at, place)
    for (const [{ times, place }, found] of counted) {
      if (found !== times.count)
        this.#violate('wrong-count', place, `${written(times)}, but there are ${found} to decide`)
    }
    const place = claims.at(-1)?.place ?? null
    const { repeat } = this.#schedule
    if (repeat !== null && this.#count > repeat) {
      this.#violate('off-schedule', place, `${this.#count} times are decided, but it repeats ${repeat} times`)
    }
    if (missing.length > 0) {
      const many = `${missing.length} from ${rfc3339(missing[0] ?? 0)} to ${rfc3339(missing.at(-1) ?? 0)}`
      this.#violate('not-decided', place, `${many}, although ${rfc3339(end)} was`)
    }
    this.#advance(Math.max(end, this.#decided))
  }

  /** The times that the claims name one by one, with their places; those that are named or decided twice are reported. */
  #collectListed(claims: readonly Claim[]): Map<number, Place> {
    const listed = new Map<number, Place>()
    for (const { times, place } of claims) {
      for (const at of times.listed) {
        if (listed.has(at)) this.#violate('decided-twice', place, `${rfc3339(at)} twice in one batch`)
        listed.set(at, place)
      }
    }
    return listed
  }

  #violateUnscheduled(at: number, place: Place): void {
    if (at <= this.#decided) {
      this.#violate(
        'decided-twice',
        place,
        `${rfc3339(at)} is not later than ${rfc3339(this.#decided)}, decided before`,
      )
    } else this.#violate('off-schedule', place, `${rfc3339(at)} is no time of its ${this.#schedule.type} trigger`)
  }

  #advance(through: number): void {
    this.#decided = through
    const { repeat } = this.#schedule
    this.#expected = repeat !== null && this.#count >= repeat ? null : this.#after(through)
  }

  #after(at: number): number | null {
    return this.#schedule.oracle?.next(at) ?? null
  }

  #violate(kind: ViolationKind, place: Place | null, text: string): void {
    this.#report.violate(kind, place, `${this.#name}: ${text}`)
  }
}

function written({ first, last, count }: Times): string {
  return count === 1 ? rfc3339(first) : `${count} times from ${rfc3339(first)} to ${rfc3339(last)}`
}
