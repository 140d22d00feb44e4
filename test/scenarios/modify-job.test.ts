// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_DURATION_MS } from '../../src/core/limits.ts'
import { jobDue as dueOf } from '../../src/core/timers.ts'
import { interval } from '../../src/core/triggers/make-trigger.ts'
import {
  applied,
  executorDeclared,
  jobAdded,
  jobModified,
  jobPaused,
  rejected,
  retries,
  retryQueued,
  retryScheduled,
  runFailed,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  times,
} from '../support/facts.ts'
import { bytes, jobDue, report, runDue, runError } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'
import { modifyJob } from './requests.ts'

const TEN = every('10s')
const RUN = runAt(at(10))

/** A job that has been there since `T0` and fires every ten seconds. */
const job = (over: Partial<JobDefinition> = {}) => jobAdded({ job: { trigger: TEN, ...over }, nextFireTime: at(10) })
/** Its next version, with the phase that it had. */
const modified = (over: Partial<JobDefinition>, version = 2) =>
  jobModified({ job: { trigger: TEN, ...over }, version, nextFireTime: at(10) })

describe('a change of some options', () => {
  test('leaves all others as they were', () => {
    given(job({ name: 'greeter', labels: { team: 'a' }, maxInstances: 3, misfireGraceMs: 5_000 }))
      .at(at(4))
      .when(modifyJob({ name: 'welcomer', timeoutMs: 1_000 }))
      .then(
        modified({ name: 'welcomer', labels: { team: 'a' }, maxInstances: 3, misfireGraceMs: 5_000, timeoutMs: 1_000 }),
      )
  })

  test.each<[string, Partial<JobDefinition>]>([
    ['task', { task: 'farewell' }],
    ['payload', { payload: bytes('{"to":"you"}') }],
    ['contentType', { contentType: 'text/plain' }],
    ['name', { name: 'greeter' }],
    ['description', { description: 'says hello' }],
    ['labels', { labels: { team: 'a' } }],
    ['metadata', { metadata: { ticket: 7 } }],
    ['misfireGraceMs', { misfireGraceMs: 5_000 }],
    ['coalesce', { coalesce: 'all' }],
    ['maxCatchUp', { maxCatchUp: 3 }],
    ['maxInstances', { maxInstances: 2 }],
    ['overlap', { overlap: 'cancel-running' }],
    ['queueLimit', { queueLimit: 2 }],
    ['timeoutMs', { timeoutMs: 1_000 }],
    ['heartbeatTimeoutMs', { heartbeatTimeoutMs: 1_000 }],
    ['keepRuns', { keepRuns: 0 }],
  ])('makes a new version with another %s, and keeps the phase', (_option, change) => {
    given(job()).at(at(4)).when(modifyJob(change)).then(modified(change))
  })

  test('takes the executor when it is declared', () => {
    given(job(), executorDeclared('gpu'))
      .when(modifyJob({ executor: 'gpu' }))
      .then(modified({ executor: 'gpu' }))
  })

  test('counts the versions up', () => {
    given(job())
      .when(modifyJob({ name: 'a' }))
      .then(modified({ name: 'a' }))
      .when(modifyJob({ name: 'b' }))
      .then(modified({ name: 'b' }, 3))
  })

  test('keeps the incarnation, the counts and the last outcome of the job', () => {
    const before = given(job(), runQueued(at(10), { nextFireTime: at(20) }), runSucceeded(RUN))
    const { state } = before
      .when(modifyJob({ name: 'a' }))
      .then(jobModified({ job: { trigger: TEN, name: 'a' }, nextFireTime: at(20) }))
    const { incarnation, counts, last, decidedThrough } = before.state.job(JOB) ?? {}
    expect(state.job(JOB)).toMatchObject({ incarnation, counts, last, decidedThrough })
  })

  test('that changes nothing is applied without a new version', () => {
    given(job({ name: 'greeter', labels: { a: '1', b: '2' } }))
      .when(modifyJob({ name: 'greeter', labels: { b: '2', a: '1' }, trigger: interval('10s') }))
      .then(applied())
  })

  test('that names no option is applied without a new version', () => {
    given(job()).when(modifyJob({})).then(applied())
  })
})

