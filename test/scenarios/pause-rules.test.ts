// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { pausesDue as pausesDueOf } from '../../src/core/timers.ts'
import {
  applied,
  jobAdded,
  jobModified,
  jobPaused,
  jobResumed,
  runQueued,
  runSkipped,
  schedulePaused,
  times,
} from '../support/facts.ts'
import { jobDue, resumeJob } from '../support/inputs.ts'
import { at, every, JOB } from '../support/moments.ts'
import { given, held } from '../support/scenario.ts'
import { BY_ITSELF, jobsPaused, jobsResumed, scheduleResumed } from './outcomes.ts'
import { modifyJob, pauseJobs, pausesDue, resumeJobs, resumeSchedule } from './requests.ts'

const TEAM = { team: 'a' }
const ANYBODY = { jobId: null }

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), labels: { team: 'a', env: 'live' }, ...over }, nextFireTime: at(10) })

describe('rules among themselves', () => {
  const both = given(job(), jobsPaused({ labels: TEAM }), jobsPaused({ labels: { env: 'live' } }))

  test('skip what came due under them for a job that loses their labels, and fire what comes due then', () => {
    const free = given(job(), jobsPaused({ labels: TEAM }))
      .at(at(35))
      .when(modifyJob({ labels: null }))
      .then(jobModified({ job: { trigger: every('10s') }, nextFireTime: at(10), heldThrough: at(35) }))
      .when(jobDue())
      .then(runSkipped('paused', times(at(10), at(20), at(30)), at(40)))
    free
      .at(at(40))
      .when(jobDue())
      .then(runQueued(at(40), { jobVersion: 2, nextFireTime: at(50) }))
  })

  test('skip nothing that comes due after a job lost their labels, when the clock was stepped back before', () => {
    given(job(), { ...jobsPaused({ labels: TEAM }), time: at(7_200) })
      .at(at(5))
      .when(modifyJob({ labels: null }))
      .then(jobModified({ job: { trigger: every('10s') }, nextFireTime: at(10), heldThrough: at(5) }))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { jobVersion: 2, nextFireTime: at(20) }))
  })

  test('skip what came due by the time of the event, where an older version decided that a job lost their labels', () => {
    const lost = jobModified({ job: { trigger: every('10s') }, nextFireTime: at(10) })
    given(job(), jobsPaused({ labels: TEAM }), { ...lost, time: at(15) })
      .when(jobDue())
      .then(runSkipped('paused', times(at(10)), at(20)))
  })

  test('leave alone the time that is asked for together with the loss of their labels', () => {
    const trigger = every('10m')
    given(jobAdded({ job: { trigger, labels: TEAM }, nextFireTime: at(600) }), jobsPaused({ labels: TEAM }))
      .at(at(60))
      .when(modifyJob({ labels: null, nextFireTime: at(60) }))
      .then(jobModified({ job: { trigger }, nextFireTime: at(60), heldThrough: at(60) }))
      .when(jobDue())
      .then(runQueued(at(60), { jobVersion: 2, nextFireTime: at(600) }))
  })

  test('skip nothing for a job that is under another of them still', () => {
    const still = given(job(), jobsPaused({ labels: TEAM }), jobsPaused({ labels: { env: 'live' } }))
      .at(at(15))
      .when(modifyJob({ labels: TEAM }))
      .then(jobModified({ job: { trigger: every('10s'), labels: TEAM }, nextFireTime: at(10), heldThrough: at(15) }))
    expect(held(still)).toBe(true)
    still
      .at(at(25))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(25) }))
      .when(jobDue())
      .then(runSkipped('paused', times(at(10), at(20)), at(30)))
  })

  test('hold a job as long as one of them does', () => {
    both
      .at(at(15))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(15) }))
      .at(at(25))
      .when(jobDue())
      .then()
      .at(at(35))
      .when(resumeJobs({ env: 'live' }))
      .then(jobsResumed({ labels: { env: 'live' }, through: at(35) }))
      .when(jobDue())
      .then(runSkipped('paused', times(at(10), at(20), at(30)), at(40)))
  })

  test('are told apart by all of their labels: only exactly these end', () => {
    both.when(resumeJobs({})).then(applied(ANYBODY))
    both.when(resumeJobs({ team: 'a', env: 'live' })).then(applied(ANYBODY))
  })

  test('are equal whatever the order of their labels', () => {
    given(jobsPaused({ labels: { team: 'a', env: 'live' } }))
      .when(pauseJobs({ env: 'live', team: 'a' }))
      .then(applied(ANYBODY))
      .when(resumeJobs({ env: 'live', team: 'a' }))
      .then(jobsResumed({ labels: { team: 'a', env: 'live' } }))
  })

  test('replace one another when only reason or end differ', () => {
    const { state } = given(jobsPaused({ labels: TEAM, reason: 'audit' }))
      .when(pauseJobs(TEAM, { reason: 'move', until: at(60) }))
      .then(jobsPaused({ labels: TEAM, reason: 'move', until: at(60) }))
    expect(state.pauseRules).toEqual([{ labels: TEAM, reason: 'move', until: at(60) }])
  })

  test('end once: the second time changes nothing', () => {
    given(jobsPaused({ labels: TEAM }))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM }))
      .when(resumeJobs(TEAM))
      .then(applied(ANYBODY))
  })
})

