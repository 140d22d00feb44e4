/**
 * Why a job did or did not run at one time: which events decided that time, and, when none did, what the job was then.
 *
 * Of times decided together at most 100 are listed in an event; of the others their first, last and count are known.
 */
import type { Event, Times } from '../../core/events.ts'
import type { JobState } from '../../core/job/job-state.ts'
import { instantText } from '../time-text.ts'

export class TimeQuestion {
  readonly at: number
  readonly #jobId: string
  readonly #runs = new Set<string>()
  /** The job as it was at the time; undefined: it was not there; null: no event is later. */
  #then: JobState | undefined | null = null
  #decided = false
  /** Scheduled times next to it that became runs. */
  #before: number | null = null
  #after: number | null = null

  constructor(jobId: string, at: number) {
    this.#jobId = jobId
    this.at = at
  }

  /** Before the event is told: `job` as it is before it. */
  before(event: Event, job: JobState | undefined): void {
    if (this.#then === null && event.time > this.at) this.#then = job
    if (event.type !== 'RunQueued' || event.jobId !== this.#jobId || event.cause !== 'trigger') return
    const { scheduledAt } = event
    if (scheduledAt < this.at) this.#before = scheduledAt
    else if (scheduledAt > this.at) this.#after ??= scheduledAt
  }

  /** Whether the event is about the time, or about a run that it became. */
  concerns(event: Event): boolean {
    if ('runId' in event && event.runId !== null && this.#runs.has(event.runId)) return true
    if (!this.#decides(event)) return false
    this.#decided = true
    if (event.type === 'RunQueued') this.#runs.add(event.runId)
    return true
  }

  /** In a sentence, when no event is about the time. `job`: as it is at the end of the events. */
  unanswered(job: JobState | undefined): string | null {
    if (this.#decided) return null
    const then = this.#then === null ? job : this.#then
    const time = instantText(this.at)
    if (then === undefined) return `There was no job ${this.#jobId} at ${time}.`
    const next = then.nextFireTime
    if (next !== null && next <= this.at && this.#then === null)
      return `${time} has not been decided: the job's next time to decide is ${instantText(next)}.`
    return `${time} was not a scheduled time of ${this.#jobId} that was decided: ${this.#neighbours(next)}`
  }

  #neighbours(next: number | null): string {
    const before =
      this.#before === null
        ? 'it had not run by its trigger before'
        : `the run before was for ${instantText(this.#before)}`
    if (this.#after !== null) return `${before}, the one after for ${instantText(this.#after)}.`
    return `${before}; ${next === null ? 'no time was to come' : `its next time was ${instantText(next)}`}.`
  }

  #decides(event: Event): boolean {
    switch (event.type) {
      case 'RunQueued':
        return event.scheduledAt === this.at || this.#isAmong(event.coalesced)
      case 'RunSkipped':
      case 'RunMissed':
        return event.runId === null && this.#isAmong(event.times)
      case 'JobResumed':
        return this.#isAmong(event.skipped)
      default:
        return false
    }
  }

  #isAmong(times: Times | null): boolean {
    if (times === null || this.at < times.first || this.at > times.last) return false
    return times.listed.includes(this.at) || this.at === times.last || times.count > times.listed.length
  }
}
