/** A scheduler over a log in memory and a clock that moves when it is told to; given back when its test is over. */
import { onTestFinished } from 'vitest'
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/virtual-clock.ts'
import { type FlatOptions, type ListenerEvent, Scheduler, type SchedulerOptions } from '../../src/index.ts'
import { SILENT } from '../../src/ports/telemetry.ts'
import { T0 } from '../support/moments.ts'

export interface Opened {
  readonly scheduler: Scheduler
  readonly clock: VirtualClock
  /** What was told to a listener of everything. */
  readonly told: readonly ListenerEvent[]
}

export async function openScheduler(options: SchedulerOptions | FlatOptions = {}): Promise<Opened> {
  const clock = createVirtualClock(T0)
  const log = 'flat' in options || options.stores !== undefined ? {} : { log: 'memory:' }
  const scheduler = await Scheduler.open({ ...log, logger: SILENT, clock, ...options })
  onTestFinished(() => scheduler.shutdown({ wait: false }))
  const told: ListenerEvent[] = []
  scheduler.addListener((event) => told.push(event))
  return { scheduler, clock, told }
}

/** With a task `greet` that greets who the payload names, and started. */
export async function started(options: SchedulerOptions = {}): Promise<Opened> {
  const opened = await openScheduler(options)
  opened.scheduler.task('greet', (_context, payload) => ({ greeted: payload?.name ?? 'world' }))
  await opened.scheduler.start()
  return opened
}

/** The scheduled times of a job's runs, in seconds after `T0`, oldest first. */
export function firedAt(told: readonly ListenerEvent[], jobId: string): number[] {
  return told
    .filter((event) => event.type === 'RunQueued')
    .filter((event) => event.jobId === jobId)
    .map(({ scheduledAt }) => (scheduledAt.getTime() - T0) / 1_000)
}

/** A handler that waits for its signal, or for the test to let it go. */
export function stubborn(): { readonly handler: () => Promise<unknown>; readonly letGo: (value?: unknown) => void } {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  return { handler: () => promise, letGo: resolve }
}

/** A handler that runs until it is asked to stop. */
export function obedient({ signal }: { readonly signal: AbortSignal }): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}
