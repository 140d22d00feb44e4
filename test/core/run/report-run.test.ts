// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import { TIMEOUT_SLACK_MS } from '../../../src/core/limits.ts'
import type { ReportType } from '../../../src/core/reports.ts'
import { runDue as dueOf } from '../../../src/core/timers.ts'
import {
  cancelRequested,
  ignored,
  jobAdded,
  retries,
  retryQueued,
  retryScheduled,
  runCancelled,
  runFailed,
  runLost,
  runMissed,
  runQueued,
  runStarted,
  runSucceeded,
  runTimedOut,
} from '../../support/facts.ts'
import { EXECUTOR, OTHER_EXECUTOR, report, runDue, runError, THIRD_EXECUTOR } from '../../support/inputs.ts'
import { at, every, JOB, runAt } from '../../support/moments.ts'
import { given, type GivenStage, nothing } from '../../support/scenario.ts'
import type { JobDefinition } from '../../../src/core/job/definition.ts'

const RUN = runAt(at(10))
const SILENT = { since: 0, heardOf: () => undefined }

function queuedRun(job: Partial<JobDefinition> = {}): GivenStage {
  return given(
    jobAdded({ job: { trigger: every('10s'), ...job }, nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
  ).at(at(12))
}

function startedRun(job: Partial<JobDefinition> = {}): GivenStage {
  return queuedRun(job)
    .when(report('started', RUN, { startedAt: at(11) }))
    .then(runStarted(RUN, { startedAt: at(11) }))
}

describe('a report', () => {
  test('of a start makes the run running', () => {
    const { state } = startedRun()
    expect(state.run(RUN)).toMatchObject({ status: 'running', startedAt: at(11), executor: EXECUTOR, starts: 1 })
  })

  test('of a start without its time counts from when it was made', () => {
    queuedRun()
      .when(report('started', RUN, { at: at(11) }))
      .then(runStarted(RUN, { startedAt: at(11) }))
  })

  test('of success ends the run with its result, also when no start was reported', () => {
    const { state } = queuedRun()
      .when(report('succeeded', RUN, { startedAt: at(11), result: { greeted: 'world' } }))
      .then(runSucceeded(RUN, { startedAt: at(11), result: { greeted: 'world' } }))
    expect(state.runCount).toBe(0)
    expect(state.job(JOB)).toMatchObject({
      openRuns: [],
      counts: { succeeded: 1 },
      last: { runId: RUN, outcome: 'succeeded' },
    })
  })

  test('of failure ends a run that is not tried again', () => {
    const { state } = startedRun()
      .when(report('failed', RUN, { error: runError('TypeError') }))
      .then(runFailed(RUN, { startedAt: at(11), error: runError('TypeError') }))
    expect(state.job(JOB)).toMatchObject({ counts: { failed: 1 }, last: { outcome: 'failed' } })
  })

  test('of failure without an error says so', () => {
    startedRun()
      .when(report('failed', RUN))
      .then(runFailed(RUN, { startedAt: at(11), error: runError('Error', { message: 'the executor gave no error' }) }))
  })

  test('of a time-out ends a run that is not tried again', () => {
    const { state } = startedRun({ timeoutMs: 1_000 })
      .when(report('timed-out', RUN))
      .then(
        runTimedOut(RUN, {
          startedAt: at(11),
          error: runError('TimeoutError', { message: 'attempt 1 took longer than its time-out of 1000 ms' }),
        }),
      )
    expect(state.job(JOB)).toMatchObject({ counts: { stopped: 1 }, last: { outcome: 'timed-out' } })
  })

  test('of cancellation ends the run as cancelled, with the reason that the executor gives', () => {
    const { state } = startedRun()
      .when(report('cancelled', RUN, { error: runError('AbortError', { message: 'enough' }) }))
      .then(runCancelled(RUN, { startedAt: at(11), reason: 'enough' }))
    expect(state.job(JOB)).toMatchObject({ counts: { stopped: 1 }, last: { outcome: 'cancelled' } })
  })

  test('of a pick-up that came too late ends the run as missed', () => {
    const { state } = queuedRun()
      .when(report('missed', RUN))
      .then(runMissed(at(10)))
    expect(state.job(JOB)).toMatchObject({ counts: { missed: 1 }, last: { outcome: 'missed' } })
  })

  test('of a heartbeat is no event', () => {
    startedRun().when(report('heartbeat', RUN)).then()
  })
})

describe('a report changes nothing and is recorded as ignored', () => {
  const types: readonly ReportType[] = [
    'started',
    'succeeded',
    'failed',
    'timed-out',
    'cancelled',
    'missed',
    'unknown-task',
  ]

  test.each(types)('%s of a run that is not there', (type) => {
    nothing.when(report(type, RUN)).then(ignored(RUN, type, 'unknown-run'))
  })

  test.each(types)('%s of a run that is over', (type) => {
    queuedRun()
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN))
      .when(report(type, RUN))
      .then(ignored(RUN, type, 'unknown-run'))
  })

  test.each(types)('%s of an attempt before the present one', (type) => {
    given(
      jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      retryScheduled(RUN),
      retryQueued(RUN),
    )
      .when(report(type, RUN))
      .then(ignored(RUN, type, 'old-attempt'))
  })

  test.each(types)('%s of an attempt that has not begun', (type) => {
    startedRun()
      .when(report(type, RUN, { attempt: 2 }))
      .then(ignored(RUN, type, 'future-attempt', { attempt: 2 }))
  })

  test.each(types)('%s of an attempt that failed and waits for the next', (type) => {
    given(
      jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      retryScheduled(RUN),
    )
      .when(report(type, RUN))
      .then(ignored(RUN, type, 'old-attempt'))
  })

  test('of a run under the name of another job', () => {
    queuedRun()
      .when(report('succeeded', RUN, { jobId: 'other' }))
      .then(ignored(RUN, 'succeeded', 'unknown-run', { jobId: 'other' }))
  })

  test('of a run that waits for its predecessor', () => {
    const next = runAt(at(20))
    given(
      jobAdded({ job: { trigger: every('10s'), coalesce: 'all' }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(30) }),
      runQueued(at(20), { nextFireTime: at(30), after: RUN }),
    )
      .when(report('succeeded', next))
      .then(ignored(next, 'succeeded', 'old-attempt'))
  })

  test('of a start that the same process reported before', () => {
    startedRun()
      .when(report('started', RUN))
      .then(ignored(RUN, 'started', 'repeated'))
  })
})

