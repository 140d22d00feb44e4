/** Instants, triggers and run ids of the scenarios: seconds after one fixed moment, so that a line reads by itself. */
import type { Times } from '../../src/core/events.ts'
import { TIMES_LISTED } from '../../src/core/limits.ts'
import { runIdOf } from '../../src/core/run/run-id.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import { resolveTrigger } from '../../src/core/triggers/resolve-trigger.ts'
import type { Trigger } from '../../src/core/triggers/trigger.ts'

/** 2027-01-01T09:00:00Z */
export const T0: number = Date.UTC(2027, 0, 1, 9)

export function at(seconds: number): number {
  return T0 + seconds * 1_000
}

/** The job that scenarios are about when they name no other. */
export const JOB = 'hello'

/** `epoch-seq-index` of the first event of a scenario. */
export const FIRST_INCARNATION = '1-1-0'

/** As AddJob records it: with its zone. */
export function resolved(trigger: Trigger, jobId: string = JOB): Trigger {
  return resolveTrigger(trigger, { jobId, zone: 'UTC' })
}

export function every(text: string, options: { repeat?: number; jitterMs?: number } = {}): Trigger {
  return resolved(interval(text, options))
}

/** The id of the run that the trigger made for this time. */
export function runAt(scheduledAt: number, incarnation: string = FIRST_INCARNATION, jobId: string = JOB): string {
  return runIdOf(jobId, incarnation, scheduledAt, null)
}

/** The times of a ten-second interval from the `from`th to the `to`th. */
export function tens(from: number, to: number): Times {
  const count = to - from + 1
  const listed = Array.from({ length: Math.min(count, TIMES_LISTED) }, (_, i) => at((from + i) * 10))
  return { first: at(from * 10), last: at(to * 10), count, listed }
}
