/** Where the handler of a task is that runs outside of this thread: a module and the name of its export. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A function can't be handed to another thread or process, so a task that runs there is named. */
export interface TaskModule {
  /**
   * A URL, or a path: absolute, or relative to the working directory of the process, not to the file that names it. A
   * module beside the caller is `new URL('./resize.ts', import.meta.url)`, one of a package
   * `import.meta.resolve('its-name/tasks')`. It is loaded with the first run: one that isn't there ends that run `failed`.
   */
  readonly module: string | URL
  /** Default `default`. */
  readonly export?: string
}

/** At least two letters before the colon: one is a drive of Windows. */
const URL_PATTERN = /^[a-z][a-z\d+.-]+:/i

/** As a URL, which means the same in every thread and process. */
export function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href
  return URL_PATTERN.test(module) ? module : pathToFileURL(resolve(module)).href
}
