/**
 * Worker threads or child processes for the tasks that keep a processor busy, made when they are first needed.
 *
 * Boundary: the pool package starts, reuses and ends workers; the executor sees to it that no more calls are here than
 * workers may be (a call that waits in the package's own queue would be forgotten when a worker dies).
 * Invariants:
 * 1. A call always ends: by its handler, by the death of its worker, or a second after its signal was aborted.
 * 2. A handler is called at most once for a call. A call that its worker never began may go to another worker; what a
 *    handler returned counts, although its worker died after it.
 * 3. What happens in a worker never ends this process.
 */
import { extname } from 'node:path'
import { serialize } from 'node:v8'
import type { Tinypool } from 'tinypool'
import type { RunError } from '../core/reports.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/telemetry.ts'
import { refusedPayload } from './payload.ts'
import { errorOf, type Outcome } from './run-result.ts'
import type { RunIn, TaskContext, TaskElsewhere } from './task-registry.ts'
import type * as entry from './worker-entry.ts'
import { openLink, type WorkerLink } from './worker-link.ts'
import type { FromWorker, WorkerCall } from './worker-messages.ts'
import { type Worker, WorkerWatch } from './worker-watch.ts'

export interface WorkerPoolOptions {
  readonly runIn: RunIn
  readonly maxWorkers: number
  /** Environment of child processes. Threads have a copy of this process's own. */
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly logger: Logger
}

/** A handler that obeys its signal can tidy up in that time; code that never looks at it can only be ended. */
const GRACE_MS = 1_000
/** A worker costs some 10 MB while it idles, and some 50 ms to start. */
const IDLE_MS = 30_000
/** One worker may be ended by what an earlier call left behind; three in a row are ended by something else. */
const MAX_TRIES = 3
/** Beside this file, in the sources (.ts) as in the published build (.js). */
const ENTRY = new URL(`./worker-entry${extname(import.meta.url)}`, import.meta.url).href
const ENTRY_EXPORT: keyof typeof entry = 'runInWorker'

