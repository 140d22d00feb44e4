// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { TIMEOUT_SLACK_MS } from '../../src/core/limits.ts'
import { runDue as runDueOf } from '../../src/core/timers.ts'
import {
  ignored,
  jobAdded,
  jobFinished,
  retries,
  retryQueued,
  retryScheduled,
  runCancelled,
  runFailed,
  runLost,
  runMissed,
  runQueued,
  runSucceeded,
} from '../support/facts.ts'
import { addJob, EXECUTOR, OTHER_EXECUTOR, report, runDue, runError } from '../support/inputs.ts'
import { at, every, runAt, T0 } from '../support/moments.ts'
import { given, type GivenStage, nothing } from '../support/scenario.ts'
import { asked, by, runGranted, SILENT } from './outcomes.ts'
import { cancelRun, runAbandoned } from './requests.ts'

const RUN = runAt(at(10))
const GONE = 'its process is gone, and it may run only once'
const SILENCE = 'nothing was heard of an attempt that may run only once'

const once = (over: Partial<JobDefinition> = {}): Partial<JobDefinition> => ({
  trigger: every('10s'),
  delivery: 'at-most-once',
  heartbeatTimeoutMs: 30_000,
  ...over,
})

function queued(over: Partial<JobDefinition> = {}): GivenStage {
  return given(jobAdded({ job: once(over), nextFireTime: at(10) }), runQueued(at(10), { nextFireTime: at(20) })).at(
    at(11),
  )
}

/** Claimed and granted at `at(11)`. */
function granted(over: Partial<JobDefinition> = {}): GivenStage {
  return queued(over).when(report('started', RUN)).then(runGranted(RUN))
}

describe('a claim', () => {
  test('is granted to who makes it first', () => {
    const when = queued().when(report('started', RUN))
    const after = when.then(runGranted(RUN))
    expect(after.state.run(RUN)).toMatchObject({
      status: 'running',
      granted: true,
      executor: EXECUTOR,
      startedAt: at(11),
    })
    expect(asked(when, after)).toEqual([`grant ${RUN}`])
  })

  test('of a second process is ignored and refused', () => {
    const when = granted().when(report('started', RUN, { executor: OTHER_EXECUTOR }))
    const after = when.then(ignored(RUN, 'started', 'claimed', { executor: OTHER_EXECUTOR }))
    expect(asked(when, after)).toEqual([`refuse ${RUN}`])
    expect(after.state.run(RUN)?.executor).toBe(EXECUTOR)
  })

  test('that the same process makes again is ignored as a repetition', () => {
    granted()
      .when(report('started', RUN))
      .then(ignored(RUN, 'started', 'repeated'))
  })

  test('of a run that is over is ignored and refused', () => {
    const when = granted()
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: at(11) }))
      .when(report('started', RUN, { executor: OTHER_EXECUTOR }))
    const after = when.then(ignored(RUN, 'started', 'unknown-run', { executor: OTHER_EXECUTOR }))
    expect(asked(when, after)).toEqual([`refuse ${RUN}`])
  })
})

describe('an attempt that was granted', () => {
  test('ends by what its process reports', () => {
    granted()
      .when(report('succeeded', RUN, { result: 7 }))
      .then(runSucceeded(RUN, { startedAt: at(11), result: 7 }))
  })

  test('may fail, and is then tried again as a new attempt with a claim of its own', () => {
    granted({ retry: retries(2, { jitter: 0 }) })
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(12) }))
      .at(at(12))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('started', RUN, { attempt: 2, executor: OTHER_EXECUTOR }))
      .then(runGranted(RUN, { attempt: 2, executor: OTHER_EXECUTOR }))
  })

  test('is lost when it is silent, and never tried again', () => {
    const silent = granted({ retry: retries(9) })
    const run = silent.state.run(RUN)
    expect(run && runDueOf(silent.state, run, SILENT)).toBe(at(41))
    silent
      .at(at(41))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(11), reason: SILENCE }))
  })

  test('is lost when it takes longer than its time-out, and never tried again', () => {
    granted({ timeoutMs: 60_000, heartbeatTimeoutMs: null, retry: retries(9) })
      .at(at(71) + TIMEOUT_SLACK_MS)
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(11), reason: SILENCE }))
  })

  test('is lost when its process is gone, and never tried again', () => {
    granted({ retry: retries(9) })
      .when(runAbandoned(RUN))
      .then(runLost(RUN, { startedAt: at(11), reason: GONE }))
      .when(report('succeeded', RUN))
      .then(ignored(RUN, 'succeeded', 'unknown-run'))
  })

  test('that is lost finishes a job of which nothing else is left', () => {
    given(jobAdded({ job: once({ trigger: null }) }), runQueued(T0), { ...runGranted(runAt(T0)), time: at(1) })
      .when(runAbandoned(runAt(T0)))
      .then(runLost(runAt(T0), { startedAt: at(1), reason: GONE }), jobFinished())
  })

  test('is asked to stop by a cancel', () => {
    granted()
      .when(cancelRun(RUN))
      .then({
        type: 'RunCancelRequested',
        jobId: 'hello',
        runId: RUN,
        attempt: 1,
        reason: 'cancelled on request',
        ...by(),
      })
  })
})

describe('an attempt that was not granted', () => {
  test('is not lost when its process is gone: it never began', () => {
    queued().when(runAbandoned(RUN)).then()
  })

  test('waits for a claim as long as it takes', () => {
    const stage = queued()
    const run = stage.state.run(RUN)
    expect(run && runDueOf(stage.state, run, SILENT)).toBe(null)
  })

  test('is over at once by a cancel, and a claim that comes after it is refused', () => {
    const when = queued()
      .when(cancelRun(RUN))
      .then(runCancelled(RUN, { ...by(), executor: null, reason: 'cancelled on request' }))
      .when(report('started', RUN))
    expect(asked(when, when.then(ignored(RUN, 'started', 'unknown-run')))).toEqual([`refuse ${RUN}`])
  })

  test('may be reported as missed, or as failed because its payload can not be read', () => {
    queued()
      .when(report('missed', RUN))
      .then(runMissed(at(10)))
    queued()
      .when(report('failed', RUN, { error: runError('PayloadError', { retryable: false }) }))
      .then(runFailed(RUN, { error: runError('PayloadError', { retryable: false }) }))
  })
})

describe('the job', () => {
  test('has a heartbeat of 30 s when it has neither that nor a time-out', () => {
    nothing
      .when(addJob({ delivery: 'at-most-once' }))
      .then(jobAdded({ job: { delivery: 'at-most-once', heartbeatTimeoutMs: 30_000 } }))
  })

  test('has the heartbeat or the time-out that it is given', () => {
    const heartbeat = { delivery: 'at-most-once', heartbeatTimeoutMs: 5_000 } as const
    nothing.when(addJob(heartbeat)).then(jobAdded({ job: heartbeat }))
    const timeout = { delivery: 'at-most-once', timeoutMs: 5_000 } as const
    nothing.when(addJob(timeout)).then(jobAdded({ job: timeout }))
  })
})
