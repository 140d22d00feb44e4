/**
 * The recorded schedules: what APScheduler 3.11 did, step by step, in `traces.json`, as lines to compare.
 *
 * A step is a call, or a pass of its scheduler (`process_jobs`), or its executor taking what was handed to it. A
 * submission of several run times is several lines here, one for each.
 */
import { readFileSync } from 'node:fs'

export interface RecordedStep {
  readonly do: string
  /** Epoch ms, at the end of the step. */
  readonly at: number
  /** `JOB_EXECUTED m 00:05:00 5`, in the order in which they were told. */
  readonly events: readonly string[]
  /** `m 00:06:00`: the jobs and their next fire times. */
  readonly jobs: readonly string[]
}

export interface RecordedSchedule {
  readonly name: string
  /** `debug`: its executor calls the job inline; `deferred`: it takes what it was handed when the step says so. */
  readonly executor: 'deferred' | 'debug'
  readonly steps: readonly RecordedStep[]
}

interface TraceEvent {
  readonly code: string
  readonly alias?: string
  readonly job_id?: string
  readonly scheduledRunTime?: string
  readonly scheduledRunTimes?: readonly string[]
  readonly retval?: unknown
  readonly exception?: string
}

interface Trace {
  readonly name: string
  readonly executor: 'deferred' | 'debug'
  readonly t0: string
  readonly steps: readonly {
    readonly do: string
    readonly at: string
    readonly events: readonly TraceEvent[]
    readonly jobsAfter: readonly { readonly id: string; readonly next: string | null }[]
  }[]
}

/** Every recording begins then. */
export const T0: number = Date.UTC(2024, 0, 1)

export function recordedSchedules(): RecordedSchedule[] {
  const traces = JSON.parse(readFileSync(new URL('traces.json', import.meta.url), 'utf8')) as Trace[]
  return traces.map(({ name, executor, t0, steps }) => {
    if (Date.parse(t0) !== T0) throw new Error(`${name}: expected it to begin at ${new Date(T0).toISOString()}`)
    return {
      name,
      executor,
      steps: steps.map((step) => ({
        do: step.do,
        at: Date.parse(step.at),
        events: step.events.flatMap(eventLines),
        jobs: step.jobsAfter.map(({ id, next }) => jobLine(id, nextOf(next))),
      })),
    }
  })
}

/** Line of an event that is about a scheduled time. */
export function runLine(code: string, jobId: string, at: number, more?: string): string {
  return [code, jobId, clockText(at), more].filter((part) => part !== undefined).join(' ')
}

/** `over`: nothing comes after the runs that it has; theirs are removed by then. */
export function jobLine(id: string, next: number | 'pending' | 'paused' | 'over'): string {
  return `${id} ${typeof next === 'number' ? clockText(next) : next}`
}

function eventLines(event: TraceEvent): string[] {
  const code = event.code.replace('EVENT_', '')
  const { job_id: jobId, scheduledRunTime, scheduledRunTimes, retval, exception } = event
  const times = scheduledRunTimes ?? (scheduledRunTime === undefined ? [] : [scheduledRunTime])
  if (jobId === undefined || times.length === 0) return [[code, jobId ?? event.alias ?? ''].join(' ').trim()]
  const outcome = retval === undefined ? exception : JSON.stringify(retval)
  return times.map((time) => runLine(code, jobId, Date.parse(time), outcome))
}

function nextOf(text: string | null): number | 'pending' | 'paused' {
  if (text === null) return 'paused'
  return text === 'pending' ? text : Date.parse(text)
}

/** `00:05:00` on the day of the recordings, `2023-12-31 23:59:50` on another. */
function clockText(at: number): string {
  const [day, time] = new Date(at).toISOString().replace('.000Z', '').split('T')
  return day === '2024-01-01' ? `${time}` : `${day} ${time}`
}
