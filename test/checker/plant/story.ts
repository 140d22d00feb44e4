/** The events that planted histories are told in: one job `tick` that fires every second, and what goes with it. */
import type { PlantedEvent } from './history.ts'

type Members = Readonly<Record<string, unknown>>

/** When the story begins: 2027-01-01T09:00:00Z. */
export const START: number = Date.UTC(2027, 0, 1, 9)
export const TICK = 'tick'
/** `(epoch, seq, index)` of the first record of the first batch of the first epoch. */
const FIRST = '1-1-0'

/** The nth scheduled time of a job that was added at `START`; the first is 1. */
export function at(number: number): number {
  return START + number * 1_000
}

export function definition(members: Members = {}): Members {
  const trigger = JSON.stringify({ type: 'interval', every: 'PT1S', zone: 'UTC' })
  const texts = { contentType: 'application/json', executor: 'default', metadata: '{}', delivery: 'at-least-once' }
  const policies = { coalesce: 'latest', maxCatchUp: 100, maxInstances: 1, overlap: 'skip', queueLimit: 10 }
  const retry = { maxAttempts: 3, initialMs: 1_000, multiplier: 2, maxMs: 300_000, jitter: 0 }
  return { task: 'greet', trigger, ...texts, ...policies, retry, ...members }
}

export function added(members: Members = {}): PlantedEvent {
  const known = { jobId: TICK, version: 1, definition: definition(), anchor: START, nextFireTime: at(1) }
  return { type: 'JobAdded', commandId: 'add-tick', ...known, ...members }
}

export function runIdOf(time: number, incarnation = FIRST): string {
  return `${TICK}/${incarnation}/${new Date(time).toISOString().replaceAll(/[-:]/g, '')}`
}

export function times(...listed: readonly number[]): Members {
  return { first: listed[0], last: listed.at(-1), count: listed.length, listed }
}

export function fired(number: number, members: Members = {}): PlantedEvent {
  const time = at(number)
  const own = { scheduledAt: time, dueAt: time, nextFireTime: at(number + 1), runId: runIdOf(time) }
  return { type: 'RunQueued', jobId: TICK, cause: 'trigger', jobVersion: 1, executor: 'default', ...own, ...members }
}

export function succeeded(number: number, members: Members = {}): PlantedEvent {
  const time = at(number)
  const own = { scheduledAt: time, runId: runIdOf(time), executor: 'host:1:aa' }
  return { type: 'RunSucceeded', jobId: TICK, attempt: 1, ...own, ...members }
}

/** Something that happens to the run of the nth time. */
export function ofRun(type: string, number: number, members: Members = {}): PlantedEvent {
  const time = at(number)
  return { type, jobId: TICK, attempt: 1, runId: runIdOf(time), scheduledAt: time, ...members }
}
