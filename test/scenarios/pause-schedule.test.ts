// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { jobDue as dueOf, pausesDue as pausesDueOf } from '../../src/core/timers.ts'
import {
  jobAdded,
  jobPaused,
  jobResumed,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  schedulePaused,
  times,
  timesMissed,
} from '../support/facts.ts'
import { addJob, jobDue, report, resumeJob } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { BY_ITSELF, jobsPaused, jobsResumed, scheduleResumed } from './outcomes.ts'
import { pauseSchedule, pausesDue, resumeJobs, resumeSchedule } from './requests.ts'

const RUN = runAt(at(10))

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(10) })

describe('a schedule that is paused', () => {
  const paused = given(job())
    .when(pauseSchedule({ reason: 'migration' }))
    .then(schedulePaused({ reason: 'migration' }))

  test('says why, and waits for nothing', () => {
    const there = paused.state.job(JOB)
    expect(paused.state.schedulePaused).toEqual({ reason: 'migration', until: null })
    expect(there && dueOf(paused.state, there)).toBe(null)
    expect(pausesDueOf(paused.state)).toBe(null)
  })

  test('fires nothing of a job that is added during it', () => {
    paused
      .when(addJob({}, { jobId: 'once' }))
      .then(jobAdded({ jobId: 'once' }))
      .when(jobDue('once'))
      .then()
  })

  test('lets a run that is under way report', () => {
    given(job(), runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN), schedulePaused())
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN, { startedAt: at(0) }))
  })
})

describe('what came due while it was paused is judged when it goes on:', () => {
  const resumed = (over: Partial<JobDefinition> = {}) =>
    given(job(over), schedulePaused()).at(at(35)).when(resumeSchedule()).then(scheduleResumed())

  test('the latest time runs for all, when nothing else is said', () => {
    resumed()
      .when(jobDue())
      .then(runQueued(at(30), { coalesced: times(at(10), at(20)), nextFireTime: at(40) }))
  })

  test('all of them run, with coalesce all', () => {
    resumed({ coalesce: 'all' })
      .when(jobDue())
      .then(
        runQueued(at(10), { nextFireTime: at(40) }),
        runQueued(at(20), { after: runAt(at(10)), nextFireTime: at(40) }),
        runQueued(at(30), { after: runAt(at(20)), nextFireTime: at(40) }),
      )
  })

  test('those beyond the grace time are missed', () => {
    resumed({ misfireGraceMs: 6_000 })
      .when(jobDue())
      .then(
        timesMissed(times(at(10), at(20)), at(30)),
        runQueued(at(30), { startBefore: at(36), nextFireTime: at(40) }),
      )
  })

  test('nothing is counted as skipped', () => {
    const { state } = resumed()
      .when(jobDue())
      .then(runQueued(at(30), { coalesced: times(at(10), at(20)), nextFireTime: at(40) }))
    expect(state.job(JOB)?.counts.skipped).toBe(0)
  })

  test('but a time of a pause of the job itself is skipped', () => {
    given(job(), schedulePaused(), jobPaused())
      .at(at(25))
      .when(resumeJob())
      .then(jobResumed({ through: at(25), skipped: times(at(10), at(20)), nextFireTime: at(30) }))
      .at(at(55))
      .when(resumeSchedule())
      .then(scheduleResumed())
      .when(jobDue())
      .then(runQueued(at(50), { coalesced: times(at(30), at(40)), nextFireTime: at(60) }))
  })

  test('but a time under a rule of its labels is skipped', () => {
    given(job(), schedulePaused(), jobsPaused())
      .at(at(25))
      .when(resumeJobs({}))
      .then(jobsResumed({ through: at(25) }))
      .at(at(55))
      .when(resumeSchedule())
      .then(scheduleResumed())
      .when(jobDue())
      .then(
        runSkipped('paused', times(at(10), at(20)), at(30)),
        runQueued(at(50), { coalesced: times(at(30), at(40)), nextFireTime: at(60) }),
      )
  })
})

describe('a schedule that is paused until a time', () => {
  const paused = given(job())
    .when(pauseSchedule({ until: at(30) }))
    .then(schedulePaused({ until: at(30) }))

  test('goes on by itself then, and not before', () => {
    expect(pausesDueOf(paused.state)).toBe(at(30))
    paused
      .at(at(30) - 1)
      .when(pausesDue)
      .then()
    paused
      .at(at(30))
      .when(pausesDue)
      .then(scheduleResumed(BY_ITSELF))
      .when(jobDue())
      .then(runQueued(at(30), { coalesced: times(at(10), at(20)), nextFireTime: at(40) }))
  })

  test('can be paused for longer, or for good', () => {
    paused
      .when(pauseSchedule({ until: at(60) }))
      .then(schedulePaused({ until: at(60) }))
      .when(pauseSchedule())
      .then(schedulePaused())
      .at(at(90))
      .when(pausesDue)
      .then()
  })
})
