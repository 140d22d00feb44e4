// Runs the real command line as a child process, in a temporary folder, and waits for what it prints.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCli {
  readonly pid: number
  /** The first line of stdout or stderr that contains all of the texts; one that was printed already counts. */
  line(...texts: readonly string[]): Promise<string>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'horolog-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The result of a verb that ends by itself. */
export function cli(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return startCli(cwd, ...args).ended
}

/** Killed when the test is over, if it is still there. */
export function startCli(cwd: string, ...args: readonly string[]): RunningCli {
  const { HOROLOG_LOG: _log, FORCE_COLOR: _color, ...env } = process.env
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = new Lines(child)
  return {
    pid: child.pid ?? 0,
    line: (...texts) => lines.find(texts),
    kill: (signal) => void child.kill(signal),
    ended: lines.ended,
  }
}

export function parsed(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

class Lines {
  readonly ended: Promise<Ended>
  readonly #text = { stdout: '', stderr: '' }
  readonly #waiting = new Set<() => void>()
  #code: number | null | undefined = undefined

  constructor(child: ChildProcess) {
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#text[name] += text
        for (const look of this.#waiting) look()
      })
    }
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        this.#code = code
        for (const look of this.#waiting) look()
        resolve({ code, ...this.#text })
      })
    })
  }

  find(texts: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const all = `${this.#text.stdout}\n${this.#text.stderr}`
        const found = all.split('\n').find((line) => texts.every((text) => line.includes(text)))
        if (found === undefined && this.#code === undefined) return
        this.#waiting.delete(look)
        if (found === undefined)
          reject(new Error(`it ended with ${this.#code} and never said ${texts.join(' … ')}:\n${all}`))
        else resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }
}
