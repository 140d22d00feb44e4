// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { expect, test } from 'vitest'
import { jobDue as dueOf } from '../../src/core/timers.ts'
import { jitterDelayMs } from '../../src/core/triggers/jitter.ts'
import { crontab, date, interval } from '../../src/core/triggers/make-trigger.ts'
import {
  jobAdded,
  jobFinished,
  jobModified,
  jobPaused,
  jobResumed,
  rejected,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  times,
} from '../support/facts.ts'
import { jobDue, report, resumeJob } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0 } from '../support/moments.ts'
import { given, nothing } from '../support/scenario.ts'
import { rescheduleJob } from './requests.ts'

const TEN = every('10s')
const JOB_ADDED = jobAdded({ job: { trigger: TEN }, nextFireTime: at(10) })

test('a job that is rescheduled fires by its new trigger from then on', () => {
  given(JOB_ADDED)
    .at(at(4))
    .when(rescheduleJob(interval('20s')))
    .then(jobModified({ job: { trigger: every('20s') }, anchor: at(4), nextFireTime: at(24) }))
    .at(at(24))
    .when(jobDue())
    .then(runQueued(at(24), { jobVersion: 2, nextFireTime: at(44) }))
})

test('the phase begins anew, also with the trigger that the job has', () => {
  given(JOB_ADDED)
    .at(at(4))
    .when(rescheduleJob(interval('10s')))
    .then(jobModified({ job: { trigger: TEN }, anchor: at(4), nextFireTime: at(14) }))
    .at(at(14))
    .when(jobDue())
    .then(runQueued(at(14), { jobVersion: 2, nextFireTime: at(24) }))
})

test('the repetitions are counted from one, also with the trigger that the job has', () => {
  const trigger = every('10s', { repeat: 1 })
  const second = runAt(at(22))
  given(
    jobAdded({ job: { trigger, maxInstances: 2 }, nextFireTime: at(10) }),
    runQueued(at(10)),
    runStarted(runAt(at(10))),
  )
    .at(at(12))
    .when(rescheduleJob(trigger))
    .then(jobModified({ job: { trigger, maxInstances: 2 }, anchor: at(12), nextFireTime: at(22) }))
    .when(report('succeeded', runAt(at(10))))
    .then(runSucceeded(runAt(at(10)), { startedAt: T0 }))
    .at(at(22))
    .when(jobDue())
    .then(runQueued(at(22), { jobVersion: 2 }))
    .when(report('succeeded', second))
    .then(runSucceeded(second), jobFinished())
})

test('a trigger that is wall-clock time fires at the next of its times, even one that is now', () => {
  const trigger = crontab('0 9 * * *')
  given(JOB_ADDED)
    .at(T0)
    .when(rescheduleJob(trigger))
    .then(jobModified({ job: { trigger: resolved(trigger) }, nextFireTime: T0 }))
})

test('a trigger fires later than the last decided time, whatever its own start says', () => {
  const trigger = interval('10s', { start: T0 })
  given(JOB_ADDED, { ...runQueued(at(10), { nextFireTime: at(20) }), time: at(10) })
    .at(at(10))
    .when(rescheduleJob(trigger))
    .then(jobModified({ job: { trigger: resolved(trigger) }, anchor: at(10), nextFireTime: at(20) }))
})

test('a trigger gets the zone of the scheduler when it names none', () => {
  const trigger = crontab('0 9 * * *')
  given(JOB_ADDED)
    .with({ timezone: 'Europe/Paris' })
    .when(rescheduleJob(trigger))
    .then(jobModified({ job: { trigger: { ...trigger, zone: 'Europe/Paris' } }, nextFireTime: at(23 * 3_600) }))
})

test('no trigger is once, now', () => {
  given(JOB_ADDED)
    .at(at(4))
    .when(rescheduleJob(null))
    .then(jobModified({ anchor: at(4), nextFireTime: at(4) }))
    .when(jobDue())
    .then(runQueued(at(4), { jobVersion: 2 }))
})

test('no trigger is once more, now, for a job that ran once', () => {
  given(jobAdded(), runQueued(T0), runStarted(runAt(T0)))
    .at(at(4))
    .when(rescheduleJob(null))
    .then(jobModified({ anchor: at(4), nextFireTime: at(4) }))
})

test('a date that is past but was never decided is due at once', () => {
  const trigger = date(at(2))
  given(JOB_ADDED)
    .at(at(4))
    .when(rescheduleJob(trigger))
    .then(jobModified({ job: { trigger: resolved(trigger) }, anchor: at(4), nextFireTime: at(2) }))
    .when(jobDue())
    .then(runQueued(at(2), { jobVersion: 2 }))
})

