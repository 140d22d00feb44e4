// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_INSTANT_MS } from '../../src/core/limits.ts'
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
import { jobDue, report } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0 } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { modifyJob } from './requests.ts'

const TEN = every('10s')

/** A job that has been there since `T0` and fires every ten seconds. */
const job = (over: Partial<JobDefinition> = {}) => jobAdded({ job: { trigger: TEN, ...over }, nextFireTime: at(10) })
/** Its next version, with the phase that it had. */
const modified = (over: Partial<JobDefinition>, version = 2) =>
  jobModified({ job: { trigger: TEN, ...over }, version, nextFireTime: at(10) })

describe('a trigger', () => {
  test('that stays keeps its phase, whatever the time of the change', () => {
    given(job(), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(17))
      .when(modifyJob({ trigger: interval('10s'), name: 'a' }))
      .then(jobModified({ job: { trigger: TEN, name: 'a' }, nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(20)), at(30)))
  })

  test('that stays keeps a time that came due and is not decided yet', () => {
    given(job())
      .at(at(13))
      .when(modifyJob({ name: 'a' }))
      .then(modified({ name: 'a' }))
      .when(jobDue())
      .then(runQueued(at(10), { jobVersion: 2, nextFireTime: at(20) }))
  })

  test('that changes begins its phase with the change', () => {
    given(job())
      .at(at(4))
      .when(modifyJob({ trigger: interval('20s') }))
      .then(jobModified({ job: { trigger: every('20s') }, anchor: at(4), nextFireTime: at(24) }))
  })

  test('that changes fires later than the last decided time, also after the clock has stepped back', () => {
    const trigger = interval('7s', { start: T0 })
    given(job(), { ...runQueued(at(10), { nextFireTime: at(20) }), time: at(10) })
      .at(at(2))
      .when(modifyJob({ trigger }))
      .then(jobModified({ job: { trigger: resolved(trigger) }, anchor: at(2), nextFireTime: at(14) }))
  })

  test('that changes to a crontab fires no second time in the minute that was decided', () => {
    const trigger = crontab('* * * * *')
    given(jobAdded({ job: { trigger: resolved(crontab('0 * * * *')) } }), runQueued(T0, { nextFireTime: at(3_600) }))
      .at(T0)
      .when(modifyJob({ trigger }))
      .then(jobModified({ job: { trigger: resolved(trigger) }, nextFireTime: at(60) }))
  })

  test('that is over is rejected, and the job stays as it was', () => {
    const { state } = given(job())
      .at(at(4))
      .when(modifyJob({ trigger: interval('10s', { start: at(-60), end: at(-1) }), name: 'a' }))
      .then(rejected('never-fires', 'job.trigger'))
    expect(state.job(JOB)).toMatchObject({ version: 1, nextFireTime: at(10), definition: { name: null } })
  })

  test('that can not be read is rejected, with the place', () => {
    given(job())
      .when(modifyJob({ trigger: { type: 'crontab', expression: '61 * * * *' } }))
      .then(rejected('invalid-trigger', 'job.trigger.expression'))
  })

  test('of a job that was added without one is still that one time', () => {
    given(jobAdded({ nextFireTime: T0 }), runQueued(T0), runStarted(runAt(T0)))
      .at(at(3))
      .when(modifyJob({ name: 'a' }))
      .then(jobModified({ job: { name: 'a' }, nextFireTime: null }))
      .when(report('succeeded', runAt(T0)))
      .then(runSucceeded(runAt(T0), { startedAt: T0 }), jobFinished())
  })

  test('of a job that has used it up is not begun anew', () => {
    const trigger = every('10s', { repeat: 1 })
    given(jobAdded({ job: { trigger }, nextFireTime: at(10) }), runQueued(at(10)))
      .at(at(12))
      .when(modifyJob({ name: 'a' }))
      .then(jobModified({ job: { trigger, name: 'a' }, nextFireTime: null }))
  })

  test('that stays goes on counting its repetitions', () => {
    const trigger = every('10s', { repeat: 2 })
    given(
      jobAdded({ job: { trigger, maxInstances: 9 }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
    )
      .at(at(12))
      .when(modifyJob({ name: 'a' }))
      .then(jobModified({ job: { trigger, name: 'a', maxInstances: 9 }, nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { jobVersion: 2 }))
  })

  test('that changes counts them from one', () => {
    const trigger = every('20s', { repeat: 2 })
    given(
      jobAdded({ job: { trigger: every('10s', { repeat: 1 }), maxInstances: 9 }, nextFireTime: at(10) }),
      runQueued(at(10)),
    )
      .at(at(12))
      .when(modifyJob({ trigger }))
      .then(jobModified({ job: { trigger, maxInstances: 9 }, anchor: at(12), nextFireTime: at(32) }))
      .at(at(32))
      .when(jobDue())
      .then(runQueued(at(32), { jobVersion: 2, nextFireTime: at(52) }))
      .at(at(52))
      .when(jobDue())
      .then(runQueued(at(52), { jobVersion: 2 }))
  })
})

describe('a next fire time that is given', () => {
  test('comes before what the trigger says, which then goes on in its phase', () => {
    given(job())
      .at(at(1))
      .when(modifyJob({ nextFireTime: at(7) }))
      .then(jobModified({ job: { trigger: TEN }, nextFireTime: at(7) }))
      .at(at(7))
      .when(jobDue())
      .then(runQueued(at(7), { jobVersion: 2, nextFireTime: at(10) }))
  })

  test('may leave out times of the trigger', () => {
    given(job())
      .at(at(1))
      .when(modifyJob({ nextFireTime: at(45) }))
      .then(jobModified({ job: { trigger: TEN }, nextFireTime: at(45) }))
      .at(at(45))
      .when(jobDue())
      .then(runQueued(at(45), { jobVersion: 2, nextFireTime: at(50) }))
  })

  test('may be past, and is then due at once', () => {
    given(job())
      .at(at(9))
      .when(modifyJob({ nextFireTime: at(3) }))
      .then(jobModified({ job: { trigger: TEN }, nextFireTime: at(3) }))
      .when(jobDue())
      .then(runQueued(at(3), { jobVersion: 2, nextFireTime: at(10) }))
  })

  test('together with another trigger begins the phase of that one with the change', () => {
    given(job())
      .at(at(4))
      .when(modifyJob({ trigger: interval('20s'), nextFireTime: at(5) }))
      .then(jobModified({ job: { trigger: every('20s') }, anchor: at(4), nextFireTime: at(5) }))
      .at(at(5))
      .when(jobDue())
      .then(runQueued(at(5), { jobVersion: 2, nextFireTime: at(24) }))
  })

  test('is rejected when it was decided already', () => {
    const decided = given(job(), runQueued(at(10), { nextFireTime: at(20) })).at(at(12))
    decided.when(modifyJob({ nextFireTime: at(10) })).then(rejected('invalid-option', 'job.nextFireTime'))
    decided
      .when(modifyJob({ nextFireTime: at(10) + 1 }))
      .then(jobModified({ job: { trigger: TEN }, nextFireTime: at(10) + 1 }))
  })

  test.each([-1, 0.5, MAX_INSTANT_MS + 1, 'soon' as unknown as number])('is rejected when it is %s', (nextFireTime) => {
    given(job()).when(modifyJob({ nextFireTime })).then(rejected('invalid-option', 'job.nextFireTime'))
  })

  test('that is past fires, also when a pause ended after it', () => {
    given(job({ trigger: resolved(date(at(60))) }), jobPaused(), jobResumed({ through: at(8), nextFireTime: at(60) }))
      .at(at(9))
      .when(modifyJob({ nextFireTime: at(3) }))
      .then(jobModified({ job: { trigger: resolved(date(at(60))) }, nextFireTime: at(3) }))
      .when(jobDue())
      .then(runQueued(at(3), { jobVersion: 2, nextFireTime: null }))
  })
})
