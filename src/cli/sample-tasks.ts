/** Tasks to try things with, when the application gives none. */
import { setTimeout as wait } from 'node:timers/promises'
import type { TaskHandler } from '../executor/task-registry.ts'

const MAX_SLEEP_MS = 2 ** 31 - 1
const DEFAULT_SLEEP_MS = 1_000

const sleep: TaskHandler = async ({ signal }, payload: unknown) => {
  const ms = Math.min(numberIn(payload, 'ms') ?? DEFAULT_SLEEP_MS, MAX_SLEEP_MS)
  await wait(ms, undefined, { signal })
  return { sleptMs: ms }
}

const fail: TaskHandler = ({ run }, payload: unknown) => {
  const times = numberIn(payload, 'times') ?? Infinity
  if (run.attempt <= times) throw new Error(`attempt ${run.attempt} fails, as it was asked to`)
  return { attempts: run.attempt }
}

const log: TaskHandler = ({ run }, payload: unknown) => {
  process.stderr.write(`${run.jobId}: ${JSON.stringify(payload)}\n`)
}

function numberIn(payload: unknown, member: string): number | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined
  const value = (payload as Readonly<Record<string, unknown>>)[member]
  return typeof value === 'number' && value >= 0 ? value : undefined
}

/** With what each does, for the list that `dev` prints. */
export const SAMPLE_TASKS: ReadonlyMap<string, { readonly does: string; readonly run: TaskHandler }> = new Map([
  ['echo', { does: 'returns its payload', run: (_context, payload: unknown) => payload }],
  ['sleep', { does: 'takes {"ms": 1000} and waits so long', run: sleep }],
  ['fail', { does: 'takes {"times": 1}: its first attempts fail; without a payload all do', run: fail }],
  ['log', { does: 'writes its payload to stderr', run: log }],
] as const)
