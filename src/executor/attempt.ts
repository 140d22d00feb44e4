/**
 * One attempt of a run in this process: from its pick-up to its final report.
 *
 * claiming (at-most-once only) → running → over
 *
 * Boundary: it knows the rules of one attempt; slots, copies and the sending of reports are the executor's.
 * Invariants:
 * 1. Exactly one final report is made, whatever the handler does: return, throw, never settle, settle after its end.
 *    None is made of an attempt that was dropped or abandoned.
 * 2. `started` is reported when the attempt is not over after a second, at once when it may have begun before or has a
 *    heartbeat.
 * 3. The handler of an at-most-once attempt is called only after the grant.
 * 4. The first to ask for the end, a cancel or the time-out, says how the attempt ends.
 */
import { headerTexts } from '../core/job/job-headers.ts'
import type { Json } from '../core/json.ts'
import type { Report, ReportType, RunError } from '../core/reports.ts'
import type { Clock } from '../ports/clock.ts'
import type { RunRequest } from '../ports/dispatcher.ts'
import type { Logger } from '../ports/telemetry.ts'
import { checkPayload, decodePayload, type Payload } from './payload.ts'
import type { Outcome } from './run-result.ts'
import type { Task, TaskContext } from './task-registry.ts'

const STARTED_AFTER_MS = 1_000
/** Reports in one heartbeat time-out: several may be lost or late before the owner gives the attempt up. */
const HEARTBEATS_PER_TIMEOUT = 4

export interface AttemptParts {
  readonly clock: Clock
  readonly logger: Logger
  /** `host:pid:<128 random bits>`. */
  readonly executor: string
  /** Calls the handler where the task wants it. Never rejects. */
  readonly call: (task: Task, context: TaskContext, payload: unknown) => Promise<Outcome>
  /** A report that is not final. Resolves whether it was taken; never rejects. */
  readonly report: (report: Report) => Promise<boolean>
  /** The final report: the attempt is over. */
  readonly finish: (report: Report) => void
  /** The claim was not taken: the attempt is over here until it is handed over again. */
  readonly claimLost: () => void
}

interface Ending {
  readonly type: 'cancelled' | 'timed-out'
  readonly message: string
}

export class Attempt {
  readonly #request: RunRequest
  readonly #parts: AttemptParts
  readonly #controller = new AbortController()
  readonly #timers: (() => void)[] = []
  #startedAt: number
  /** What the grant sets off. */
  #begin = (): void => {}
  #phase: 'claiming' | 'running' | 'over' = 'running'
  #ending: Ending | null = null
  /** The handler's call ends soon after its signal was aborted, whatever it does. */
  #interruptible = false
  #lastHeartbeatAt = Number.NEGATIVE_INFINITY

