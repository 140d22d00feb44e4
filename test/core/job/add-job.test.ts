// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, test } from 'vitest'
import { calendarInterval, crontab, date, interval, or } from '../../../src/core/triggers/make-trigger.ts'
import {
  applied,
  duplicate,
  jobAdded,
  jobModified,
  rejected,
  retryScheduled,
  runQueued,
  runStarted,
  times,
} from '../../support/facts.ts'
import { addJob, bytes, given as withId } from '../../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0 } from '../../support/moments.ts'
import { given, nothing } from '../../support/scenario.ts'

const TEN_SECONDS = every('10s')

describe('a job that is not there', () => {
  test('is added with all defaults, and without a trigger it is due at once', () => {
    nothing
      .at(T0)
      .when(addJob())
      .then(jobAdded({ nextFireTime: T0 }))
  })

  test('with an interval fires first one interval later, anchored at its addition', () => {
    nothing
      .at(at(3))
      .when(addJob({ trigger: interval('10s') }))
      .then(jobAdded({ job: { trigger: TEN_SECONDS }, anchor: at(3), nextFireTime: at(13) }))
  })

  test('with an interval that has a start fires first on that grid', () => {
    const trigger = interval('10s', { start: T0 })
    nothing
      .at(at(13))
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, anchor: at(13), nextFireTime: at(20) }))
  })

  test('with a start that is now fires first now', () => {
    const trigger = interval('10s', { start: T0 })
    nothing
      .at(T0)
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, nextFireTime: T0 }))
  })

  test('with a crontab that matches now fires first now', () => {
    nothing
      .at(T0)
      .when(addJob({ trigger: crontab('0 9 * * *') }))
      .then(jobAdded({ job: { trigger: resolved(crontab('0 9 * * *')) }, nextFireTime: T0 }))
  })

  test('with a crontab fires first at its next time in the zone of the scheduler', () => {
    const trigger = crontab('0 9 * * *')
    nothing
      .at(T0)
      .with({ timezone: 'Europe/Paris' })
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: { ...trigger, zone: 'Europe/Paris' } }, nextFireTime: at(23 * 3_600) }))
  })

  test('with a combination that holds an interval without a start fires first one interval later', () => {
    const trigger = or([interval('10s'), interval('25s')])
    nothing
      .at(T0)
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, nextFireTime: at(10) }))
  })

  test('with a combination of such an interval and what matches now fires first now', () => {
    const trigger = or([interval('7h'), crontab('0 9 * * *')])
    nothing
      .at(T0)
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, nextFireTime: T0 }))
  })

  test('with a calendar interval without a start begins on the day of its addition', () => {
    const trigger = calendarInterval({ days: 2, time: '10:00' })
    nothing
      .at(T0)
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, nextFireTime: at(3_600) }))
  })

  test('with a date in the past is due at once', () => {
    const trigger = date('2026-12-31T00:00:00Z')
    nothing
      .at(T0)
      .when(addJob({ trigger }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, nextFireTime: Date.UTC(2026, 11, 31) }))
  })

  test('with a date in 1970 is due at once', () => {
    nothing
      .at(T0)
      .when(addJob({ trigger: date(0) }))
      .then(jobAdded({ job: { trigger: resolved(date(0)) }, nextFireTime: 0 }))
  })

  test('with a given first fire time has that one, whatever its trigger says', () => {
    nothing
      .at(T0)
      .when(addJob({ trigger: interval('10s'), nextFireTime: at(3) }))
      .then(jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(3) }))
  })

  test('can be added paused', () => {
    nothing
      .at(T0)
      .when(addJob({ trigger: interval('10s'), paused: true }))
      .then(jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10), paused: true }))
  })

  test('takes what it does not say from the defaults of the scheduler', () => {
    nothing
      .at(T0)
      .with({ jobDefaults: { misfireGraceMs: 1_000, coalesce: 'all' } })
      .when(addJob({ coalesce: 'earliest' }))
      .then(jobAdded({ job: { misfireGraceMs: 1_000, coalesce: 'earliest' } }))
  })

  test('is rejected when its trigger is over', () => {
    const trigger = interval('10s', { start: at(-100), end: at(-1) })
    nothing.at(T0).when(addJob({ trigger })).then(rejected('never-fires', 'job.trigger'))
  })

  test('is added when its trigger is over but a first fire time is given', () => {
    const trigger = interval('10s', { start: at(-100), end: at(-1) })
    nothing
      .at(T0)
      .when(addJob({ trigger, nextFireTime: at(5) }))
      .then(jobAdded({ job: { trigger: resolved(trigger) }, nextFireTime: at(5) }))
  })

  test('is added with ifExists keep and reject as well', () => {
    nothing
      .at(T0)
      .when(addJob({}, { ifExists: 'keep' }))
      .then(jobAdded())
    nothing
      .at(T0)
      .when(addJob({}, { ifExists: 'reject' }))
      .then(jobAdded())
  })
})

