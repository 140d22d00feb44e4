// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { expect, test } from 'vitest'
import { MAX_TIMES_PER_DECISION } from '../../../src/core/limits.ts'
import {
  jobAdded,
  jobFinished,
  jobPaused,
  jobResumed,
  rejected,
  runNowQueued,
  runQueued,
  runSkipped,
  times,
} from '../../support/facts.ts'
import { jobDue, pauseJob, resumeJob } from '../../support/inputs.ts'
import { at, every, JOB, resolved, T0 } from '../../support/moments.ts'
import { given, nothing } from '../../support/scenario.ts'
import { date } from '../../../src/core/triggers/make-trigger.ts'

const JOB_ADDED = jobAdded({ job: { trigger: every('10s') }, nextFireTime: at(10) })

test('a job that is not there can be neither paused nor resumed', () => {
  nothing.when(pauseJob()).then(rejected('job-not-found', 'jobId'))
  nothing.when(resumeJob()).then(rejected('job-not-found', 'jobId'))
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