/** One try of a call: it waits for a worker, or is in one. */
interface Try {
  readonly number: number
  readonly link: WorkerLink
  /** Ends its worker. */
  readonly stop: AbortController
  /** A worker has it; `worker` is null when that is gone already. */
  begun: boolean
  worker: Worker | null
  outcome: Outcome | null
  /** Why it was stopped on purpose. */
  stopped: RunError | null
  /** What went wrong with its worker. */
  problem: RunError | null
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #watch = new WorkerWatch((why) => this.#failWaiting(why))
  readonly #tries = new Map<number, Try>()
  #pool: Promise<Tinypool> | null = null
  #made: Tinypool | null = null
  #nextNumber = 1
  #destroyed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  /** Calls the task's handler in a worker. Never rejects. */
  async call(task: TaskElsewhere, context: TaskContext, payload: unknown): Promise<Outcome> {
    const bytes = serialized(payload, this.#options.runIn)
    if (bytes instanceof Error) return { kind: 'thrown', error: refusedPayload(bytes.message).error }
    for (let tries = 1; ; tries++) {
      if (context.signal.aborted) return { kind: 'thrown', error: errorOf(context.signal.reason) }
      const one = await this.#try(task, context, bytes)
      if (one.outcome !== null) return one.outcome
      const isLast = one.begun || this.#destroyed || tries === MAX_TRIES
      const error = one.stopped ?? (isLast ? (one.problem ?? workerError('its worker said nothing', null)) : null)
      if (error !== null) return { kind: 'thrown', error }
    }
  }

  /** Ends every worker, and every call that is still in one. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    for (const one of this.#tries.values()) this.#end(one, workerError('the process shuts down', null))
    await (await this.#pool)?.destroy()
    await this.#watch.childrenGone()
  }

  async #try(task: TaskElsewhere, context: TaskContext, payload: Uint8Array): Promise<Try> {
    const number = this.#nextNumber
    this.#nextNumber += 1
    const link = openLink(this.#options.runIn, (message) => this.#received(message, number, context))
    const stop = new AbortController()
    const one: Try = { number, link, stop, begun: false, worker: null, outcome: null, stopped: null, problem: null }
    this.#tries.set(number, one)
    const release = this.#obey(one, context.signal)
    try {
      const pool = await this.#started()
      const { module, exportName } = task
      const given: WorkerCall = { call: number, module, exportName, payload, run: context.run, port: link.port }
      const { signal } = stop
      const running = pool.run(given, { filename: ENTRY, name: ENTRY_EXPORT, signal, ...link.runOptions })
      for (const worker of pool.threads) this.#watch.watch(pool, worker)
      await running
    } catch (thrown) {
      await this.#watch.heard()
      one.problem ??= this.#deathOf(one, thrown)
    } finally {
      release()
      link.close()
      this.#tries.delete(number)
    }
    return one
  }

  #started(): Promise<Tinypool> {
    if (this.#destroyed) throw new Error('the workers were ended')
    this.#pool ??= this.#create()
    return this.#pool
  }

  async #create(): Promise<Tinypool> {
    // Loaded here, because most processes never need it.
    const { Tinypool } = await import('tinypool')
    const { runIn, maxWorkers, environment, logger } = this.#options
    const pool = new Tinypool({
      runtime: runIn === 'worker' ? 'worker_threads' : 'child_process',
      minThreads: 0,
      maxThreads: maxWorkers,
      idleTimeout: IDLE_MS,
      // Waiting on an atomic would stop the event loop of an idle worker, with whatever a handler left there.
      useAtomics: false,
      serialization: 'advanced',
      ...(runIn === 'process' ? { env: environment } : {}),
    })
    // Without a listener it would end this process: a worker died that had no call.
    pool.on('error', (err: unknown) => logger.debug({ runIn, err }, 'an idle worker ended'))
    this.#made = pool
    return pool
  }

  /** The signal's abort is passed on; a handler that is not done after the grace loses its worker. */
  #obey(one: Try, signal: AbortSignal): () => void {
    const { clock, runIn } = this.#options
    let cancelGrace = (): void => {}
    const passOn = (): void => {
      const { name, message } = errorOf(signal.reason)
      one.link.send({ type: 'abort', call: one.number, name, message })
      const ended = workerError(`its ${nameOf(runIn)} was ended ${GRACE_MS} ms after its signal`, null)
      cancelGrace = clock.schedule(clock.now() + GRACE_MS, () => this.#end(one, ended))
    }
    signal.addEventListener('abort', passOn, { once: true })
    return () => {
      signal.removeEventListener('abort', passOn)
      cancelGrace()
    }
  }

  /** A child has one channel for all its calls: what handlers left behind may still speak for an earlier one. */
  #received(message: FromWorker, number: number, context: TaskContext): void {
    if (message.type === 'log') return context.log[message.level](message.details, message.message)
    const one = this.#tries.get(message.call)
    if (one === undefined || message.call !== number) return
    switch (message.type) {
      case 'begun':
        one.begun = true
        one.worker = this.#made?.threads.find(({ threadId }) => threadId === message.worker) ?? null
        return
      case 'heartbeat':
        return context.heartbeat()
      case 'done':
        one.outcome = message.outcome
    }
  }

  /** A worker that ends before it can take a call leaves one in the package's queue, and nobody can say which. */
  #failWaiting(why: string): void {
    const problem = workerError(`a ${nameOf(this.#options.runIn)} could not start: ${why}`, null)
    for (const one of this.#tries.values()) {
      if (one.begun) continue
      one.problem = problem
      one.stop.abort()
    }
  }

  #end(one: Try, error: RunError): void {
    one.stopped ??= error
    // A child that is busy outlives gentler signals (see worker-entry.ts).
    if (this.#options.runIn === 'process' && one.worker !== null) killProcess(one.worker.threadId)
    one.stop.abort()
  }

  #deathOf(one: Try, thrown: unknown): RunError {
    const { runIn } = this.#options
    const { message, stack } = errorOf(thrown)
    const died = `its ${nameOf(runIn)} died before the handler was done`
    const end = one.worker === null ? null : this.#watch.endOf(one.worker)
    // Of a thread the error says more: it ran out of memory, or what nobody caught.
    if (runIn === 'worker' || end === null) return workerError(`${died}: ${message}`, stack)
    return workerError(`${died}: ${end}`, null)
  }
}

function serialized(payload: unknown, runIn: RunIn): Uint8Array | Error {
  try {
    return Uint8Array.from(serialize(payload))
  } catch (thrown) {
    return new Error(`payload: can't be handed to a ${nameOf(runIn)}: ${errorOf(thrown).message}`)
  }
}

function workerError(message: string, stack: string | null): RunError {
  return { name: 'WorkerError', message, stack, retryable: true }
}

function nameOf(runIn: RunIn): string {
  return runIn === 'worker' ? 'worker thread' : 'child process'
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
