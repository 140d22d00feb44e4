// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, expect, test } from 'vitest'
import type { Input } from '../../src/core/decide.ts'
import type { Decided } from '../../src/core/events.ts'
import { TIMEOUT_SLACK_MS } from '../../src/core/limits.ts'
import { date, interval } from '../../src/core/triggers/make-trigger.ts'
import {
  jobAdded,
  jobFinished,
  jobModified,
  jobPaused,
  rejected,
  retries,
  retryQueued,
  retryScheduled,
  runCancelled,
  runFailed,
  runLost,
  runMissed,
  runNowQueued,
  runQueued,
  runStarted,
  runSucceeded,
  runTimedOut,
  timesMissed,
  times,
} from '../support/facts.ts'
import { addJob, jobDue, report, runDue, runError, runJob, THIRD_EXECUTOR } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0 } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { by } from './outcomes.ts'
import { called, cancelRun, rescheduleJob } from './requests.ts'

const RUN = runAt(T0)
/** A job that runs once, and its run. */
const ONCE = [jobAdded(), runQueued(T0), runStarted(RUN)] as const

describe('the job is finished by the outcome of its last run,', () => {
  test.each<[string, Input, Decided]>([
    ['succeeded', report('succeeded', RUN), runSucceeded(RUN, { startedAt: T0 })],
    ['failed', report('failed', RUN, { error: runError() }), runFailed(RUN, { startedAt: T0 })],
    ['timed-out', report('timed-out', RUN, { error: runError('TimeoutError') }), runTimedOut(RUN, { startedAt: T0 })],
    ['cancelled', report('cancelled', RUN), runCancelled(RUN, { startedAt: T0, reason: 'cancelled by its executor' })],
  ])('%s', (_outcome, input, outcome) => {
    const { state } = given(...ONCE)
      .when(input)
      .then(outcome, jobFinished())
    expect([state.jobCount, state.runCount]).toEqual([0, 0])
  })

  test('missed', () => {
    const { state } = given(jobAdded(), runQueued(T0)).when(report('missed', RUN)).then(runMissed(T0), jobFinished())
    expect([state.jobCount, state.runCount]).toEqual([0, 0])
  })

  test('lost', () => {
    given(...ONCE, runStarted(RUN, { executor: 'host:2:bb' }))
      .when(report('started', RUN, { executor: THIRD_EXECUTOR }))
      .then(
        runLost(RUN, {
          startedAt: T0,
          executor: THIRD_EXECUTOR,
          reason: 'attempt 1 was started by 3 processes and ended by none',
        }),
        jobFinished(),
      )
  })

  test('ended by the time-out that the owner keeps', () => {
    given(jobAdded({ job: { timeoutMs: 1_000 } }), runQueued(T0), runStarted(RUN))
      .at(at(1) + TIMEOUT_SLACK_MS)
      .when(runDue(RUN))
      .then(
        runTimedOut(RUN, {
          startedAt: T0,
          error: runError('TimeoutError', { message: 'attempt 1 took longer than its time-out of 1000 ms' }),
        }),
        jobFinished(),
      )
  })

  test('also while it is paused', () => {
    given(...ONCE, jobPaused())
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: T0 }), jobFinished())
  })
})

describe('the job is not finished', () => {
  test('by an attempt that is followed by another', () => {
    given(jobAdded({ job: { retry: retries(2, { jitter: 0 }) } }), runQueued(T0))
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(1) }))
      .at(at(1))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('succeeded', RUN, { attempt: 2 }))
      .then(runSucceeded(RUN, { attempt: 2 }), jobFinished())
  })

  test('while a run by hand is open beside the last of its trigger', () => {
    const hand = `${runAt(at(1))}/hand`
    given(jobAdded({ job: { maxInstances: 2 } }), runQueued(T0))
      .at(at(1))
      .when(runJob({ envelope: called('hand') }))
      .then(runNowQueued(at(1), {}, called('hand')))
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN))
      .when(report('succeeded', hand))
      .then(runSucceeded(hand), jobFinished())
  })

  test('while its trigger has a next time, however long it takes', () => {
    const trigger = resolved(interval('10s', { end: at(20) }))
    const [first, second] = [runAt(at(10)), runAt(at(20))]
    given(jobAdded({ job: { trigger }, nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
      .when(report('succeeded', first))
      .then(runSucceeded(first))
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20)))
      .when(report('succeeded', second))
      .then(runSucceeded(second), jobFinished())
  })

  test('when it was given another trigger before its last run was over', () => {
    given(...ONCE)
      .at(at(3))
      .when(rescheduleJob(interval('10s')))
      .then(jobModified({ job: { trigger: every('10s') }, anchor: at(3), nextFireTime: at(13) }))
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: T0 }))
  })

  test('by the last run of a job of the same id that was there before', () => {
    const again = given(...ONCE, { type: 'JobRemoved', jobId: JOB, ...by() })
      .at(at(3))
      .when(addJob({}, { ifExists: 'reject' }))
      .then(jobAdded({ anchor: at(3), nextFireTime: at(3) }))
    again.when(report('succeeded', RUN)).then(runSucceeded(RUN, { startedAt: T0 }))
    expect(again.state.jobCount).toBe(1)
  })
})

describe('a job of which nothing is left is finished at once', () => {
  test('when all its times are missed', () => {
    given(jobAdded({ job: { trigger: resolved(date(at(10))), misfireGraceMs: 1_000 }, nextFireTime: at(10) }))
      .at(at(60))
      .when(jobDue())
      .then(timesMissed(times(at(10)), null), jobFinished())
  })

  test('when its last run is cancelled before it began', () => {
    given(jobAdded(), runQueued(T0))
      .when(cancelRun(RUN))
      .then(runCancelled(RUN, { ...by(), executor: null, reason: 'cancelled on request' }), jobFinished())
  })
})

test('a job that is finished is not there any more', () => {
  given(...ONCE, runSucceeded(RUN), jobFinished())
    .when(runJob())
    .then(rejected('job-not-found', 'jobId'))
})

test('a job that is finished may be added again, as another', () => {
  const { state } = given(...ONCE, runSucceeded(RUN), jobFinished())
    .at(at(9))
    .when(addJob({}, { ifExists: 'reject' }))
    .then(jobAdded({ anchor: at(9), nextFireTime: at(9) }))
  expect(state.job(JOB)).toMatchObject({ incarnation: '1-6-0', counts: { succeeded: 0 }, last: null })
})
