/**
 * What runs in a worker thread or child process: loads the module of a task and calls its handler.
 *
 * Boundary: the other side of worker-pool.ts; its code is loaded by the pool package alone, inside the worker.
 * Invariants:
 * 1. It says how the call ended and never throws: an error that crosses threads would lose its members.
 * 2. A child process outlives neither its parent nor a forced end, but does outlive the signals that a terminal or a
 *    service manager sends to the whole group while the parent drains.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { deserialize } from 'node:v8'
import { type MessagePort, threadId } from 'node:worker_threads'
import type { Logger } from '../ports/telemetry.ts'
import { errorOf, type Outcome, resultOf } from './run-result.ts'
import type { TaskHandler } from './task-registry.ts'
import type { FromWorker, LogLevel, ToWorker, WorkerCall } from './worker-messages.ts'

/** A handler may call `heartbeat` in a tight loop; more messages than this would keep the other side busy. */
const HEARTBEAT_MESSAGE_MS = 10

interface Link {
  readonly send: (message: FromWorker) => void
  readonly close: () => void
}

/** The name is what worker-pool.ts asks the pool package for. */
export async function runInWorker(given: WorkerCall): Promise<void> {
  const { call, port } = given
  const controller = new AbortController()
  const abort = (message: ToWorker): void => {
    if (message.call === call) controller.abort(new DOMException(message.message, message.name))
  }
  const link = port === null ? parentLink(abort) : portLink(port, abort)
  link.send({ type: 'begun', call, worker: port === null ? process.pid : threadId })
  link.send({ type: 'done', call, outcome: await callHandler(given, link, controller.signal) })
  link.close()
}

async function callHandler(
  { call, payload, run, ...given }: WorkerCall,
  link: Link,
  signal: AbortSignal,
): Promise<Outcome> {
  const loaded = await load(given)
  if (typeof loaded !== 'function') return loaded
  const heartbeat = heartbeats(() => link.send({ type: 'heartbeat', call }))
  try {
    return resultOf(await loaded({ signal, heartbeat, log: logger(call, link), run }, deserialize(payload)))
  } catch (thrown) {
    return { kind: 'thrown', error: errorOf(thrown) }
  }
}

async function load({ module, exportName }: Pick<WorkerCall, 'module' | 'exportName'>): Promise<TaskHandler | Outcome> {
  const name = `export ${exportName} of ${module}`
  try {
    const exports = (await import(module)) as Readonly<Record<string, unknown>>
    const handler = exports[exportName]
    if (typeof handler === 'function') return handler as TaskHandler
    return moduleProblem(exportName in exports ? `${name}: expected a function, got ${typeof handler}` : `no ${name}`)
  } catch (thrown) {
    const error = errorOf(thrown)
    if (isMissing(thrown)) return moduleProblem(`${name} can't be loaded: ${error.message}${noFileText(module)}`)
    return { kind: 'thrown', error: { ...error, message: `${name} failed while it was loaded: ${error.message}` } }
  }
}

/** Where it was looked for, when it is the module itself that is not there. */
function noFileText(module: string): string {
  if (!module.startsWith('file:') || existsSync(new URL(module))) return ''
  return `; there is no file ${fileURLToPath(module)}: a relative path begins at the working directory of the process`
}

/** What Node says of modules that it can't find, read or parse: the next try would meet the same. */
function isMissing(thrown: unknown): boolean {
  if (thrown instanceof SyntaxError) return true
  const { code } = Object(thrown) as { readonly code?: unknown }
  return typeof code === 'string' && /^ERR_(MODULE|UNKNOWN|UNSUPPORTED|INVALID|PACKAGE|IMPORT)_|^ENOENT$/.test(code)
}

function moduleProblem(message: string): Outcome {
  return { kind: 'thrown', error: { name: 'TaskModuleError', message, stack: null, retryable: false } }
}

function portLink(port: MessagePort, abort: (message: ToWorker) => void): Link {
  port.on('message', abort)
  // The other side closes the port, after it has taken what came before the result.
  return { send: (message) => port.postMessage(message), close: () => port.off('message', abort).unref() }
}

let busy = 0
let guarded = false

function parentLink(abort: (message: ToWorker) => void): Link {
  if (!guarded) guardProcess()
  busy += 1
  process.on('message', abort)
  return {
    send: (message) => void process.send?.(message),
    close: () => {
      busy -= 1
      process.off('message', abort)
    },
  }
}

function guardProcess(): void {
  guarded = true
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {
    if (busy === 0) process.exit()
  })
  process.on('disconnect', () => process.exit())
}

function heartbeats(send: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    // oxlint-disable-next-line house/no-ambient -- no Clock reaches into a worker, and this limits nothing but messages
    const now = performance.now()
    if (now - last < HEARTBEAT_MESSAGE_MS) return
    last = now
    send()
  }
}

function logger(call: number, link: Link): Logger {
  const at =
    (level: LogLevel) =>
    (details: object, message: string): void => {
      try {
        link.send({ type: 'log', call, level, details, message })
      } catch {
        // Functions, sockets and the like don't cross.
        link.send({ type: 'log', call, level, details: { details: inspect(details) }, message })
      }
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
