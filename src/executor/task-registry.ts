/**
 * The tasks that this process can run, by name. All executors of the process share one registry.
 *
 * Boundary: it keeps what was registered and refuses what can't be right; modules are loaded where they run.
 */
import { shown } from '../core/job/check.ts'
import type { Json } from '../core/json.ts'
import { hintAt } from '../core/nearest-name.ts'
import { OperationalError } from '../ports/operational-error.ts'
import type { Logger } from '../ports/telemetry.ts'
import { isStandardSchema, type StandardSchema } from './standard-schema.ts'
import { moduleUrl, type TaskModule } from './task-module.ts'

/** What a handler is told of the run. */
export interface RunInfo {
  readonly runId: string
  readonly jobId: string
  /** From 1. */
  readonly attempt: number
  /** The scheduled time, without jitter. */
  readonly scheduledAt: Date
  readonly dueAt: Date
  /** The submitter's own headers, `traceparent` among them, as UTF-8 texts; of a name that comes twice the last. */
  readonly headers: Readonly<Record<string, string>>
}

export interface TaskContext {
  /** Aborted when the run is cancelled, timed out, or the process shuts down. */
  readonly signal: AbortSignal
  /** Says that the attempt is alive; needed only where the job has a heartbeat time-out. Cheap: call it often. */
  readonly heartbeat: () => void
  readonly log: Logger
  readonly run: RunInfo
}

/** The payload is what the job's definition has: JSON, or bytes where the content type is another. */
// oxlint-disable-next-line typescript/no-explicit-any -- the payload's type is the application's, not ours
export type TaskHandler = (context: TaskContext, payload: any) => unknown

/** Retry policy and time-out of a task, copied into the jobs that are added with it and give none. */
export interface TaskDefaults {
  readonly timeout?: unknown
  readonly retry?: Json
}

/** For work that keeps a processor busy: a worker thread, or a child process that may crash or leak by itself. */
export type RunIn = 'worker' | 'process'

export interface TaskOptions extends TaskDefaults {
  /** Only for a handler given as module and export. Default `worker`. */
  readonly runIn?: RunIn
  /** Refuses payloads before the handler sees them; the handler gets the value that it makes of them. */
  readonly schema?: StandardSchema
}

/** `here`: in this thread, on its event loop. */
export type Place = 'here' | RunIn

interface Common {
  readonly name: string
  readonly schema: StandardSchema | null
}
export interface TaskHere extends Common {
  readonly place: 'here'
  readonly handler: TaskHandler
}
export interface TaskElsewhere extends Common {
  readonly place: RunIn
  /** URL. */
  readonly module: string
  readonly exportName: string
}
export type Task = TaskHere | TaskElsewhere

const NO_DEFAULTS: TaskDefaults = Object.freeze({})

export class TaskRegistry {
  readonly #tasks = new Map<string, Task>()
  readonly #defaults = new Map<string, TaskDefaults>()

  /** Throws `invalid-option` when the name is taken: two handlers of one name would hide a mistake. */
  add(name: string, handler: TaskHandler | TaskModule, options: TaskOptions = {}): void {
    if (typeof name !== 'string' || name === '') throw invalid('task: expected a non-empty name')
    if (this.#tasks.has(name)) throw invalid(`task ${name}: a handler of that name is there`)
    refuseUnknown(name, options)
    const { runIn, schema, timeout, retry } = options
    if (schema !== undefined && !isStandardSchema(schema)) {
      throw invalid(`task ${name}, schema: expected a Standard Schema of version 1`)
    }
    const place = placeOf(name, handler, runIn)
    this.#tasks.set(name, taskOf({ name, schema: schema ?? null }, handler, place))
    this.#defaults.set(name, {
      ...(timeout === undefined ? {} : { timeout }),
      ...(retry === undefined ? {} : { retry }),
    })
  }

  get(name: string): Task | undefined {
    return this.#tasks.get(name)
  }

  /** What jobs of the task are added with unless they say otherwise; empty when the task isn't known here. */
  optionsOf(name: string): TaskDefaults {
    return this.#defaults.get(name) ?? NO_DEFAULTS
  }

  get names(): readonly string[] {
    return [...this.#tasks.keys()]
  }
}

const TASK_OPTIONS: Readonly<Record<keyof TaskOptions, true>> = {
  timeout: true,
  retry: true,
  runIn: true,
  schema: true,
}

/** What a slip of the pen would otherwise turn into nothing. */
function refuseUnknown(task: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw invalid(`task ${task}, options: expected an object as { timeout: '1m' }, got ${shown(options)}`)
  }
  const known = Object.keys(TASK_OPTIONS)
  for (const [name, value] of Object.entries(options)) {
    if (known.includes(name)) continue
    throw invalid(
      `task ${task}, ${name}: expected one of the options ${known.join(', ')}${hintAt(name, known)}, got ${name}: ${shown(value)}`,
    )
  }
}

function placeOf(name: string, handler: unknown, runIn: unknown): Place {
  if (runIn !== undefined && runIn !== 'worker' && runIn !== 'process') {
    throw invalid(`task ${name}, runIn: expected 'worker' or 'process', got ${shown(runIn)}`)
  }
  if (typeof handler === 'function') {
    if (runIn === undefined) return 'here'
    throw invalid(`task ${name}, runIn: a function can't run in a ${runIn}; give { module, export }`)
  }
  if (!isTaskModule(handler)) {
    const came = handler === null ? 'null' : typeof handler
    throw invalid(`task ${name}: expected a function or { module, export }, got ${came}`)
  }
  return runIn ?? 'worker'
}

function isTaskModule(value: unknown): value is TaskModule {
  if (typeof value !== 'object' || value === null) return false
  const { module, export: name } = value as { readonly module?: unknown; readonly export?: unknown }
  const named = name === undefined || (typeof name === 'string' && name !== '')
  return named && (module instanceof URL || (typeof module === 'string' && module !== ''))
}

function taskOf(common: Common, handler: TaskHandler | TaskModule, place: Place): Task {
  if (typeof handler === 'function') return { ...common, place: 'here', handler }
  const runIn = place === 'process' ? 'process' : 'worker'
  return { ...common, place: runIn, module: moduleUrl(handler.module), exportName: handler.export ?? 'default' }
}

function invalid(message: string): OperationalError {
  return new OperationalError('invalid-option', message)
}
