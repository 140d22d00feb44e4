/** A program in another language, run by a test: what it prints is waited for, line by line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Command } from './clients.ts'

interface Ended {
  /** null: it was ended by a signal. */
  readonly code: number | null
  readonly lines: readonly string[]
  /** What it said on stderr. */
  readonly said: string
}

const running = new Set<Program>()

/** Ends those that a test which failed has left. */
export async function stopPrograms(): Promise<void> {
  await Promise.allSettled([...running].map((program) => program.stop()))
}

export class Program {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()
  #said = ''
  #over = false

  constructor([program, ...first]: Command, args: readonly string[], input?: string | Uint8Array) {
    // Python would leave its compiled modules beside the examples.
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }
    this.#child = spawn(program, [...first, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    const { stdin, stdout, stderr } = this.#child
    if (stdin === null || stdout === null || stderr === null) throw new Error('the program has no pipes')
    // It may end without reading what it is given.
    stdin.on('error', () => {})
    stdin.end(input ?? '')
    stderr.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString('utf8')
    })
    const lines = createInterface({ input: stdout })
    lines.on('line', (line) => {
      this.#lines.push(line)
      this.#wake()
    })
    const read = new Promise<void>((resolve) => lines.once('close', () => resolve()))
    const closed = new Promise<number | null>((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', resolve)
    })
    this.ended = this.#end(closed, read)
    running.add(this)
    this.ended.catch(() => running.delete(this))
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  /** Resolves once the lines that it printed are as wanted. Rejects when it ends before. */
  async printed(wanted: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    while (!wanted(this.#lines)) {
      if (this.#over) throw new Error(`the program ended early:\n${this.#lines.join('\n')}\n${this.#said}`)
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
    return [...this.#lines]
  }

  /** SIGTERM, and waits for its end. */
  stop(): Promise<Ended> {
    this.#child.kill('SIGTERM')
    return this.ended
  }

  async #end(closed: Promise<number | null>, read: Promise<void>): Promise<Ended> {
    const code = await closed
    await read
    this.#over = true
    running.delete(this)
    this.#wake()
    return { code, lines: this.#lines, said: this.#said }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** To its end, which has to be a good one. */
export async function finish(command: Command, args: readonly string[], input?: string | Uint8Array): Promise<Ended> {
  const ended = await new Program(command, args, input).ended
  if (ended.code !== 0) throw new Error(`${command[0]} ended with ${ended.code}:\n${ended.said}`)
  return ended
}