describe('a rule and the pause of the job itself', () => {
  test('hold the job until both are over, and each time is skipped once', () => {
    const own = given(job(), jobPaused(), jobsPaused({ labels: TEAM }))
    const { state } = own
      .at(at(15))
      .when(resumeJob())
      .then(jobResumed({ through: at(15), skipped: times(at(10)), nextFireTime: at(20) }))
      .at(at(25))
      .when(jobDue())
      .then()
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(25) }))
      .when(jobDue())
      .then(runSkipped('paused', times(at(20)), at(30)))
    expect(state.job(JOB)?.counts.skipped).toBe(2)
  })

  test('ended the other way round skip the same times', () => {
    given(job(), jobPaused(), jobsPaused({ labels: TEAM }))
      .at(at(15))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(15) }))
      .at(at(25))
      .when(resumeJob())
      .then(jobResumed({ through: at(25), skipped: times(at(10), at(20)), nextFireTime: at(30) }))
  })

  test('skip what the later of two ends covers, when the earlier one is found later', () => {
    given(job(), jobPaused({ until: at(25) }), jobsPaused({ labels: TEAM }))
      .at(at(45))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(45) }))
      .at(at(65))
      .when(jobDue())
      .then(jobResumed({ ...BY_ITSELF, through: at(25) - 1, skipped: times(at(10), at(20)), nextFireTime: at(30) }))
      .when(jobDue())
      .then(
        runSkipped('paused', times(at(30), at(40)), at(50)),
        runQueued(at(60), { coalesced: times(at(50)), nextFireTime: at(70) }),
      )
  })
})

describe('a rule until a time', () => {
  const paused = given(
    job(),
    jobsPaused({ labels: TEAM, until: at(30) }),
    jobsPaused({ labels: { env: 'x' }, until: at(90) }),
  )
  const over = jobsResumed({ ...BY_ITSELF, labels: TEAM, through: at(30) - 1 })

  test('is the first of them that the owner waits for', () => {
    expect(pausesDueOf(paused.state)).toBe(at(30))
    paused
      .at(at(30) - 1)
      .when(pausesDue)
      .then()
  })

  test('ends by itself: what is due then fires', () => {
    const ended = paused.at(at(30)).when(pausesDue).then(over)
    expect(pausesDueOf(ended.state)).toBe(at(90))
    ended
      .when(jobDue())
      .then(runSkipped('paused', times(at(10), at(20)), at(30)), runQueued(at(30), { nextFireTime: at(40) }))
  })

  test('skips nothing of what came due after it, however late its end is found', () => {
    paused
      .at(at(65))
      .when(pausesDue)
      .then(over)
      .when(jobDue())
      .then(
        runSkipped('paused', times(at(10), at(20)), at(30)),
        runQueued(at(60), { coalesced: times(at(30), at(40), at(50)), nextFireTime: at(70) }),
      )
  })

  test('is resumed late by hand as if it had ended in time', () => {
    paused
      .at(at(65))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(30) - 1 }))
  })

  test('ends together with others whose time has come, in one decision', () => {
    paused
      .at(at(90))
      .when(pausesDue)
      .then(over, jobsResumed({ ...BY_ITSELF, labels: { env: 'x' }, through: at(90) - 1 }))
  })

  test('that ends while the schedule is paused leaves what comes after it to grace and coalescing', () => {
    given(job(), jobsPaused({ labels: TEAM, until: at(30) }), schedulePaused())
      .at(at(30))
      .when(pausesDue)
      .then(over)
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
