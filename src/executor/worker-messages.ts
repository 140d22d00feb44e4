/** What this process and its workers say to each other. Everything here survives a structured clone. */
import type { MessagePort } from 'node:worker_threads'
import type { Outcome } from './run-result.ts'
import type { RunInfo } from './task-registry.ts'

/** One call of a handler: the argument of `runInWorker`. */
export interface WorkerCall {
  /** Unique in this process: a message that comes late is known by it. */
  readonly call: number
  /** URL. */
  readonly module: string
  readonly exportName: string
  /** Serialized by `node:v8`, so that both kinds of workers keep the same values: dates, maps, bytes. */
  readonly payload: Uint8Array
  readonly run: RunInfo
  /** The other end of a thread's link; null in a child process, which has one channel for all. */
  readonly port: MessagePort | null
}

export interface ToWorker {
  readonly type: 'abort'
  readonly call: number
  /** Of the signal's reason. */
  readonly name: string
  readonly message: string
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type FromWorker =
  /** The worker has the call. `worker`: thread id or process id. */
  | { readonly type: 'begun'; readonly call: number; readonly worker: number }
  | { readonly type: 'heartbeat'; readonly call: number }
  /** The last of a call. On the same way as the others, so that it counts although the worker dies right after it. */
  | { readonly type: 'done'; readonly call: number; readonly outcome: Outcome }
  | {
      readonly type: 'log'
      readonly call: number
      readonly level: LogLevel
      readonly details: object
      readonly message: string
    }
