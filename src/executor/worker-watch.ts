/**
 * The lives of a pool's workers: which can take calls, how they ended, and when the last of what they said is heard.
 *
 * Boundary: it listens; ending workers and calls is the pool's.
 */
import type { Tinypool } from 'tinypool'
import { errorOf } from './run-result.ts'

export type Worker = Tinypool['threads'][number]

interface Life {
  /** It can take calls. */
  ready: boolean
  /** How it ended; null while it lives. */
  end: string | null
  /** It has ended, and all that it said has come. */
  readonly gone: Promise<void>
}

/** The end of a child process and the end of its channel come one by one, in any order. */
const ENDS_OF_A_CHILD = 2

export class WorkerWatch {
  readonly #lives = new WeakMap<Worker, Life>()
  /** Child processes that are not gone. */
  readonly #children = new Set<Life>()
  readonly #couldNotStart: (why: string) => void

  /** `couldNotStart`: a worker ended before it could take a call. */
  constructor(couldNotStart: (why: string) => void) {
    this.#couldNotStart = couldNotStart
  }

  /** Once for each worker, before it can have said anything. */
  watch(pool: Tinypool, worker: Worker): void {
    if (this.#lives.has(worker)) return
    const isChild = worker.runtime === 'child_process'
    const life: Life = { ready: false, end: null, gone: isChild ? goneChild(worker) : Promise.resolve() }
    this.#lives.set(worker, life)
    if (isChild) void this.#forgetWhenGone(life)
    // Its first message says so.
    worker.once('message', () => {
      life.ready = true
    })
    worker.once('exit', (code: unknown, signal: unknown) => {
      life.end = typeof signal === 'string' ? `it ended by ${signal}` : `it ended with exit code ${String(code)}`
      // The package notices the death of a child, and the errors of a thread, but not the plain end of a thread.
      if (pool.threads.includes(worker)) worker.emit('error', new Error(life.end))
    })
    // Not for one that was ended on purpose.
    worker.once('error', (thrown: unknown) => {
      if (!life.ready) this.#couldNotStart(errorOf(thrown).message)
    })
  }

  endOf(worker: Worker): string | null {
    return this.#lives.get(worker)?.end ?? null
  }

  /** All that ended workers have said has come. A thread's messages are there when it has ended. */
  async heard(): Promise<void> {
    await Promise.all([...this.#children].filter(({ end }) => end !== null).map(({ gone }) => gone))
  }

  /** No child process is left. A thread in native code can't be ended, so threads are not waited for. */
  async childrenGone(): Promise<void> {
    await Promise.all([...this.#children].map(({ gone }) => gone))
  }

  async #forgetWhenGone(life: Life): Promise<void> {
    this.#children.add(life)
    await life.gone
    this.#children.delete(life)
  }
}

function goneChild(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    let ends = 0
    const ended = (): void => {
      ends += 1
      if (ends === ENDS_OF_A_CHILD) resolve()
    }
    worker.once('exit', ended)
    worker.once('disconnect', ended)
    worker.once('error', () => {
      // It was never born: nothing else will come.
      if (!Number.isInteger(worker.threadId)) resolve()
    })
  })
}
