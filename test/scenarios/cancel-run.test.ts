// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import type { Outcome } from '../../src/core/job/job-state.ts'
import { MAX_DESCRIPTION_CHARS, TIMEOUT_SLACK_MS } from '../../src/core/limits.ts'
import {
  applied,
  ignored,
  jobAdded,
  jobFinished,
  jobRemoved,
  rejected,
  retries,
  retryScheduled,
  runCancelled,
  runFailed,
  runLost,
  runQueued,
  runStarted,
  runSucceeded,
} from '../support/facts.ts'
import { jobDue, OTHER_EXECUTOR, removeJob, report, runDue, runError } from '../support/inputs.ts'
import { at, every, JOB, runAt, T0 } from '../support/moments.ts'
import { given, type GivenStage, nothing } from '../support/scenario.ts'
import { asked, by, finishedRun, runGranted, SILENT, statuses } from './outcomes.ts'
import { cancelRun } from './requests.ts'

const RUN = runAt(at(10))
const NEXT = runAt(at(20))
/** What CancelRun says for want of a reason. */
const REASON = 'cancelled on request'

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(10) })

function queuedRun(over: Partial<JobDefinition> = {}): GivenStage {
  return given(job(over), runQueued(at(10), { nextFireTime: at(20) })).at(at(12))
}

function startedRun(over: Partial<JobDefinition> = {}): GivenStage {
  return given(job(over), runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN, { startedAt: at(11) })).at(
    at(12),
  )
}

const requested = (reason = REASON) =>
  ({ type: 'RunCancelRequested', ...by(), jobId: JOB, runId: RUN, attempt: 1, reason }) as const

describe('a run that has not begun is over at once:', () => {
  test('one that is queued, and its executor is told', () => {
    const when = queuedRun().when(cancelRun(RUN))
    const after = when.then(runCancelled(RUN, { ...by(), executor: null, reason: REASON }))
    expect(after.state.runCount).toBe(0)
    expect(after.state.job(JOB)).toMatchObject({ openRuns: [], counts: { stopped: 1 }, last: { outcome: 'cancelled' } })
    expect(asked(when, after)).toEqual([`cancel ${RUN}`])
  })

  test('one that is queued, and the report that comes all the same is ignored', () => {
    queuedRun()
      .when(cancelRun(RUN, 'wrong day'))
      .then(runCancelled(RUN, { ...by(), executor: null, reason: 'wrong day' }))
      .when(report('succeeded', RUN))
      .then(ignored(RUN, 'succeeded', 'unknown-run'))
  })

  test('one that waits for its predecessor, whose successor takes its place', () => {
    const last = runAt(at(30))
    const after = given(
      job({ coalesce: 'all' }),
      runQueued(at(10), { nextFireTime: at(40) }),
      runQueued(at(20), { nextFireTime: at(40), after: RUN }),
      runQueued(at(30), { nextFireTime: at(40), after: NEXT }),
    )
      .when(cancelRun(NEXT))
      .then(runCancelled(NEXT, { ...by(), executor: null, reason: REASON }))
    expect(after.state.run(last)).toMatchObject({ status: 'waiting', after: RUN })
    expect(statuses(after.when(report('succeeded', RUN)).then(runSucceeded(RUN)))).toEqual(['queued'])
  })

  test('one that waits for its next attempt, and the timer of it decides nothing', () => {
    given(
      job({ retry: retries(5) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(RUN, { startedAt: at(11) }),
      retryScheduled(RUN, { retryAt: at(30) }),
    )
      .when(cancelRun(RUN))
      .then(runCancelled(RUN, { ...by(), startedAt: at(11), reason: REASON }))
      .at(at(30))
      .when(runDue(RUN))
      .then()
  })

  test('one of a job that was removed meanwhile', () => {
    queuedRun()
      .when(removeJob())
      .then(jobRemoved())
      .when(cancelRun(RUN))
      .then(runCancelled(RUN, { ...by(), executor: null, reason: REASON }))
  })

  test('one that is the last of its job finishes it', () => {
    given(jobAdded(), runQueued(T0))
      .when(cancelRun(runAt(T0)))
      .then(runCancelled(runAt(T0), { ...by(), executor: null, reason: REASON }), jobFinished())
  })

  test('and leaves room for the next', () => {
    queuedRun()
      .when(cancelRun(RUN))
      .then(runCancelled(RUN, { ...by(), executor: null, reason: REASON }))
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { nextFireTime: at(30) }))
  })
})

