/** What a piece of work takes: time, and memory that stays. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Timed<T> {
  readonly value: T
  readonly seconds: number
  /** Of all threads of this process: what a machine without neighbours would take, or less. */
  readonly cpuSeconds: number
}

export async function timed<T>(run: () => Promise<T>): Promise<Timed<T>> {
  const began = performance.now()
  const cpu = process.cpuUsage()
  const value = await run()
  const { user, system } = process.cpuUsage(cpu)
  return { value, seconds: (performance.now() - began) / 1_000, cpuSeconds: (user + system) / 1e6 }
}

/** The longest time in which nothing else could run. */
export async function heldUp(
  run: () => Promise<void>,
): Promise<{ readonly seconds: number; readonly longestMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const { seconds } = await timed(run)
  delay.disable()
  return { seconds, longestMs: delay.max / 1e6 }
}

/** Bytes of live objects and of their buffers. */
export function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