test('a trigger that is over is rejected, and the job goes on as before', () => {
  given(JOB_ADDED)
    .at(at(4))
    .when(rescheduleJob(interval('10s', { start: at(-60), end: at(3) })))
    .then(rejected('never-fires', 'job.trigger'))
    .at(at(10))
    .when(jobDue())
    .then(runQueued(at(10), { nextFireTime: at(20) }))
})

test('a date that was decided already is rejected', () => {
  given(JOB_ADDED, runQueued(at(10), { nextFireTime: at(20) }))
    .at(at(12))
    .when(rescheduleJob(date(at(10))))
    .then(rejected('never-fires', 'job.trigger'))
})

test('a trigger that can not be read, never fires or names no zone of this world is rejected with its place', () => {
  const there = given(JOB_ADDED)
  there.when(rescheduleJob('0 9 * * *')).then(rejected('invalid-trigger', 'job.trigger'))
  there
    .when(rescheduleJob({ type: 'crontab', expression: '0 0 30 2 *' }))
    .then(rejected('never-fires', 'job.trigger.expression'))
  there
    .when(rescheduleJob({ type: 'crontab', expression: '0 9 * * *', zone: 'Mars/Olympus' }))
    .then(rejected('unknown-zone', 'job.trigger.zone'))
})

test('a version that the job has not is a conflict', () => {
  given(JOB_ADDED)
    .when(rescheduleJob(interval('20s'), { version: 2 }))
    .then(rejected('version-conflict', 'version'))
})

test('a job that is not there is not rescheduled', () => {
  nothing.when(rescheduleJob(interval('20s'))).then(rejected('job-not-found', 'jobId'))
})

test('a paused job that is rescheduled stays paused, and what came due before is skipped once', () => {
  const rescheduled = given(JOB_ADDED, jobPaused({ reason: 'audit' }))
    .at(at(35))
    .when(rescheduleJob(interval('20s')))
    .then(
      runSkipped('paused', times(at(10), at(20), at(30)), at(40)),
      jobModified({ job: { trigger: every('20s') }, anchor: at(35), nextFireTime: at(55) }),
    )
  const job = rescheduled.state.job(JOB)
  expect(job?.paused).toEqual({ reason: 'audit', until: null })
  expect(job && dueOf(rescheduled.state, job)).toBe(null)
  rescheduled
    .at(at(60))
    .when(resumeJob())
    .then(jobResumed({ through: at(60), skipped: times(at(55)), nextFireTime: at(75) }))
})

test('a job whose trigger was over and whose last run is open gets a new life', () => {
  const run = runAt(at(10))
  given(jobAdded({ job: { trigger: every('10s', { repeat: 1 }) }, nextFireTime: at(10) }), runQueued(at(10)))
    .at(at(12))
    .when(rescheduleJob(interval('10s')))
    .then(jobModified({ job: { trigger: TEN }, anchor: at(12), nextFireTime: at(22) }))
    .when(report('succeeded', run))
    .then(runSucceeded(run))
})

test('a time that waits for its jitter fires before the change, at once', () => {
  const jitterMs = 3_600_000
  const trigger = resolved(crontab('0 9 * * *', { jitterMs }))
  const other = resolved(crontab('0 9 * * *', { jitterMs: jitterMs + 1 }))
  const due = T0 + jitterDelayMs(JOB, T0, jitterMs)
  expect(due).toBeGreaterThan(at(1))
  given(jobAdded({ job: { trigger }, nextFireTime: T0 }))
    .at(at(1))
    .when(rescheduleJob(other))
    .then(
      runQueued(T0, { dueAt: due, nextFireTime: at(86_400) }),
      jobModified({ job: { trigger: other }, anchor: at(1), nextFireTime: at(86_400) }),
    )
})

test('a time that waits for its jitter is skipped before the change of a job that is paused', () => {
  const trigger = resolved(crontab('0 9 * * *', { jitterMs: 3_600_000 }))
  given(jobAdded({ job: { trigger }, nextFireTime: T0 }), jobPaused())
    .at(at(1))
    .when(rescheduleJob(interval('10s')))
    .then(
      runSkipped('paused', times(T0), at(86_400)),
      jobModified({ job: { trigger: TEN }, anchor: at(1), nextFireTime: at(11) }),
    )
})

test('a time that is yet to come is no matter of the change', () => {
  const trigger = resolved(crontab('0 9 * * *', { jitterMs: 3_600_000 }))
  given(jobAdded({ job: { trigger }, nextFireTime: at(86_400) }))
    .at(at(86_400) - 1)
    .when(rescheduleJob(interval('10s')))
    .then(jobModified({ job: { trigger: TEN }, anchor: at(86_400) - 1, nextFireTime: at(86_410) - 1 }))
})