describe('an attempt that comes back', () => {
  test('may be started by a second process, and keeps the time of its first start', () => {
    const { state } = startedRun()
      .when(report('started', RUN, { executor: OTHER_EXECUTOR, startedAt: at(15) }))
      .then(runStarted(RUN, { executor: OTHER_EXECUTOR, startedAt: at(15) }))
    expect(state.run(RUN)).toMatchObject({ starts: 2, startedAt: at(11), executor: OTHER_EXECUTOR })
  })

  const twice = startedRun()
    .when(report('started', RUN, { executor: OTHER_EXECUTOR, startedAt: at(15) }))
    .then(runStarted(RUN, { executor: OTHER_EXECUTOR, startedAt: at(15) }))

  test('is lost with the start by a third process: it kills them', () => {
    const { state } = twice.when(report('started', RUN, { executor: THIRD_EXECUTOR })).then(
      runLost(RUN, {
        startedAt: at(11),
        executor: THIRD_EXECUTOR,
        reason: 'attempt 1 was started by 3 processes and ended by none',
      }),
    )
    expect(state.job(JOB)).toMatchObject({ counts: { stopped: 1 }, last: { outcome: 'lost' } })
  })

  test('is tried again after a third process, when the job has retries', () => {
    startedRun({ retry: retries(2, { jitter: 0 }) })
      .when(report('started', RUN, { executor: OTHER_EXECUTOR, startedAt: at(15) }))
      .then(runStarted(RUN, { executor: OTHER_EXECUTOR, startedAt: at(15) }))
      .at(at(20))
      .when(report('started', RUN, { executor: THIRD_EXECUTOR }))
      .then(
        retryScheduled(RUN, {
          reason: 'lost',
          error: runError('LostError', { message: 'attempt 1 was started by 3 processes and ended by none' }),
          executor: THIRD_EXECUTOR,
          retryAt: at(21),
        }),
      )
      .at(at(21))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('started', RUN, { attempt: 2, executor: THIRD_EXECUTOR, startedAt: at(22) }))
      .then(runStarted(RUN, { attempt: 2, executor: THIRD_EXECUTOR, startedAt: at(22) }))
  })
})

describe('the time-out that the owner keeps itself', () => {
  const timed = startedRun({ timeoutMs: 30_000 })
  // Counted from when the owner knew of the start.
  const end = at(12) + 30_000 + TIMEOUT_SLACK_MS

  test('is later than that of the executor by a slack', () => {
    const run = timed.state.run(RUN)
    expect(run && dueOf(timed.state, run, SILENT)).toBe(end)
    timed
      .at(end - 1)
      .when(runDue(RUN))
      .then()
  })

  test('ends the run', () => {
    timed
      .at(end)
      .when(runDue(RUN))
      .then(
        runTimedOut(RUN, {
          startedAt: at(11),
          error: runError('TimeoutError', { message: 'attempt 1 took longer than its time-out of 30000 ms' }),
        }),
      )
  })

  test('gives a run a full period after its partition was taken over', () => {
    const liveness = { since: at(100), heardOf: () => undefined }
    timed.hearing(liveness).at(end).when(runDue(RUN)).then()
    const run = timed.state.run(RUN)
    expect(run && dueOf(timed.state, run, liveness)).toBe(at(100) + 30_000 + TIMEOUT_SLACK_MS)
  })

  test('is not there before a start was reported', () => {
    const queued = queuedRun({ timeoutMs: 30_000 })
    const run = queued.state.run(RUN)
    expect(run && dueOf(queued.state, run, SILENT)).toBe(null)
    queued.at(at(3_600)).when(runDue(RUN)).then()
  })

  test('of a run that was over by itself decides nothing', () => {
    timed
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: at(11) }))
      .at(end)
      .when(runDue(RUN))
      .then()
  })
})

describe('a run that was asked to stop', () => {
  test('and fails is cancelled, whatever its retries', () => {
    given(
      jobAdded({ job: { trigger: every('10s'), retry: retries(5) }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(RUN),
      cancelRequested(RUN),
    )
      .when(report('failed', RUN, { error: runError() }))
      .then(runCancelled(RUN, { startedAt: at(0), reason: 'cancelled on request' }))
  })

  test('and succeeds nevertheless has succeeded', () => {
    given(
      jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(RUN),
      cancelRequested(RUN),
    )
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: at(0) }))
  })
})
