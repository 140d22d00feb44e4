/**
 * Our scheduler where the recordings had theirs: in virtual time, with APScheduler's defaults, heard through its masks.
 *
 * The deferred executor of the recordings takes what it was handed only when a step says so. Here that is an executor
 * with one slot, in which a run of the job `occupier` sits until then.
 */
import { createVirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { type JobOptions, type ListenerEvent, Scheduler, type TaskHandler } from '../../src/index.ts'
import * as horolog from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { jobLine, runLine, T0 } from './recorded.ts'

const OCCUPIER = 'occupier'

/** The 17 masks by the names of the recordings. */
const MASKS: readonly (readonly [code: string, mask: number])[] = Object.entries(horolog)
  .filter((entry): entry is [string, number] => entry[0].startsWith('EVENT_') && typeof entry[1] === 'number')
  .filter(([name]) => name !== 'EVENT_ALL' && name !== 'EVENT_SCHEDULER_START')
  .map(([name, mask]) => [name.replace('EVENT_', ''), mask])

export class Stage {
  readonly scheduler: Scheduler
  /** `<job> <scheduled time>` of each call of a handler. */
  readonly calls: string[] = []
  readonly #clock: ReturnType<typeof createVirtualClock>
  readonly #deferred: boolean
  readonly #told: string[] = []
  #free = (): void => {}

  private constructor(scheduler: Scheduler, clock: ReturnType<typeof createVirtualClock>, deferred: boolean) {
    this.scheduler = scheduler
    this.#clock = clock
    this.#deferred = deferred
    for (const [code, mask] of MASKS) {
      scheduler.addListener((event) => this.#told.push(...eventLines(code, event)), mask)
    }
    scheduler.task(
      'work',
      this.#recorded(() => 5),
    )
    scheduler.task(
      'boom',
      this.#recorded(() => {
        throw Object.assign(new Error('boom'), { name: 'ValueError' })
      }),
    )
    scheduler.task(OCCUPIER, () => new Promise<void>((resolve) => (this.#free = resolve)))
  }

  static async open(executor: 'deferred' | 'debug'): Promise<Stage> {
    const clock = createVirtualClock(T0)
    const scheduler = await Scheduler.open({
      log: 'memory:',
      profile: 'apscheduler',
      executors: { default: { concurrency: 1 } },
      logger: SILENT,
      clock,
    })
    return new Stage(scheduler, clock, executor === 'deferred')
  }

  get now(): number {
    return this.#clock.now()
  }

  async start(): Promise<void> {
    await this.scheduler.start()
    if (!this.#deferred) return
    await this.scheduler.addJob({ id: OCCUPIER, task: OCCUPIER, trigger: horolog.date('9999-01-01T00:00') })
    await this.#occupy()
  }

  async add(options: Omit<JobOptions, 'task'> & { readonly task?: string }): Promise<void> {
    await this.scheduler.addJob({ task: 'work', ...options })
  }

  /** The machine sleeps, and wakes up then. */
  async sleepUntil(at: number): Promise<void> {
    if (at !== this.now) await this.#clock.set(at)
  }

  /** The executor takes what it was handed. */
  async runQueued(): Promise<void> {
    await this.#vacate()
    await this.#occupy()
  }

  async removeExecutor(): Promise<void> {
    await this.#vacate()
    await this.scheduler.removeExecutor('default')
  }

  async shutdown(): Promise<void> {
    await this.#vacate()
    await this.scheduler.shutdown()
  }

  /** What the listeners were told since the last time they were asked. */
  async told(): Promise<string[]> {
    await this.#clock.settle()
    return this.#told.splice(0)
  }

  /** As `get_jobs` shows them: a job that is paused has no next time. */
  jobs(): string[] {
    return this.scheduler
      .getJobs()
      .filter(({ id }) => id !== OCCUPIER)
      .map(({ id, paused, nextFireTime }) =>
        jobLine(id, paused === null ? (nextFireTime?.getTime() ?? 'over') : 'paused'),
      )
  }

  async #occupy(): Promise<void> {
    await this.scheduler.runJob(OCCUPIER)
    await this.#clock.settle()
  }

  async #vacate(): Promise<void> {
    this.#free()
    await this.#clock.settle()
  }

  #recorded(work: () => unknown): TaskHandler {
    return ({ run }) => {
      this.calls.push(jobLine(run.jobId, run.scheduledAt.getTime()))
      return work()
    }
  }
}

/** One line for each scheduled time that the event is about. */
function eventLines(code: string, event: ListenerEvent): string[] {
  if ('jobId' in event && event.jobId === OCCUPIER) return []
  switch (event.type) {
    case 'RunQueued':
      return [runLine(code, event.jobId, event.scheduledAt.getTime())]
    case 'RunSucceeded':
      return [runLine(code, event.jobId, event.scheduledAt.getTime(), JSON.stringify(event.result))]
    case 'RunFailed':
      return [runLine(code, event.jobId, event.scheduledAt.getTime(), `${event.error.name}('${event.error.message}')`)]
    case 'RunMissed':
    case 'RunSkipped':
      return event.times.listed.map((at) => runLine(code, event.jobId, at.getTime()))
    case 'StoreAdded':
      return [`${code} ${event.store}`]
    case 'ExecutorAdded':
    case 'ExecutorRemoved':
      return [`${code} ${event.executor}`]
    default:
      return ['jobId' in event ? `${code} ${event.jobId}` : code]
  }
}
