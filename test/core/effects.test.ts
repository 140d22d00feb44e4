import { describe, expect, test } from 'vitest'
import { effectsOf } from '../../src/core/effects.ts'
import {
  cancelRequested,
  jobAdded,
  retryQueued,
  retryScheduled,
  runQueued,
  runStarted,
  runSucceeded,
} from '../support/facts.ts'
import { report, runDue } from '../support/inputs.ts'
import { at, every, runAt } from '../support/moments.ts'
import { given, type Given } from '../support/scenario.ts'

const RUN = runAt(at(10))
const NEXT = runAt(at(20))
const ADDED = jobAdded({ job: { trigger: every('10s'), coalesce: 'all' }, nextFireTime: at(10) })
const FIRST = runQueued(at(10), { nextFireTime: at(30) })
const SECOND = runQueued(at(20), { nextFireTime: at(30), after: RUN })

/** What the last of the events asks for, in the state after all of them. */
function asked(...facts: readonly Given[]) {
  const { state } = given(...facts)
  const last = facts.at(-1)
  return last === undefined ? [] : effectsOf({ ...last, epoch: 1, seq: 1, index: 0, time: state.lastTime }, state)
}

describe('an event asks for', () => {
  test('the dispatch of a run that was queued', () => {
    expect(asked(ADDED, FIRST)).toEqual([{ type: 'dispatch', runId: RUN, attempt: 1 }])
  })

  test('nothing for a run that waits for its predecessor', () => {
    expect(asked(ADDED, FIRST, SECOND)).toEqual([])
  })

  test('the dispatch of the next attempt', () => {
    expect(asked(ADDED, FIRST, retryScheduled(RUN), retryQueued(RUN))).toEqual([
      { type: 'dispatch', runId: RUN, attempt: 2 },
    ])
  })

  test('the dispatch of the run that waited for the one that ended', () => {
    const ended = { ...runSucceeded(RUN), time: at(25) }
    expect(asked(ADDED, FIRST, SECOND, ended)).toEqual([{ type: 'dispatch', runId: NEXT, attempt: 1 }])
  })

  test('the end of an attempt that is to stop', () => {
    expect(asked(ADDED, FIRST, runStarted(RUN), cancelRequested(RUN))).toMatchObject([
      { type: 'cancel', runId: RUN, attempt: 1 },
    ])
  })

  test('nothing when it only tells what happened', () => {
    expect(asked(ADDED)).toEqual([])
    expect(asked(ADDED, FIRST, runStarted(RUN))).toEqual([])
    expect(asked(ADDED, FIRST, retryScheduled(RUN))).toEqual([])
  })
})

test('of several successors one begins after the other', () => {
  const last = runAt(at(30))
  const third = runQueued(at(30), { nextFireTime: at(40), after: NEXT })
  const { state } = given(ADDED, FIRST, SECOND, third).at(at(35)).when(report('succeeded', RUN)).then(runSucceeded(RUN))
  expect([NEXT, last].map((runId) => state.run(runId)?.status)).toEqual(['queued', 'waiting'])
})

test('a successor waits through the retries of its predecessor', () => {
  const { state } = given(ADDED, FIRST, SECOND, retryScheduled(RUN, { retryAt: at(12) }))
    .at(at(12))
    .when(runDue(RUN))
    .then(retryQueued(RUN))
  expect(state.run(NEXT)?.status).toBe('waiting')
})
