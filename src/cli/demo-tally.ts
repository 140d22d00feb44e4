/** Counts what the demo does, and what it caught up of the time in which it did not run. */
import type { JobInfo } from '../client/job-info.ts'
import { countText } from '../client/count-text.ts'
import type { Fact } from './fact-lines.ts'
import { spanText } from '../client/time-text.ts'

export class DemoTally {
  /** What was there at the start, for people. */
  readonly foundText: string
  readonly #since: number
  readonly #counts = new Map<string, number>()
  /** Jobs that were due at the start and have had no decision. */
  readonly #overdue: Set<string>
  /** Runs that had not ended at the start, and have not yet. */
  readonly #interrupted: Set<string>
  readonly #late = { jobs: 0, times: 0, runs: 0 }

  constructor(found: readonly JobInfo[], now: number) {
    this.#since = now
    const overdue = found.filter(
      ({ nextFireTime, paused }) => nextFireTime !== null && nextFireTime.getTime() < now && paused === null,
    )
    this.#overdue = new Set(overdue.map(({ id }) => id))
    this.#interrupted = new Set(found.flatMap(({ openRuns }) => openRuns))
    this.foundText = foundText(found, overdue.length)
  }

  /** Returns a sentence when something of before the start is made good with this fact, else null. */
  take(fact: Fact): string | null {
    const { word, event } = fact
    const counted = event.type === 'RunRetryQueued' ? 'retried' : word
    this.#counts.set(counted, this.count(counted) + 1)
    return this.#recovered(fact) ?? this.#caughtUp(fact)
  }

  count(word: string): number {
    return this.#counts.get(word) ?? 0
  }

  /** `open`: runs that have not ended. */
  summary(now: number, open: number): string {
    const words = ['succeeded', 'failed', 'missed', 'skipped'].filter(
      (word, place) => place < 2 || this.count(word) > 0,
    )
    const ends = words.map((word) => `${this.count(word)} ${word}`).join(', ')
    const retries = countText(this.count('retrying'), 'retry', 'retries')
    const span = spanText(now - this.#since)
    const left = open === 0 ? '' : `; ${countText(open, 'run')} under way, to run again at the next start`
    return `summary: ${countText(this.count('queued'), 'run')} in ${span}: ${ends}; ${retries}${left}`
  }

  #recovered({ word, event }: Fact): string | null {
    if (!('runId' in event) || event.runId === null || !ENDS.has(event.type)) return null
    if (!this.#interrupted.delete(event.runId)) return null
    return `recovered: ${event.runId}, which the stop had interrupted, ran again and ${word}`
  }

  #caughtUp({ jobId, event }: Fact): string | null {
    const timesOfEvent = timesDecided(event)
    if (timesOfEvent === 0 || !this.#overdue.delete(jobId)) return null
    this.#late.jobs += 1
    this.#late.times += timesOfEvent
    this.#late.runs += event.type === 'RunQueued' ? 1 : 0
    if (this.#overdue.size > 0) return null
    const { times, jobs, runs } = this.#late
    const passed = `${countText(times, 'scheduled time')} of ${countText(jobs, 'job')} passed while nothing ran`
    return `caught up: ${passed}; ${countText(runs, 'run stands', 'runs stand')} for them`
  }
}

const ENDS: ReadonlySet<string> = new Set(['RunSucceeded', 'RunFailed', 'RunTimedOut', 'RunCancelled', 'RunLost'])

function foundText(found: readonly JobInfo[], overdue: number): string {
  if (found.length === 0) return 'jobs   found none: the demo adds its own'
  const open = found.reduce((sum, job) => sum + job.openRuns.length, 0)
  const late = `${overdue} of the jobs ${overdue === 1 ? 'was' : 'were'} due while nothing ran`
  return `jobs   found ${countText(found.length, 'job')} and ${countText(open, 'run')} that had not ended; ${late}`
}

function timesDecided(event: Fact['event']): number {
  switch (event.type) {
    case 'RunQueued':
      return event.cause === 'trigger' ? 1 + (event.coalesced?.count ?? 0) : 0
    case 'RunSkipped':
    case 'RunMissed':
      return event.runId === null ? event.times.count : 0
    default:
      return 0
  }
}
