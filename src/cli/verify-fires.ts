/**
 * I1 and I2: of each incarnation of a job, the scheduled times that are decided strictly rise, so none is decided twice;
 * and I9: nothing fires for a job that is not there or that is paused.
 */
import type { Event, EventOf, Times } from '../core/events.ts'
import { incarnationOf } from '../core/run/run-id.ts'
import { rfc3339 } from '../core/times.ts'
import type { Complain } from './problem.ts'

interface JobSeen {
  readonly incarnation: string
  paused: boolean
  /** Last scheduled time that was decided. */
  through: number
}

export class FireCheck {
  times = 0
  readonly #complain: Complain
  readonly #jobs = new Map<string, JobSeen>()

  constructor(complain: Complain) {
    this.#complain = complain
  }

  take(event: Event, offset: number): void {
    switch (event.type) {
      case 'JobAdded':
        if (this.#jobs.has(event.jobId)) this.#complain(offset, 'I1', `job ${event.jobId} is added while it is there`)
        this.#jobs.set(event.jobId, { incarnation: incarnationOf(event), paused: event.paused, through: -Infinity })
        return
      case 'JobRemoved':
      case 'JobFinished':
        if (!this.#jobs.delete(event.jobId)) this.#complain(offset, 'I1', `job ${event.jobId} ends and is not there`)
        return
      case 'JobsRemoved':
        this.#jobs.clear()
        return
      case 'JobPaused':
      case 'JobResumed':
        this.#switched(event, offset)
        return
      case 'RunQueued':
        this.#queued(event, offset)
        return
      case 'RunSkipped':
      case 'RunMissed':
        if (event.runId === null) this.#decided(event.jobId, event.times, offset)
        return
      default:
    }
  }

  #switched(event: EventOf<'JobPaused' | 'JobResumed'>, offset: number): void {
    const job = this.#jobs.get(event.jobId)
    if (job === undefined) return this.#complain(offset, 'I9', `job ${event.jobId} is not there`)
    job.paused = event.type === 'JobPaused'
    if (event.type === 'JobResumed' && event.skipped !== null) this.#decided(event.jobId, event.skipped, offset)
  }

  #queued(event: EventOf<'RunQueued'>, offset: number): void {
    const job = this.#jobs.get(event.jobId)
    if (job === undefined)
      return this.#complain(offset, 'I9', `run ${event.runId} is queued for a job that is not there`)
    if (!event.runId.startsWith(`${event.jobId}/${job.incarnation}/`)) {
      this.#complain(offset, 'I1', `run ${event.runId} is not of incarnation ${job.incarnation}`)
    }
    if (event.cause !== 'trigger') return
    if (job.paused) this.#complain(offset, 'I9', `job ${event.jobId} fires although it is paused`)
    const { coalesced, scheduledAt } = event
    const first = Math.min(scheduledAt, coalesced?.first ?? scheduledAt)
    const last = Math.max(scheduledAt, coalesced?.last ?? scheduledAt)
    if (coalesced?.listed.includes(scheduledAt) === true) {
      this.#complain(offset, 'I1', `run ${event.runId} stands for its own time a second time`)
    }
    this.#decided(event.jobId, { first, last, count: 1 + (coalesced?.count ?? 0) }, offset)
  }

  #decided(jobId: string, times: Omit<Times, 'listed'>, offset: number): void {
    this.times += times.count
    const job = this.#jobs.get(jobId)
    if (job === undefined)
      return this.#complain(offset, 'I9', `a time of job ${jobId} is decided, and the job is not there`)
    if (times.first <= job.through) {
      const rule = times.first === job.through ? 'I1' : 'I2'
      const before = `${rfc3339(job.through)} was decided before`
      this.#complain(offset, rule, `job ${jobId}: ${rfc3339(times.first)} is decided, and ${before}`)
    }
    job.through = Math.max(job.through, times.last)
  }
}