describe('a job that is there', () => {
  const there = given(jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10) })).at(at(5))

  test('is left alone by an equal definition and keeps its phase', () => {
    there.when(addJob({ trigger: interval('10s') })).then(applied())
  })

  test('is equal whatever the order of the members of its metadata and labels', () => {
    const job = { labels: { a: '1', b: '2' }, metadata: { x: { p: 1, q: 2 }, y: 0 } }
    given(jobAdded({ job }))
      .when(addJob({ labels: { b: '2', a: '1' }, metadata: { y: 0, x: { q: 2, p: 1 } } }))
      .then(applied())
  })

  test('is another when the bytes of its payload differ', () => {
    given(jobAdded({ job: { payload: bytes('{"a":1}') } }))
      .when(addJob({ payload: bytes('{"a":2}') }))
      .then(jobModified({ job: { payload: bytes('{"a":2}') }, nextFireTime: T0 }))
  })

  test('gets a new version of the same incarnation, and keeps its phase when the trigger is the same', () => {
    there
      .when(addJob({ trigger: interval('10s'), name: 'greeter' }))
      .then(jobModified({ job: { trigger: TEN_SECONDS, name: 'greeter' }, anchor: T0, nextFireTime: at(10) }))
      .at(at(6))
      .when(addJob({ trigger: interval('10s'), name: 'other' }))
      .then(jobModified({ job: { trigger: TEN_SECONDS, name: 'other' }, version: 3, anchor: T0, nextFireTime: at(10) }))
  })

  test('that is replaced stays the same incarnation', ({ expect }) => {
    const { state } = there
      .when(addJob({ name: 'greeter' }))
      .then(jobModified({ job: { name: 'greeter' }, anchor: at(5), nextFireTime: at(5) }))
    expect(state.job(JOB)?.incarnation).toBe('1-1-0')
  })

  test('begins a new phase when the trigger changes', () => {
    there
      .when(addJob({ trigger: interval('20s') }))
      .then(jobModified({ job: { trigger: every('20s') }, anchor: at(5), nextFireTime: at(25) }))
  })

  test('fires at a given time first even when its definition is equal, and then goes on in its phase', () => {
    there
      .when(addJob({ trigger: interval('10s'), nextFireTime: at(7) }))
      .then(jobModified({ job: { trigger: TEN_SECONDS }, anchor: T0, nextFireTime: at(7) }))
      .at(at(7))
      .when({ kind: 'job-due', jobId: JOB })
      .then(runQueued(at(7), { jobVersion: 2, nextFireTime: at(10) }))
  })

  test('that is replaced never fires again for a time that was decided', () => {
    const decided = runQueued(at(10), { nextFireTime: at(20) })
    given(jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10) }), decided)
      .at(at(10))
      .when(addJob({ trigger: interval('5s', { start: T0 }) }))
      .then(
        jobModified({
          job: { trigger: resolved(interval('5s', { start: T0 })) },
          anchor: at(10),
          nextFireTime: at(15),
        }),
      )
  })

  test('is not replaced by one whose only date was decided already', () => {
    given(
      jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
    )
      .at(at(12))
      .when(addJob({ trigger: date(at(10)) }))
      .then(rejected('never-fires', 'job.trigger'))
  })

  test('is not replaced by one whose only date another run stands for', () => {
    given(
      jobAdded({ job: { trigger: TEN_SECONDS, coalesce: 'earliest' }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(40), coalesced: times(at(20), at(30)) }),
    )
      .at(at(35))
      .when(addJob({ trigger: date(at(20)) }))
      .then(rejected('never-fires', 'job.trigger'))
  })

  test('is not replaced by a first fire time that is not later than the last decided one', () => {
    given(
      jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
    )
      .at(at(12))
      .when(addJob({ trigger: interval('10s'), nextFireTime: at(9) }))
      .then(rejected('invalid-option', 'job.nextFireTime'))
  })

  test('is kept with ifExists keep, also when the definition differs', () => {
    there.when(addJob({ name: 'greeter' }, { ifExists: 'keep' })).then(applied())
  })

  test('is not replaced with ifExists reject, also by an equal definition', () => {
    there.when(addJob({ trigger: interval('10s') }, { ifExists: 'reject' })).then(rejected('job-exists', 'job.id'))
  })

  test('is replaced while a run of it is open, which stays open', ({ expect }) => {
    const run = runAt(at(10))
    const { state } = given(
      jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(run),
      retryScheduled(run, { retryAt: at(30) }),
    )
      .at(at(12))
      .when(addJob({ trigger: interval('10s'), name: 'greeter' }))
      .then(jobModified({ job: { trigger: TEN_SECONDS, name: 'greeter' }, nextFireTime: at(20) }))
    expect(state.run(run)?.definition.name).toBe(null)
    expect(state.job(JOB)?.openRuns).toEqual([run])
  })

  test('that is replaced counts the repetitions of its new trigger from one', () => {
    const trigger = interval('5s', { repeat: 3 })
    given(
      jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10) }),
      runQueued(at(10), {
        nextFireTime: at(40),
        coalesced: { first: at(20), last: at(30), count: 2, listed: [at(20), at(30)] },
      }),
    )
      .at(at(31))
      .when(addJob({ trigger, maxInstances: 5 }))
      .then(jobModified({ job: { trigger: resolved(trigger), maxInstances: 5 }, anchor: at(31), nextFireTime: at(36) }))
      .at(at(36))
      .when({ kind: 'job-due', jobId: JOB })
      .then(runQueued(at(36), { jobVersion: 2, nextFireTime: at(41) }))
  })
})

describe('a command id that the client gave', () => {
  test('is answered as a duplicate the second time, and changes nothing', () => {
    const envelope = withId('once')
    nothing
      .when(addJob({ trigger: interval('10s') }, { envelope }))
      .then(jobAdded({ job: { trigger: TEN_SECONDS }, nextFireTime: at(10), commandId: 'once', commandGiven: true }))
      .at(at(60))
      .when(addJob({ trigger: interval('20s') }, { envelope }))
      .then(duplicate({ commandId: 'once', commandGiven: true }))
  })
})
