/**
 * Tasks from a module of the application: exported functions are tasks by their names. A default export that is a
 * function is called with the scheduler, so it can add jobs; one that is an object maps names to handlers.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TaskHandler } from '../executor/task-registry.ts'
import type { Scheduler } from '../scheduler.ts'
import { CliError, EXIT } from './cli-error.ts'

export interface TaskModule {
  readonly tasks: ReadonlyMap<string, TaskHandler>
  /** Called with the scheduler once the tasks are registered. */
  readonly setUp: ((scheduler: Scheduler) => unknown) | null
}

/** TypeScript works where Node strips types. Throws `CliError`. */
export async function loadTasks(given: string): Promise<TaskModule> {
  const path = resolve(given)
  if (!existsSync(path))
    throw new CliError(EXIT.usage, `--tasks: expected a module, got ${given}: there is no file ${path}`)
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new CliError(EXIT.failed, `--tasks: ${path} can't be loaded: ${String(cause)}`, { cause })
  }
  const module = readModule(exported, path)
  if (module.tasks.size > 0 || module.setUp !== null) return module
  throw new CliError(EXIT.usage, `--tasks: expected exported functions, got none in ${path}`)
}

function readModule(exported: Readonly<Record<string, unknown>>, path: string): TaskModule {
  const tasks = new Map<string, TaskHandler>()
  for (const [name, value] of Object.entries(exported)) {
    if (name !== 'default' && typeof value === 'function') tasks.set(name, value as TaskHandler)
  }
  const main = exported['default']
  if (typeof main === 'function') return { tasks, setUp: main as (scheduler: Scheduler) => unknown }
  if (typeof main !== 'object' || main === null) return { tasks, setUp: null }
  for (const [name, value] of Object.entries(main)) {
    if (typeof value !== 'function') {
      throw new CliError(EXIT.usage, `--tasks: ${path}: default.${name}: expected a function, got ${typeof value}`)
    }
    tasks.set(name, value as TaskHandler)
  }
  return { tasks, setUp: null }
}
