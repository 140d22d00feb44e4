// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import { UNKNOWN_TASK_INITIAL_MS, UNKNOWN_TASK_MAX_MS, UNKNOWN_TASK_TRIES } from '../../../src/core/limits.ts'
import type { RetryPolicy } from '../../../src/core/job/definition.ts'
import {
  jobAdded,
  jobFinished,
  retries,
  retryQueued,
  retryScheduled,
  runFailed,
  runQueued,
  runSucceeded,
  runTimedOut,
} from '../../support/facts.ts'
import { report, runDue, runError } from '../../support/inputs.ts'
import { at, every, JOB, runAt, T0 } from '../../support/moments.ts'
import { given, type GivenStage } from '../../support/scenario.ts'

const RUN = runAt(at(10))

function queuedRun(retry: RetryPolicy, runId = RUN): GivenStage {
  const scheduledAt = runId === RUN ? at(10) : at(20)
  return given(
    jobAdded({ job: { trigger: every('10s'), retry }, nextFireTime: scheduledAt }),
    runQueued(scheduledAt, { nextFireTime: scheduledAt + 10_000 }),
  ).at(scheduledAt)
}

/** When the next attempt of a run that fails at `now` begins, after `attempt` attempts. */
function waitAfter(retry: RetryPolicy, attempt: number, runId = RUN): number {
  let stage = queuedRun(retry, runId).at(T0)
  for (let failed = 1; ; failed += 1) {
    const when = stage.at(T0).when(report('failed', runId, { attempt: failed, error: runError() }))
    const [event] = when.events
    if (event?.type !== 'RunRetryScheduled') throw new Error(`attempt ${failed} ended with ${event?.type}`)
    if (failed === attempt) return event.retryAt - T0
    stage = when
      .then(event)
      .at(event.retryAt)
      .when(runDue(runId))
      .then(retryQueued(runId, failed + 1))
  }
}

describe('an attempt that failed', () => {
  const policy = retries(3, { initialMs: 1_000, multiplier: 3, maxMs: 60_000, jitter: 0 })

  test('is followed by the next one after a wait that grows, until there are no more', () => {
    queuedRun(policy)
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(11) }))
      .at(at(11))
      .when(runDue(RUN))
      .then(retryQueued(RUN, 2))
      .when(report('failed', RUN, { attempt: 2, error: runError() }))
      .then(retryScheduled(RUN, { attempt: 2, retryAt: at(14) }))
      .at(at(14))
      .when(runDue(RUN))
      .then(retryQueued(RUN, 3))
      .when(report('failed', RUN, { attempt: 3, error: runError() }))
      .then(runFailed(RUN, { attempt: 3 }))
  })

  test('is followed by the next one not before its time', () => {
    queuedRun(policy)
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(11) }))
      .at(at(11) - 1)
      .when(runDue(RUN))
      .then()
  })

  test('is followed by one that can succeed', () => {
    queuedRun(policy)
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(11) }))
      .at(at(11))
      .when(runDue(RUN))
      .then(retryQueued(RUN, 2))
      .when(report('succeeded', RUN, { attempt: 2 }))
      .then(runSucceeded(RUN, { attempt: 2 }))
  })

  test('counts as an open run until the next has ended it', () => {
    const { state } = queuedRun(policy)
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(11) }))
    expect(state.job(JOB)?.openRuns).toEqual([RUN])
    expect(state.job(JOB)?.counts.failed).toBe(0)
  })

  test('is the last one when the error says that it cannot be retried', () => {
    const error = runError('Error', { retryable: false })
    queuedRun(policy)
      .when(report('failed', RUN, { error }))
      .then(runFailed(RUN, { error }))
  })

  test('is the last one when the policy names the error', () => {
    const error = runError('RangeError')
    queuedRun(retries(3, { nonRetryable: ['TypeError', 'RangeError'] }))
      .when(report('failed', RUN, { error }))
      .then(runFailed(RUN, { error }))
  })

  test('of a job without a next time finishes the job only with its last attempt', () => {
    const once = given(jobAdded({ job: { trigger: null, retry: retries(2, { jitter: 0 }) } }), runQueued(T0)).at(T0)
    const run = runAt(T0)
    once
      .when(report('failed', run, { error: runError() }))
      .then(retryScheduled(run, { retryAt: at(1) }))
      .at(at(1))
      .when(runDue(run))
      .then(retryQueued(run))
      .when(report('failed', run, { attempt: 2, error: runError() }))
      .then(runFailed(run, { attempt: 2 }), jobFinished())
  })

  test('is retried after a time-out as after a failure', () => {
    const error = runError('TimeoutError')
    queuedRun(retries(2, { jitter: 0 }))
      .when(report('timed-out', RUN, { error }))
      .then(retryScheduled(RUN, { reason: 'timed-out', error, retryAt: at(11) }))
      .at(at(11))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('timed-out', RUN, { attempt: 2, error }))
      .then(runTimedOut(RUN, { attempt: 2, error }))
  })
})