  constructor(request: RunRequest, parts: AttemptParts) {
    this.#request = request
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  get claiming(): boolean {
    return this.#phase === 'claiming'
  }

  /** `granted`: an at-most-once attempt whose claim was granted before. */
  run(task: Task | undefined, granted: boolean): void {
    const { startBefore, delivery } = this.#request
    if (!granted && startBefore !== null && this.#startedAt > startBefore) return this.#finish('missed', null, null)
    if (task === undefined) return this.#finish('unknown-task', null, null)
    const payload = decodePayload(this.#request.payload, this.#request.contentType)
    if (payload.kind === 'refused') return this.#finish('failed', null, payload.error)
    this.#begin = () => this.#beginWith(task, payload)
    if (delivery === 'at-most-once' && !granted) void this.#claim()
    else this.#begin()
  }

  /** The claim was granted to this process. */
  grant(): void {
    if (!this.claiming) return
    this.#phase = 'running'
    this.#startedAt = this.#parts.clock.now()
    this.#begin()
  }

  /** Asks the handler to stop. The attempt is over when it does, or when its time-out comes. */
  cancel(reason: string | null): void {
    if (this.#phase !== 'running' || this.#ending !== null) return
    const message = reason ?? 'cancelled on request'
    this.#ending = { type: 'cancelled', message }
    this.#controller.abort(new DOMException(message, 'AbortError'))
  }

  /** It must not run here, or not any more: no report. A handler that runs is asked to stop. */
  drop(why: string): void {
    if (this.#phase === 'over') return
    this.#end()
    this.#controller.abort(new DOMException(why, 'AbortError'))
  }

  async #claim(): Promise<void> {
    this.#phase = 'claiming'
    const taken = await this.#parts.report(this.#reportOf('started', null, null))
    if (taken || !this.claiming) return
    this.#end()
    this.#parts.claimLost()
  }

  #beginWith(task: Task, payload: Extract<Payload, { kind: 'value' }>): void {
    const { again, heartbeatTimeoutMs, timeoutMs, delivery } = this.#request
    if (delivery !== 'at-most-once') {
      if (again || heartbeatTimeoutMs !== null) this.#started()
      else this.#after(STARTED_AFTER_MS, () => this.#started())
    }
    if (timeoutMs !== null) this.#after(timeoutMs, () => this.#timeOut(timeoutMs))
    if (task.schema === null) void this.#call(task, payload)
    else void checkPayload(payload.value, task.schema, task.name).then((checked) => this.#call(task, checked))
  }

  async #call(task: Task, payload: Payload): Promise<void> {
    if (this.#phase === 'over') return
    if (payload.kind === 'refused') return this.#finish('failed', null, payload.error)
    if (this.#ending !== null) return this.#finishAsAsked(this.#ending, null)
    this.#interruptible = task.place !== 'here'
    this.#settled(await this.#parts.call(task, this.#context(), payload.value))
  }

  #context(): TaskContext {
    const { runId, jobId, attempt, scheduledAt, dueAt, headers } = this.#request
    const times = { scheduledAt: new Date(scheduledAt), dueAt: new Date(dueAt) }
    return {
      signal: this.#controller.signal,
      heartbeat: () => this.#heartbeat(),
      log: this.#parts.logger,
      run: { runId, jobId, attempt, ...times, headers: headerTexts(headers) },
    }
  }

  #settled(outcome: Outcome): void {
    if (this.#ending?.type === 'timed-out') return this.#finishAsAsked(this.#ending, null)
    switch (outcome.kind) {
      case 'result':
        return this.#finish('succeeded', outcome.value, null)
      case 'unusable':
        return this.#finish('failed', null, outcome.error)
      case 'thrown':
        if (this.#ending === null) return this.#finish('failed', null, outcome.error)
        return this.#finishAsAsked(this.#ending, outcome.error)
    }
  }

  #finishAsAsked({ type, message }: Ending, thrown: RunError | null): void {
    const name = type === 'timed-out' ? 'TimeoutError' : 'AbortError'
    this.#finish(type, null, { name, stack: null, retryable: true, ...thrown, message })
  }

  /** Code on our own event loop can't be stopped: its attempt is over although it may go on. */
  #timeOut(timeoutMs: number): void {
    const message = `attempt ${this.#request.attempt} took longer than its time-out of ${timeoutMs} ms`
    const ending: Ending = { type: 'timed-out', message }
    if (!this.#interruptible) this.#finishAsAsked(ending, null)
    else if (this.#ending === null) this.#ending = ending
    this.#controller.abort(new DOMException(message, 'TimeoutError'))
  }

  #started(): void {
    if (this.#phase !== 'over') void this.#parts.report(this.#reportOf('started', null, null))
  }

  #heartbeat(): void {
    const { heartbeatTimeoutMs } = this.#request
    if (this.#phase === 'over' || heartbeatTimeoutMs === null) return
    const now = this.#parts.clock.now()
    const since = now - this.#lastHeartbeatAt
    // Negative: the clock was stepped back, and the owner must not wait until it has caught up.
    if (since >= 0 && since < heartbeatTimeoutMs / HEARTBEATS_PER_TIMEOUT) return
    this.#lastHeartbeatAt = now
    void this.#parts.report(this.#reportOf('heartbeat', null, null))
  }

  #after(ms: number, then: () => void): void {
    this.#timers.push(this.#parts.clock.schedule(this.#startedAt + ms, then))
  }

  #finish(type: ReportType, result: Json, error: RunError | null): void {
    if (this.#phase === 'over') return
    this.#end()
    this.#parts.finish(this.#reportOf(type, result, error))
  }

  #end(): void {
    this.#phase = 'over'
    for (const cancel of this.#timers) cancel()
  }

  #reportOf(type: ReportType, result: Json, error: RunError | null): Report {
    const { jobId, runId, attempt, token = null } = this.#request
    const { clock, executor } = this.#parts
    return {
      type,
      jobId,
      runId,
      attempt,
      token,
      at: clock.now(),
      startedAt: this.#startedAt,
      executor,
      result,
      error,
    }
  }
}
