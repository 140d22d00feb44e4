/** Executors with one task registry on a virtual clock, and the reports that they made. Tests wait for reports. */
import { onTestFinished } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import type { Report, ReportType } from '../../src/core/reports.ts'
import { ExecutorPool } from '../../src/executor/executor-pool.ts'
import { TaskRegistry } from '../../src/executor/task-registry.ts'
import type { RunRequest } from '../../src/ports/dispatcher.ts'
import type { Logger } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'

export const PROCESS = 'here:1:aa'
export const ANOTHER_PROCESS = 'there:2:bb'

export interface Line {
  readonly level: keyof Logger
  readonly details: object
  readonly message: string
}

export interface Scene {
  readonly pool: ExecutorPool
  readonly tasks: TaskRegistry
  readonly clock: VirtualClock
  /** In the order of reporting, those that nobody took too. */
  readonly reports: readonly Report[]
  readonly lines: readonly Line[]
  /** Hands attempt 1 of the run over; the rest has defaults. */
  readonly dispatch: (runId: string, over?: Partial<RunRequest>) => void
  /** The first report of that run and type, when it is made. */
  readonly reported: (runId: string, type: ReportType) => Promise<Report>
  /** `started`, `succeeded` … of the run so far. */
  readonly typesOf: (runId: string) => ReportType[]
  /** From then on nobody takes reports, or they are taken again. */
  readonly takeReports: (taken: boolean) => void
}

/** With an executor `default` unless told otherwise; its workers are ended with the test. */
export function executorScene(
  given: { readonly concurrency?: number; readonly environment?: Record<string, string> } = {},
): Scene {
  const tasks = new TaskRegistry()
  const clock = createVirtualClock(T0)
  const reports: Report[] = []
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  let taking = true
  const pool = new ExecutorPool({
    tasks,
    clock,
    logger: loggerInto(lines),
    process: PROCESS,
    environment: given.environment ?? {},
    report: async (report) => {
      reports.push(report)
      for (const look of waiting) look()
      if (!taking) throw new Error('not the owner')
    },
  })
  pool.add('default', { concurrency: given.concurrency ?? 10 })
  onTestFinished(() => pool.drainAll(clock.now()))

  const find = (runId: string, type: ReportType): Report | undefined =>
    reports.find((report) => report.runId === runId && report.type === type)
  return {
    pool,
    tasks,
    clock,
    reports,
    lines,
    dispatch: (runId, over = {}) => pool.dispatch({ ...REQUEST, runId, ...over }),
    reported: (runId, type) =>
      new Promise((resolve) => {
        const look = (): void => {
          const report = find(runId, type)
          if (report === undefined) return
          waiting.delete(look)
          resolve(report)
        }
        waiting.add(look)
        look()
      }),
    typesOf: (runId) => reports.filter((report) => report.runId === runId).map(({ type }) => type),
    takeReports: (taken) => {
      taking = taken
    },
  }
}

export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

const REQUEST: RunRequest = {
  runId: 'run',
  jobId: 'hello',
  attempt: 1,
  task: 'greet',
  deliver: null,
  payload: new Uint8Array(),
  contentType: 'application/json',
  headers: null,
  scheduledAt: T0,
  dueAt: T0,
  startBefore: null,
  timeoutMs: null,
  heartbeatTimeoutMs: null,
  delivery: 'at-least-once',
  executor: 'default',
  partition: 0,
  epoch: 1,
  again: false,
}

export function loggerInto(lines: Line[]): Logger {
  const at = (level: keyof Logger) => (details: object, message: string) => void lines.push({ level, details, message })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A handler whose end the test decides, and a count of its calls. */
export interface Held {
  readonly handler: (context: { readonly signal: AbortSignal }) => Promise<unknown>
  readonly calls: () => number
  /** Of the first call that is not over. */
  readonly resolve: (value?: unknown) => void
  readonly reject: (error: Error) => void
  /** Of the last call. */
  readonly signal: () => AbortSignal | undefined
}

export function held(): Held {
  const open: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = []
  let calls = 0
  let last: AbortSignal | undefined
  return {
    handler: ({ signal }) => {
      calls += 1
      last = signal
      return new Promise((resolve, reject) => open.push({ resolve, reject }))
    },
    calls: () => calls,
    resolve: (value = null) => open.shift()?.resolve(value),
    reject: (error) => open.shift()?.reject(error),
    signal: () => last,
  }
}
