/** Starts `log-process.ts` and reads what it says, line by line. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('log-process.ts', import.meta.url))

export interface LogProcess {
  readonly process: ChildProcess
  /** The next line; null when there are no more. */
  readonly line: () => Promise<string | null>
  /** Lets it end by itself, and waits for that. */
  readonly finish: () => Promise<void>
  /** As a power switch would, and waits until it is gone. */
  readonly kill: () => Promise<void>
}

export function startLogProcess(mode: 'append' | 'hold', folder: string): LogProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, mode, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    line: async () => {
      const { value, done } = await lines.next()
      return done === true ? null : value
    },
    finish: async () => {
      child.stdin.end()
      await exited
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