describe('null sets an option back', () => {
  test('to what it is when nobody says anything', () => {
    const set: Partial<JobDefinition> = {
      name: 'greeter',
      description: 'says hello',
      labels: { team: 'a' },
      metadata: { ticket: 7 },
      payload: bytes('{}'),
      contentType: 'text/plain',
      misfireGraceMs: 5_000,
      coalesce: 'all',
      maxCatchUp: 3,
      maxInstances: 3,
      overlap: 'queue',
      queueLimit: 3,
      retry: retries(5),
      timeoutMs: 1_000,
      heartbeatTimeoutMs: 1_000,
      keepRuns: 3,
    }
    const nulls = Object.fromEntries(Object.keys(set).map((option) => [option, null]))
    given(job(set)).when(modifyJob(nulls)).then(modified({}))
  })

  test('to the default of the scheduler, when it has one', () => {
    given(job({ labels: { team: 'a' }, maxInstances: 3, retry: retries(5) }))
      .with({ jobDefaults: { labels: { team: 'b' }, retry: { maxAttempts: 2 } } })
      .when(modifyJob({ labels: null, maxInstances: null, retry: null }))
      .then(modified({ labels: { team: 'b' }, retry: retries(2) }))
  })

  test.each<[keyof JobDefinition, number | string]>([
    ['misfireGraceMs', 5_000],
    ['timeoutMs', 5_000],
    ['heartbeatTimeoutMs', 5_000],
    ['name', 'greeter'],
    ['description', 'says hello'],
  ])('to none where that is a value, as with %s, whatever the default of the scheduler', (option, value) => {
    given(job({ [option]: value }))
      .with({ jobDefaults: { [option]: value } })
      .when(modifyJob({ [option]: null }))
      .then(modified({ [option]: null }))
  })

  test('but the trigger to once, now', () => {
    given(job())
      .at(at(4))
      .when(modifyJob({ trigger: null }))
      .then(jobModified({ anchor: at(4), nextFireTime: at(4) }))
  })

  test('but not the task, which every job needs', () => {
    given(job())
      .when(modifyJob({ task: null }))
      .then(rejected('invalid-option', 'job.task'))
  })
})

describe('a retry policy', () => {
  const patient = retries(5, { initialMs: 2_000, jitter: 0, nonRetryable: ['TypeError'] })

  test('is changed in the members that are given', () => {
    given(job({ retry: patient }))
      .when(modifyJob({ retry: { maxAttempts: 3, multiplier: 4 } }))
      .then(modified({ retry: { ...patient, maxAttempts: 3, multiplier: 4 } }))
  })

  test('has a member set back by null', () => {
    given(job({ retry: patient }))
      .when(modifyJob({ retry: { jitter: null, nonRetryable: null } }))
      .then(modified({ retry: { ...patient, jitter: 0.2, nonRetryable: [] } }))
  })

  test('that is no object is rejected', () => {
    given(job({ retry: patient }))
      .when(modifyJob({ retry: 3 as unknown as object }))
      .then(rejected('invalid-option', 'job.retry'))
  })

  test('with a member out of its range is rejected', () => {
    given(job({ retry: patient }))
      .when(modifyJob({ retry: { maxAttempts: 0 } }))
      .then(rejected('invalid-option', 'job.retry.maxAttempts'))
  })
})

describe('an at-most-once job', () => {
  test('gets the default heartbeat when it becomes one', () => {
    given(job())
      .when(modifyJob({ delivery: 'at-most-once' }))
      .then(modified({ delivery: 'at-most-once', heartbeatTimeoutMs: 30_000 }))
  })

  test('gets none when it has a time-out', () => {
    given(job({ timeoutMs: 60_000 }))
      .when(modifyJob({ delivery: 'at-most-once' }))
      .then(modified({ delivery: 'at-most-once', timeoutMs: 60_000 }))
  })

  const claiming = job({ delivery: 'at-most-once', heartbeatTimeoutMs: 30_000 })

  test('loses the default heartbeat with a time-out of its own', () => {
    given(claiming)
      .when(modifyJob({ timeoutMs: 600_000 }))
      .then(modified({ delivery: 'at-most-once', timeoutMs: 600_000 }))
  })

  test('loses the default heartbeat when it is one no longer', () => {
    given(claiming)
      .when(modifyJob({ delivery: null }))
      .then(modified({}))
  })

  test('keeps a heartbeat that it was given', () => {
    given(job({ delivery: 'at-most-once', heartbeatTimeoutMs: 5_000 }))
      .when(modifyJob({ timeoutMs: 600_000 }))
      .then(modified({ delivery: 'at-most-once', timeoutMs: 600_000, heartbeatTimeoutMs: 5_000 }))
  })
})

