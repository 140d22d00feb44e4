// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { expect, test } from 'vitest'
import {
  applied,
  duplicate,
  ignored,
  jobAdded,
  jobRemoved,
  retries,
  retryScheduled,
  runFailed,
  runNowQueued,
  runQueued,
  runStarted,
  runSucceeded,
} from '../support/facts.ts'
import { addJob, given as withId, jobDue, removeJob, report, runDue, runError } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'
import { jobsPaused, jobsRemoved } from './outcomes.ts'
import { removeAllJobs } from './requests.ts'

const ANYBODY = { jobId: null }
const TEN = every('10s')
const RUN = runAt(at(10))
const NEXT = runAt(at(20))
const JOB_ADDED = jobAdded({ job: { trigger: TEN, retry: retries(5) }, nextFireTime: at(10) })

test('all jobs are removed by one event, however many there are', () => {
  const jobs = Array.from({ length: 1_200 }, (_, i) => jobAdded({ jobId: `job-${i}`, nextFireTime: at(10) }))
  const { state } = given(...jobs)
    .when(removeAllJobs())
    .then(jobsRemoved(1_200, 0))
  expect(state.jobCount).toBe(0)
})

test('where no job is there is nothing to remove', () => {
  nothing.when(removeAllJobs()).then(applied(ANYBODY))
})

test('none of them fires any more', () => {
  given(JOB_ADDED).when(removeAllJobs()).then(jobsRemoved(1, 0)).at(at(10)).when(jobDue()).then()
})

test('runs that wait for their predecessor or for a retry end with it', () => {
  const other = runAt(at(10), '1-5-0', 'other')
  const { state } = given(
    JOB_ADDED,
    runQueued(at(10), { nextFireTime: at(30) }),
    runQueued(at(20), { nextFireTime: at(30), after: RUN }),
    runStarted(RUN),
    jobAdded({ jobId: 'other', nextFireTime: at(10) }),
    runQueued(at(10), { jobId: 'other', runId: other }),
    retryScheduled(other, { retryAt: at(60) }),
  )
    .when(removeAllJobs())
    .then(jobsRemoved(2, 2))
  expect([...state.runs()].map(({ runId }) => runId)).toEqual([RUN])
})

test('the timer of a retry that ended with it decides nothing', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), retryScheduled(RUN, { retryAt: at(12) }))
    .when(removeAllJobs())
    .then(jobsRemoved(1, 1))
    .at(at(12))
    .when(runDue(RUN))
    .then()
    .when(report('succeeded', RUN))
    .then(ignored(RUN, 'succeeded', 'unknown-run'))
})

test('a run that runs may finish and report, once', () => {
  const { state } = given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
    .when(removeAllJobs())
    .then(jobsRemoved(1, 0))
    .when(report('succeeded', RUN, { result: 7 }))
    .then(runSucceeded(RUN, { startedAt: at(0), result: 7 }))
    .when(report('succeeded', RUN))
    .then(ignored(RUN, 'succeeded', 'unknown-run'))
  expect(state.runCount).toBe(0)
})

test('a run that is queued may be executed', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }))
    .when(removeAllJobs())
    .then(jobsRemoved(1, 0))
    .when(report('started', RUN, { startedAt: at(11) }))
    .then(runStarted(RUN, { startedAt: at(11) }))
})

test('a run that fails afterwards is not tried again, whatever the retries of its job', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
    .when(removeAllJobs())
    .then(jobsRemoved(1, 0))
    .when(report('failed', RUN, { error: runError() }))
    .then(runFailed(RUN, { startedAt: at(0) }))
})

test('a run that was left from a job that was removed before is not counted', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
    .when(removeJob())
    .then(jobRemoved())
    .when(removeAllJobs())
    .then(applied(ANYBODY))
})

test('jobs that are added again are others: the runs of the old ones are none of theirs', () => {
  const again = given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
    .when(removeAllJobs())
    .then(jobsRemoved(1, 0))
    .at(at(11))
    .when(addJob({ trigger: TEN }))
    .then(jobAdded({ job: { trigger: TEN }, anchor: at(11), nextFireTime: at(21) }))
  expect(again.state.job(JOB)?.openRuns).toEqual([])
  const { state } = again.when(report('succeeded', RUN)).then(runSucceeded(RUN, { startedAt: at(0) }))
  expect(state.job(JOB)?.counts.succeeded).toBe(0)
})

test('rules by labels and declared executors stay', () => {
  const { state } = given(JOB_ADDED, jobsPaused({ labels: { team: 'a' } }), {
    type: 'ExecutorDeclared',
    executor: 'gpu',
    ...withId('e'),
  })
    .when(removeAllJobs())
    .then(jobsRemoved(1, 0))
  expect(state.pauseRules).toHaveLength(1)
  expect(state.hasExecutor('gpu')).toBe(true)
})

test('runs by hand and of a backfill that wait are among those that end', () => {
  const waiting = `${NEXT}/c1`
  given(
    JOB_ADDED,
    runNowQueued(at(5), { nextFireTime: at(10) }),
    runQueued(at(20), { cause: 'backfill', runId: waiting, after: '*', nextFireTime: at(10) }),
  )
    .when(removeAllJobs())
    .then(jobsRemoved(1, 1))
    .when(report('succeeded', waiting))
    .then(ignored(waiting, 'succeeded', 'unknown-run'))
})

test('removing again under the same command id is a duplicate, and removes nothing that came since', () => {
  const envelope = withId('once')
  const { state } = given(JOB_ADDED)
    .when(removeAllJobs(envelope))
    .then(jobsRemoved(1, 0, envelope))
    .when(addJob())
    .then(jobAdded())
    .when(removeAllJobs(envelope))
    .then(duplicate({ ...envelope, ...ANYBODY }))
  expect(state.jobCount).toBe(1)
})
