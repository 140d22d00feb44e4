import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { JobState } from '../../src/core/job/job-state.ts'
import { MAX_COMMANDS_REMEMBERED } from '../../src/core/limits.ts'
import { State } from '../../src/core/state.ts'
import { JOB_ROW } from '../golden/samples.ts'
import { T0 } from '../support/moments.ts'

test('of too many command ids all of the oldest time are forgotten, so that their order never matters', () => {
  const state = new State()
  for (const id of ['a', 'b', 'c']) state.rememberCommand(id, T0)
  state.rememberCommand('d', T0 + 1)
  for (let index = 4; index < MAX_COMMANDS_REMEMBERED; index += 1) state.rememberCommand(`id-${index}`, T0 + 2)
  expect(state.commandTime('a')).toBe(T0)
  state.rememberCommand('one-more', T0 + 3)
  expect(['a', 'b', 'c', 'd'].map((id) => state.commandTime(id))).toEqual([undefined, undefined, undefined, T0 + 1])
})

test('a command id that comes again counts from then on, and keeps none behind it', () => {
  const state = new State()
  state.rememberCommand('a', T0)
  state.rememberCommand('b', T0)
  state.rememberCommand('a', T0 + 1_800_000)
  state.rememberCommand('c', T0 + 3_600_001)
  expect([...state.commands()].map(([id]) => id)).toEqual(['a', 'c'])
})

test('a tracker hears of every key that changes, and of what was taken and not written once more', () => {
  const state = new State()
  const tracker = state.track()
  state.rememberCommand('a', T0)
  state.dropJob('x')
  state.removeRun('x/1')
  const taken = tracker.take()
  expect([[...taken.jobs], [...taken.runs], [...taken.commands]]).toEqual([['x'], ['x/1'], ['a']])
  state.rememberCommand('b', T0)
  tracker.putBack(taken)
  expect([...tracker.take().commands].toSorted()).toEqual(['a', 'b'])
  state.untrack(tracker)
  state.dropJob('y')
  expect([...tracker.take().jobs]).toEqual([])
})

/** A new version of a job, which none but the state has from then on. */
function put(state: State, version: number): WeakRef<JobState> {
  const job: JobState = { ...JOB_ROW, openRuns: [], version }
  state.putJob(job)
  return new WeakRef(job)
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What a weak reference was just made of, or asked for, lives until the turn of the event loop is over.
  await setImmediate()
  collect()
}

test('a job that was replaced or removed is out of memory at once', async () => {
  const state = new State()
  const replaced = put(state, 1)
  const removed = put(state, 2)
  await collectGarbage()
  expect([replaced.deref()?.version, removed.deref()?.version]).toEqual([undefined, 2])
  state.removeJob(JOB_ROW.jobId)
  state.takeRetired()
  await collectGarbage()
  expect(removed.deref()).toBeUndefined()
})
