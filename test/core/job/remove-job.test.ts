// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { expect, test } from 'vitest'
import {
  duplicate,
  ignored,
  jobAdded,
  jobRemoved,
  rejected,
  retryScheduled,
  runCancelled,
  runFailed,
  runQueued,
  runStarted,
  runSucceeded,
} from '../../support/facts.ts'
import { addJob, given as withId, removeJob, report, runDue, runError } from '../../support/inputs.ts'
import { at, every, FIRST_INCARNATION, JOB, runAt } from '../../support/moments.ts'
import { given, nothing } from '../../support/scenario.ts'

const JOB_ADDED = jobAdded({ job: { trigger: every('10s'), maxInstances: 3 }, nextFireTime: at(10) })
const RUN = runAt(at(10))
const reason = 'the job was removed'

test('a job without runs is removed', () => {
  const { state } = given(JOB_ADDED).when(removeJob()).then(jobRemoved())
  expect(state.jobCount).toBe(0)
})

test('a job that is not there cannot be removed', () => {
  nothing.when(removeJob()).then(rejected('job-not-found', 'jobId'))
})

test('a run that is under way when its job is removed may report its success', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
    .when(removeJob())
    .then(jobRemoved())
    .when(report('succeeded', RUN))
    .then(runSucceeded(RUN, { startedAt: at(0) }))
    .when(report('succeeded', RUN))
    .then(ignored(RUN, 'succeeded', 'unknown-run'))
})

test('a run that is queued when its job is removed may be executed', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }))
    .when(removeJob())
    .then(jobRemoved())
    .when(report('started', RUN, { startedAt: at(11) }))
    .then(runStarted(RUN, { startedAt: at(11) }))
})

test('a run whose attempt fails after its job was removed is not tried again', () => {
  const job = {
    trigger: every('10s'),
    retry: { maxAttempts: 5, initialMs: 1_000, multiplier: 2, maxMs: 1_000, jitter: 0, nonRetryable: [] },
  }
  given(jobAdded({ job, nextFireTime: at(10) }), runQueued(at(10), { nextFireTime: at(20) }))
    .when(removeJob())
    .then(jobRemoved())
    .when(report('failed', RUN, { error: runError() }))
    .then(runFailed(RUN))
})

test('runs that wait for their predecessor are cancelled with the removal, those under way are not', () => {
  const later = runAt(at(20))
  const last = runAt(at(30))
  given(
    JOB_ADDED,
    runQueued(at(10), { nextFireTime: at(40) }),
    runQueued(at(20), { nextFireTime: at(40), after: RUN }),
    runQueued(at(30), { nextFireTime: at(40), after: later }),
    runStarted(RUN),
  )
    .when(removeJob())
    .then(runCancelled(last, { reason, executor: null }), runCancelled(later, { reason, executor: null }), jobRemoved())
    .when(report('succeeded', RUN))
    .then(runSucceeded(RUN, { startedAt: at(0) }))
})

test('a run that waits for its next attempt is cancelled with the removal', () => {
  const { state } = given(
    JOB_ADDED,
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(RUN),
    retryScheduled(RUN, { retryAt: at(12) }),
  )
    .when(removeJob())
    .then(runCancelled(RUN, { reason, startedAt: at(0) }), jobRemoved())
  expect(state.runCount).toBe(0)
})

test('the timer of a cancelled retry decides nothing', () => {
  given(
    JOB_ADDED,
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(RUN),
    retryScheduled(RUN, { retryAt: at(12) }),
  )
    .when(removeJob())
    .then(runCancelled(RUN, { reason, startedAt: at(0) }), jobRemoved())
    .at(at(12))
    .when(runDue(RUN))
    .then()
})

test('a job that is added again is another incarnation, and the old run is none of its own', () => {
  const again = given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
    .when(removeJob())
    .then(jobRemoved())
    .at(at(11))
    .when(addJob({ trigger: every('10s') }))
    .then(jobAdded({ job: { trigger: every('10s') }, anchor: at(11), nextFireTime: at(21) }))
  const job = again.state.job(JOB)
  expect(job?.incarnation).not.toBe(FIRST_INCARNATION)
  expect(job?.openRuns).toEqual([])
  const after = again.when(report('succeeded', RUN)).then(runSucceeded(RUN, { startedAt: at(0) }))
  expect(after.state.job(JOB)?.counts.succeeded).toBe(0)
  const first = job === undefined ? '' : runAt(at(21), job.incarnation)
  after
    .at(at(21))
    .when({ kind: 'job-due', jobId: JOB })
    .then(runQueued(at(21), { runId: first, nextFireTime: at(31) }))
})

test('removing again under the same command id is a duplicate', () => {
  const envelope = withId('once')
  given(JOB_ADDED)
    .when(removeJob(JOB, envelope))
    .then(jobRemoved(envelope))
    .when(removeJob(JOB, envelope))
    .then(duplicate(envelope))
})
