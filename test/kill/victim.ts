/** One child process: what it said, how it ended, and the kill. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** A process that hangs must not hang the campaign. */
const HANGS_AFTER_MS = 60_000

/** Work until it is killed · end everything that is open, and itself · only open and close the log. */
export type Mode = 'run' | 'drain' | 'open'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class Victim {
  readonly #process: ChildProcessByStdio<null, Readable, Readable>
  readonly #waiting: { readonly line: string; readonly resolve: () => void }[] = []
  #rest = ''
  /** Whole lines, as they came. */
  readonly lines: string[] = []
  stderr = ''
  /** It was ended here because it did not end by itself. */
  hung = false
  /** When it is gone and everything that it had written is read. */
  readonly ended: Promise<Ended>

  /** `log`: its address. `compiled`: a folder where processes that end by themselves leave compiled code for the next ones. */
  constructor(log: string, name: string, mode: Mode, compiled?: string, hangsAfterMs = HANGS_AFTER_MS) {
    const env = compiled === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: compiled }
    this.#process = spawn(process.execPath, [CHILD, log, name, mode], { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    const watchdog = setTimeout(() => {
      this.hung = true
      this.kill()
    }, hangsAfterMs)
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => {
        clearTimeout(watchdog)
        resolve({ code, signal })
      })
    })
  }

  /** Resolves when it has said the line. Whoever waits for it should watch `ended` as well. */
  said(line: string): Promise<void> {
    if (this.lines.includes(line)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ line, resolve }))
  }

  /** Everything after the word in the lines that begin with it. */
  after(word: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** It does nothing any more, and notices nothing. */
  pause(): void {
    this.#process.kill('SIGSTOP')
  }

  resume(): void {
    this.#process.kill('SIGCONT')
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      this.lines.push(line)
      for (const waiting of this.#waiting) if (waiting.line === line) waiting.resolve()
    }
  }
}