describe('the wait before the next attempt', () => {
  test('is initial × multiplier ^ (attempts − 1) without jitter', () => {
    const policy = retries(10, { initialMs: 500, multiplier: 2, maxMs: 1_000_000, jitter: 0 })
    expect([1, 2, 3, 4].map((attempt) => waitAfter(policy, attempt))).toEqual([500, 1_000, 2_000, 4_000])
  })

  test('is at most maxMs', () => {
    const policy = retries(10, { initialMs: 500, multiplier: 10, maxMs: 3_000, jitter: 0 })
    expect([1, 2, 3].map((attempt) => waitAfter(policy, attempt))).toEqual([500, 3_000, 3_000])
  })

  test('stays finite and at its cap after many attempts of the steepest policy', () => {
    const policy = retries(1_000, { initialMs: 1, multiplier: 100, maxMs: 5_000, jitter: 0 })
    given(
      jobAdded({ job: { trigger: every('10s'), retry: policy }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      retryQueued(RUN, 900),
    )
      .at(at(10))
      .when(report('failed', RUN, { attempt: 900, error: runError() }))
      .then(retryScheduled(RUN, { attempt: 900, retryAt: at(15) }))
  })

  test('may be nothing', () => {
    expect(waitAfter(retries(3, { initialMs: 0, jitter: 1 }), 1)).toBe(0)
  })

  test.each([0.1, 0.2, 0.5, 1])('is spread within its jitter of %d around it', (jitter) => {
    const policy = retries(40, { initialMs: 10_000, multiplier: 1, jitter })
    const waits = Array.from({ length: 30 }, (_, attempt) => waitAfter(policy, attempt + 1))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(10_000 * (1 - jitter))
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000 * (1 + jitter))
    expect(Math.max(...waits) - Math.min(...waits), 'it is a spread').toBeGreaterThan(10_000 * jitter)
  })

  test('is the same on every node and in every replay, and differs from run to run', () => {
    const policy = retries(3, { initialMs: 10_000, jitter: 0.5 })
    expect(waitAfter(policy, 1)).toBe(waitAfter(policy, 1))
    expect(waitAfter(policy, 1)).not.toBe(waitAfter(policy, 1, runAt(at(20))))
  })
})

describe('a task that nobody has', () => {
  const error = runError('UnknownTaskError', { message: `no executor process of 'default' has a task 'greet'` })

  /** Reports it until the run is over; gives the waits and the last event. */
  function tries(stage: GivenStage): { readonly waits: readonly number[]; readonly last: string } {
    const waits: number[] = []
    let now = at(10)
    let next = stage
    for (let attempt = 1; ; attempt += 1) {
      const when = next.at(now).when(report('unknown-task', RUN, { attempt }))
      const [event] = when.events
      if (event?.type !== 'RunRetryScheduled') return { waits, last: event?.type ?? '' }
      waits.push(event.retryAt - now)
      now = event.retryAt
      next = when
        .then(event)
        .at(now)
        .when(runDue(RUN))
        .then(retryQueued(RUN, attempt + 1))
    }
  }

  test('is looked for ten times with growing waits, and then the run failed', () => {
    const { waits, last } = tries(queuedRun(retries(1)))
    expect(last).toBe('RunFailed')
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256].map((factor) => factor * UNKNOWN_TASK_INITIAL_MS))
    expect(waits).toHaveLength(UNKNOWN_TASK_TRIES - 1)
    expect(Math.max(...waits)).toBeLessThanOrEqual(UNKNOWN_TASK_MAX_MS)
  })

  test('says which task and which executor it is', () => {
    queuedRun(retries(1))
      .when(report('unknown-task', RUN))
      .then(retryScheduled(RUN, { reason: 'unknown-task', error, retryAt: at(11) }))
  })

  test('does not use up the retries of the job when it comes after all', () => {
    queuedRun(retries(2, { jitter: 0 }))
      .when(report('unknown-task', RUN))
      .then(retryScheduled(RUN, { reason: 'unknown-task', error, retryAt: at(11) }))
      .at(at(11))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('failed', RUN, { attempt: 2, error: runError() }))
      .then(retryScheduled(RUN, { attempt: 2, retryAt: at(12) }))
      .at(at(12))
      .when(runDue(RUN))
      .then(retryQueued(RUN, 3))
      .when(report('failed', RUN, { attempt: 3, error: runError() }))
      .then(runFailed(RUN, { attempt: 3 }))
  })
})
