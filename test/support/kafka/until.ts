import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 50

/** Asks again and again, until it is true or the time is over; false then. For facts that nobody announces. */
export async function until(fact: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!(await fact())) {
    if (performance.now() > deadline) return false
    await sleep(POLL_MS)
  }
  return true
}