describe('the version that is expected', () => {
  test('is the one that the job has: it is changed', () => {
    given(job())
      .when(modifyJob({ name: 'a' }, { version: 1 }))
      .then(modified({ name: 'a' }))
      .when(modifyJob({ name: 'b' }, { version: 2 }))
      .then(modified({ name: 'b' }, 3))
  })

  test.each([0, 2, 1.5])('is %s and not the one that the job has: it is not changed', (version) => {
    given(job())
      .when(modifyJob({ name: 'a' }, { version }))
      .then(rejected('version-conflict', 'version'))
  })

  test('is another: not even a change that changes nothing is applied', () => {
    given(job())
      .when(modifyJob({}, { version: 2 }))
      .then(rejected('version-conflict', 'version'))
  })
})

describe('an open run', () => {
  const retried = { retry: retries(2, { jitter: 0 }) }
  const open = given(
    job({ ...retried, timeoutMs: 60_000, name: 'old' }),
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(RUN),
  ).at(at(12))

  test('stays pinned to the version that queued it, its retries too', () => {
    const changed = open
      .when(modifyJob({ name: 'new', retry: null, timeoutMs: null }))
      .then(jobModified({ job: { trigger: TEN, name: 'new' }, nextFireTime: at(20) }))
    expect(changed.state.run(RUN)).toMatchObject({ jobVersion: 1, definition: { name: 'old', timeoutMs: 60_000 } })
    changed
      .when(report('failed', RUN, { error: runError() }))
      .then(retryScheduled(RUN, { retryAt: at(13) }))
      .at(at(13))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
      .when(report('failed', RUN, { attempt: 2, error: runError() }))
      .then(runFailed(RUN, { attempt: 2 }))
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { jobVersion: 2, nextFireTime: at(30) }))
  })

  test('counts against the new number of instances', () => {
    open
      .when(modifyJob({ maxInstances: 2 }))
      .then(
        jobModified({
          job: { trigger: TEN, ...retried, timeoutMs: 60_000, name: 'old', maxInstances: 2 },
          nextFireTime: at(20),
        }),
      )
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { jobVersion: 2, nextFireTime: at(30) }))
  })
})

describe('a job is not modified', () => {
  test('when it is not there', () => {
    nothing.when(modifyJob({ name: 'a' })).then(rejected('job-not-found', 'jobId'))
  })

  test('when an executor is named that nobody declared', () => {
    given(job())
      .when(modifyJob({ executor: 'gpu' }))
      .then(rejected('unknown-executor', 'job.executor'))
  })

  test('when an option is out of its range', () => {
    given(job())
      .when(modifyJob({ timeoutMs: MAX_DURATION_MS + 1 }))
      .then(rejected('invalid-option', 'job.timeoutMs'))
  })

  test.each([true, false])('with paused: %s: there are commands for that', (paused) => {
    given(job()).when(modifyJob({ paused })).then(rejected('invalid-option', 'job.paused'))
  })
})

test('a paused job that is modified stays paused, and what came due during the pause is skipped', () => {
  const { state } = given(job(), jobPaused({ reason: 'audit' }))
    .at(at(15))
    .when(modifyJob({ trigger: interval('20s') }))
    .then(
      runSkipped('paused', times(at(10)), at(20)),
      jobModified({ job: { trigger: every('20s') }, anchor: at(15), nextFireTime: at(35) }),
    )
  const paused = state.job(JOB)
  expect(paused?.paused).toEqual({ reason: 'audit', until: null })
  expect(paused && dueOf(state, paused)).toBe(null)
})
