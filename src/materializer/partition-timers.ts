/** The timers of one partition, derived from its state, and the one platform timer that waits for the next of them. */
import type { Input } from '../core/decide.ts'
import type { JobState } from '../core/job/job-state.ts'
import type { State } from '../core/state.ts'
import { jobDue, type Liveness, pausesDue, runDue } from '../core/timers.ts'
import type { Clock } from '../ports/clock.ts'
import type { Queue } from './inbox.ts'
import { JOB_KEY, jobKey, PAUSES_KEY, RUN_KEY, runKey } from './plan-batch.ts'
import { TimerHeap } from './timer-heap.ts'

/** More than this of due timers are left for the next batch. */
const POPS_PER_BATCH = 1_000

export class PartitionTimers {
  readonly #heap = new TimerHeap()
  readonly #heard = new Map<string, number>()
  readonly #clock: Clock
  readonly #wake: () => void
  #since = 0
  #pauses: readonly unknown[] = []
  #cancel: (() => void) | null = null
  #armedFor: number | null = null

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
  }

  /** What the owner knows of running attempts besides the state. */
  get liveness(): Liveness {
    return { since: this.#since, heardOf: (runId) => this.#heard.get(runId) }
  }

  /** This owner begins at `since`: each running attempt has a full period from then. */
  begin(state: State, since: number): void {
    this.#since = since
    this.#heard.clear()
    this.#rebuild(state)
  }

  /** A heartbeat is neither an event nor state: the owner remembers the last one. Of strangers it takes none. */
  heard(state: State, input: Input): void {
    if (input.kind !== 'report' || input.hasWrongToken === true) return
    const { report } = input
    const run = report.type === 'heartbeat' ? state.run(report.runId) : undefined
    if (run === undefined || run.attempt !== report.attempt || run.definition.heartbeatTimeoutMs === null) return
    this.#heard.set(run.runId, this.#clock.now())
    this.#setRun(state, run.runId)
  }

  /** Timers that went off and are decided: what they stand for may wait for another time. */
  refresh(state: State, keys: readonly string[]): void {
    for (const key of keys) {
      if (key === PAUSES_KEY) this.#heap.set(key, pausesDue(state))
      else if (key.startsWith(RUN_KEY)) this.#setRun(state, key.slice(RUN_KEY.length))
      else this.#setJob(state, key.slice(JOB_KEY.length))
    }
  }

  /** After a batch: what it touched may wait for something else. */
  update(state: State, jobIds: Iterable<string>, runIds: Iterable<string>): void {
    const [schedule, rules] = this.#pauses
    if (schedule !== state.schedulePaused || rules !== state.pauseRules) return this.#rebuild(state)
    for (const runId of runIds) this.#setRun(state, runId)
    for (const jobId of jobIds) {
      const job = this.#setJob(state, jobId)
      // A pause holds the retries of the job, and its end lets them go.
      if (job !== undefined) for (const runId of job.openRuns) this.#setRun(state, runId)
    }
  }

  /** Moves what is due at `now` into the inbox. */
  popInto(queue: Queue<string>, now: number): void {
    while (queue.length < POPS_PER_BATCH) {
      const key = this.#heap.pop(now)
      if (key === null) return
      queue.push(key)
    }
  }

  /** Timers that went off and can't be decided before `until`, epoch ms, unless something changes what they stand for. */
  setAside(keys: readonly string[], until: number): void {
    for (const key of keys) this.#heap.set(key, until)
  }

  /** Wakes the owner when the next timer is due. */
  arm(): void {
    const head = this.#heap.head()
    if (head === this.#armedFor) return
    this.disarm()
    if (head === null) return
    this.#armedFor = head
    this.#cancel = this.#clock.schedule(head, () => {
      this.#armedFor = null
      this.#cancel = null
      this.#wake()
    })
  }

  disarm(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#armedFor = null
  }

  clear(): void {
    this.disarm()
    this.#heap.clear()
  }

  get size(): number {
    return this.#heap.size
  }

  #rebuild(state: State): void {
    this.clear()
    this.#pauses = [state.schedulePaused, state.pauseRules]
    this.#heap.set(PAUSES_KEY, pausesDue(state))
    for (const job of state.jobs()) this.#setJob(state, job.jobId)
    for (const run of state.runs()) this.#setRun(state, run.runId)
  }

  #setJob(state: State, jobId: string): JobState | undefined {
    const job = state.job(jobId)
    this.#heap.set(jobKey(jobId), job === undefined ? null : jobDue(state, job))
    return job
  }

  #setRun(state: State, runId: string): void {
    const run = state.run(runId)
    if (run?.status !== 'running') this.#heard.delete(runId)
    this.#heap.set(runKey(runId), run === undefined ? null : runDue(state, run, this.liveness))
  }
}
