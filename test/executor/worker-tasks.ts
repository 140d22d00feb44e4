/** Handlers that run in real worker threads and child processes. Each says by a heartbeat that it has begun. */
import type { TaskContext } from '../../src/executor/task-registry.ts'

export function fibonacci(_context: TaskContext, n: number): number {
  const nth = (of: number): number => (of < 2 ? of : nth(of - 1) + nth(of - 2))
  return nth(n)
}

export function describe({ run }: TaskContext, payload: unknown): object {
  const type = payload instanceof Date ? 'date' : payload instanceof Uint8Array ? 'bytes' : typeof payload
  const shown = type === 'object' ? payload : String(payload)
  return {
    type,
    payload: shown,
    attempt: run.attempt,
    jobId: run.jobId,
    scheduledAt: run.scheduledAt,
    pid: process.pid,
  }
}

export function log({ log }: TaskContext): void {
  log.info({ count: 1 }, 'counted')
  log.warn({ callback: () => 1 }, 'what does not cross is shown as text')
}

export function chatter({ log }: TaskContext, lines: number): void {
  for (let line = 0; line < lines; line++) log.info({ line }, 'said')
}

/** Looks at nothing and never ends. */
export function endless(context: TaskContext): never {
  context.log.info({ pid: process.pid }, 'endless')
  context.heartbeat()
  for (;;);
}

/** Rejects when it is told to stop. */
export function obedient(context: TaskContext): Promise<never> {
  return new Promise((_resolve, reject) => {
    context.signal.addEventListener('abort', () => reject(context.signal.reason))
    context.heartbeat()
  })
}

/** Resolves with what it was told when it is told to stop. */
export function tidy(context: TaskContext): Promise<object> {
  return new Promise((resolve) => {
    context.signal.addEventListener('abort', () => {
      const { name, message } = context.signal.reason as Error
      resolve({ name, message })
    })
    context.heartbeat()
  })
}

export function refuse(): never {
  throw Object.assign(new RangeError('no such size'), { retryable: false })
}

export function unwritable(): object {
  return { big: 1n }
}

export function exit({ log }: TaskContext): never {
  log.info({}, 'exits')
  process.exit(3)
}

/** Its child process dies with its result on the way, before the pool package hears of it. */
export function exitWithResult(): string {
  const send = process.send?.bind(process)
  process.send = (message: unknown) => {
    send?.(message)
    return Object(message).type === 'done' ? process.exit(5) : true
  }
  return 'all done'
}

export function crash(): Promise<never> {
  setImmediate(() => {
    throw new Error('nobody caught this')
  })
  return new Promise(() => {})
}

/** Is done, and ends its worker a little later. */
export function exitLater(): void {
  setImmediate(() => process.exit(4))
}

/** As a terminal and a service manager do, to every process of the group. A third signal says when they have come. */
export async function signalled(): Promise<string> {
  const came = new Promise((resolve) => process.once('SIGUSR2', resolve))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR2'] as const) process.kill(process.pid, signal)
  await came
  return 'still here'
}

export function greeting(): string | null {
  return process.env['GREETING'] ?? null
}

export const notFunction = 3