describe('a run that runs is asked to stop,', () => {
  const asking = startedRun().when(cancelRun(RUN, 'wrong day'))
  const stopping = asking.then(requested('wrong day'))

  test('and goes on until its executor says more', () => {
    expect(stopping.state.run(RUN)).toMatchObject({ status: 'running', cancelRequested: true })
    expect(asked(asking, stopping)).toEqual([`cancel ${RUN}`])
  })

  test('once: the second time changes nothing', () => {
    stopping.when(cancelRun(RUN)).then(applied())
  })

  test('and is cancelled when its executor says so', () => {
    stopping
      .when(report('cancelled', RUN, { startedAt: at(11), error: runError('AbortError', { message: 'wrong day' }) }))
      .then(runCancelled(RUN, { startedAt: at(11), reason: 'wrong day' }))
  })

  test('and has succeeded when it was quicker', () => {
    stopping
      .when(report('succeeded', RUN, { startedAt: at(11), result: 7 }))
      .then(runSucceeded(RUN, { startedAt: at(11), result: 7 }))
  })

  test.each(['failed', 'timed-out'] as const)(
    'and is cancelled when its attempt ends %s, whatever its retries',
    (type) => {
      startedRun({ retry: retries(5) })
        .when(cancelRun(RUN))
        .then(requested())
        .when(report(type, RUN, { startedAt: at(11), error: runError() }))
        .then(runCancelled(RUN, { startedAt: at(11), reason: REASON }))
    },
  )

  test('and is cancelled when it is handed to another process that has no such task, whatever its retries', () => {
    startedRun({ retry: retries(5) })
      .when(cancelRun(RUN))
      .then(requested())
      .when(report('unknown-task', RUN, { executor: OTHER_EXECUTOR }))
      .then(runCancelled(RUN, { startedAt: at(11), reason: REASON }))
  })

  test('and is cancelled by its time-out when its handler never obeys', () => {
    startedRun({ timeoutMs: 60_000 })
      .when(cancelRun(RUN))
      .then(requested())
      .at(at(71) + TIMEOUT_SLACK_MS)
      .when(runDue(RUN))
      .then(runCancelled(RUN, { startedAt: at(11), reason: REASON }))
  })

  test('and is cancelled by its silence when it has a heartbeat', () => {
    startedRun({ heartbeatTimeoutMs: 10_000, retry: retries(5) })
      .when(cancelRun(RUN))
      .then(requested())
      .at(at(21))
      .when(runDue(RUN))
      .then(runCancelled(RUN, { startedAt: at(11), reason: REASON }))
  })

  test('and is lost by its silence when it may run only once', () => {
    given(job({ delivery: 'at-most-once', heartbeatTimeoutMs: 10_000 }), runQueued(at(10), { nextFireTime: at(20) }), {
      ...runGranted(RUN),
      time: at(11),
    })
      .when(cancelRun(RUN))
      .then(requested())
      .hearing(SILENT)
      .at(at(21))
      .when(runDue(RUN))
      .then(runLost(RUN, { startedAt: at(11), reason: 'nothing was heard of an attempt that may run only once' }))
  })

  test('and may be started by a second process meanwhile, which is asked to stop by its own owner', () => {
    const { state } = stopping
      .when(report('started', RUN, { executor: OTHER_EXECUTOR, startedAt: at(13) }))
      .then(runStarted(RUN, { executor: OTHER_EXECUTOR, startedAt: at(13) }))
    expect(state.run(RUN)).toMatchObject({ cancelRequested: true, starts: 2 })
  })

  test('and takes its place until it is over', () => {
    stopping
      .at(at(20))
      .when(jobDue())
      .then({
        type: 'RunSkipped',
        jobId: JOB,
        runId: null,
        why: 'max-instances',
        times: { first: at(20), last: at(20), count: 1, listed: [at(20)] },
        nextFireTime: at(30),
      })
  })
})

describe('a run is not cancelled', () => {
  test('that nobody knows', () => {
    given(job()).when(cancelRun(RUN)).then(rejected('run-not-found', 'runId'))
    nothing.when(cancelRun(RUN)).then(rejected('run-not-found', 'runId'))
  })

  test('that belongs to another job', () => {
    const other = runAt(at(10), '1-1-0', 'other')
    given(jobAdded({ jobId: 'other', nextFireTime: at(10) }), runQueued(at(10), { jobId: 'other' }))
      .when(cancelRun(other))
      .then(rejected('run-not-found', 'runId'))
  })

  test.each<Outcome>(['succeeded', 'failed', 'timed-out', 'cancelled', 'missed', 'lost'])(
    'that ended %s already',
    (outcome) => {
      given(job())
        .when(cancelRun(RUN, null, finishedRun(RUN, { outcome })))
        .then(rejected('run-final', 'runId'))
    },
  )

  test('for a reason that is empty, or over its limit', () => {
    queuedRun().when(cancelRun(RUN, '')).then(rejected('invalid-option', 'reason'))
    queuedRun()
      .when(cancelRun(RUN, 'x'.repeat(MAX_DESCRIPTION_CHARS + 1)))
      .then(rejected('limit-exceeded', 'reason'))
    startedRun().when(cancelRun(RUN, '')).then(rejected('invalid-option', 'reason'))
  })

  test('by a second command that comes after its outcome', () => {
    startedRun()
      .when(report('failed', RUN, { startedAt: at(11), error: runError() }))
      .then(runFailed(RUN, { startedAt: at(11) }))
      .when(cancelRun(RUN, null, finishedRun(RUN)))
      .then(rejected('run-final', 'runId'))
  })
})

test('a reason at its limit is kept', () => {
  const reason = 'x'.repeat(MAX_DESCRIPTION_CHARS)
  queuedRun()
    .when(cancelRun(RUN, reason))
    .then(runCancelled(RUN, { ...by(), executor: null, reason }))
})
