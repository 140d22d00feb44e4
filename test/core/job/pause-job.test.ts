// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { expect, test } from 'vitest'
import { MAX_TIMES_PER_DECISION } from '../../../src/core/limits.ts'
import { jobDue as dueOf, runDue as runDueOf } from '../../../src/core/timers.ts'
import {
  applied,
  jobAdded,
  jobFinished,
  jobPaused,
  jobResumed,
  rejected,
  retryQueued,
  retryScheduled,
  runNowQueued,
  runQueued,
  runSkipped,
  runStarted,
  schedulePaused,
  times,
} from '../../support/facts.ts'
import { pauseUntil } from '../../scenarios/requests.ts'
import { jobDue, pauseJob, resumeJob, runDue, runJob } from '../../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0 } from '../../support/moments.ts'
import { given, nothing } from '../../support/scenario.ts'
import { date } from '../../../src/core/triggers/make-trigger.ts'

const JOB_ADDED = jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) })
const RUN = runAt(at(10))
const SILENT = { since: 0, heardOf: () => undefined }

test('a job that is not there can be neither paused nor resumed', () => {
  nothing.when(pauseJob()).then(rejected('job-not-found', 'jobId'))
  nothing.when(resumeJob()).then(rejected('job-not-found', 'jobId'))
})

test('a paused job does not fire and waits for nothing', () => {
  const paused = given(JOB_ADDED)
    .when(pauseJob('holidays'))
    .then(jobPaused({ reason: 'holidays' }))
  const job = paused.state.job(JOB)
  expect(job && dueOf(paused.state, job)).toBe(null)
  paused.at(at(60)).when(jobDue()).then()
})

test('pausing again for the same reason changes nothing', () => {
  given(JOB_ADDED, jobPaused({ reason: 'holidays' }))
    .when(pauseJob('holidays'))
    .then(applied())
})

test('pausing again for another reason says the other reason', () => {
  given(JOB_ADDED, jobPaused({ reason: 'holidays' }))
    .when(pauseJob('audit'))
    .then(jobPaused({ reason: 'audit' }))
})

test('pausing again without a reason keeps the reason', () => {
  given(JOB_ADDED, jobPaused({ reason: 'holidays' }))
    .when(pauseJob())
    .then(applied())
})

test('pausing again ends as it is said now, and keeps the reason', () => {
  const paused = given(JOB_ADDED, jobPaused({ reason: 'holidays', until: at(60) }))
  paused.when(pauseUntil(at(90))).then(jobPaused({ reason: 'holidays', until: at(90) }))
  paused.when(pauseJob()).then(jobPaused({ reason: 'holidays' }))
})

test('resuming a job that is not paused changes nothing', () => {
  given(JOB_ADDED).when(resumeJob()).then(applied())
})

test('resuming before anything came due skips nothing', () => {
  given(JOB_ADDED, jobPaused())
    .at(at(9))
    .when(resumeJob())
    .then(jobResumed({ through: at(9), nextFireTime: at(10) }))
})

test('times that came due during the pause are skipped and counted, and the phase is kept', () => {
  const { state } = given(JOB_ADDED, jobPaused())
    .at(at(34))
    .when(resumeJob())
    .then(jobResumed({ through: at(34), skipped: times(at(10), at(20), at(30)), nextFireTime: at(40) }))
    .at(at(40))
    .when(jobDue())
    .then(runQueued(at(40), { nextFireTime: at(50) }))
  expect(state.job(JOB)?.counts.skipped).toBe(3)
})

test('of more times than one decision looks at none fires: the rest are skipped after the resumption', () => {
  const more = 7
  const through = at((MAX_TIMES_PER_DECISION + more) * 10 + 5)
  const next = at((MAX_TIMES_PER_DECISION + 1) * 10)
  const resumed = given(JOB_ADDED, jobPaused())
    .at(through)
    .when(resumeJob())
    .then(
      jobResumed({
        through,
        skipped: {
          ...times(at(10), ...Array.from({ length: 99 }, (_, i) => at(20 + i * 10))),
          last: at(MAX_TIMES_PER_DECISION * 10),
          count: MAX_TIMES_PER_DECISION,
        },
        nextFireTime: next,
      }),
    )
  const rest = Array.from({ length: more - 1 }, (_, i) => next + (i + 1) * 10_000)
  resumed.when(jobDue()).then(runSkipped('paused', times(next, ...rest), next + more * 10_000))
})

test('a job whose only time passed during its pause is finished by the resumption', () => {
  const trigger = resolved(date(at(10)))
  const { state } = given(jobAdded({ job: { trigger }, nextFireTime: at(10) }), jobPaused())
    .at(at(11))
    .when(resumeJob())
    .then(jobResumed({ through: at(11), skipped: times(at(10)), nextFireTime: null }), jobFinished())
  expect(state.jobCount).toBe(0)
})

test('a job whose only time passed during its pause stays until its open run is over', () => {
  const trigger = resolved(date(at(10)))
  given(jobAdded({ job: { trigger }, nextFireTime: at(10) }), runNowQueued(T0), jobPaused())
    .at(at(11))
    .when(resumeJob())
    .then(jobResumed({ through: at(11), skipped: times(at(10)), nextFireTime: null }))
})

test('a job that was added paused is resumed like any other', () => {
  given(jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10), paused: true }))
    .at(at(15))
    .when(resumeJob())
    .then(jobResumed({ through: at(15), skipped: times(at(10)), nextFireTime: at(20) }))
})

test('a retry whose time comes during the pause is held, and begins after it', () => {
  const held = given(
    JOB_ADDED,
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(RUN),
    retryScheduled(RUN, { retryAt: at(12) }),
    jobPaused(),
  )
  const run = held.state.run(RUN)
  expect(run && runDueOf(held.state, run, SILENT)).toBe(null)
  held.at(at(15)).when(runDue(RUN)).then()
  const resumed = held
    .at(at(15))
    .when(resumeJob())
    .then(jobResumed({ through: at(15), nextFireTime: at(20) }))
  const again = resumed.state.run(RUN)
  expect(again && runDueOf(resumed.state, again, SILENT)).toBe(at(12))
  resumed.when(runDue(RUN)).then(retryQueued(RUN))
})

test('a paused job can be run by hand', () => {
  given(JOB_ADDED, jobPaused())
    .at(at(3))
    .when(runJob())
    .then(runNowQueued(at(3), { nextFireTime: at(10) }))
})

test('while the whole schedule is paused no job is due', () => {
  const paused = given(JOB_ADDED, schedulePaused())
  const job = paused.state.job(JOB)
  expect(job && dueOf(paused.state, job)).toBe(null)
  paused.at(at(60)).when(jobDue()).then()
})
