// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import {
  MAX_DESCRIPTION_CHARS,
  MAX_INSTANT_MS,
  MAX_LABELS,
  MAX_NAME_CHARS,
  MAX_PAUSE_RULES,
} from '../../src/core/limits.ts'
import { isHeld, jobDue as dueOf, pausesDue as pausesDueOf, runDue as runDueOf } from '../../src/core/timers.ts'
import { date } from '../../src/core/triggers/make-trigger.ts'
import {
  applied,
  jobAdded,
  jobFinished,
  jobModified,
  jobPaused,
  jobResumed,
  rejected,
  retries,
  retryQueued,
  retryScheduled,
  runNowQueued,
  runQueued,
  runSkipped,
  runStarted,
  schedulePaused,
  times,
} from '../support/facts.ts'
import { addJob, jobDue, resumeJob, runDue, runJob } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt } from '../support/moments.ts'
import { given, type GivenStage, nothing } from '../support/scenario.ts'
import { BY_ITSELF, jobsPaused, jobsResumed, scheduleResumed, SILENT } from './outcomes.ts'
import { modifyJob, pauseJobs, pausesDue, resumeJobs, resumeSchedule } from './requests.ts'

const TEAM = { team: 'a' }
const ANYBODY = { jobId: null }
const RUN = runAt(at(10))

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), labels: { team: 'a', env: 'live' }, ...over }, nextFireTime: at(10) })

function held(stage: GivenStage, jobId: string = JOB): boolean | undefined {
  const there = stage.state.job(jobId)
  return there && isHeld(stage.state, there)
}

describe('a pause by labels', () => {
  const paused = given(job())
    .when(pauseJobs(TEAM, { reason: 'audit' }))
    .then(jobsPaused({ labels: TEAM, reason: 'audit' }))

  test('is one event and a rule, and the job itself is as it was', () => {
    expect(paused.state.pauseRules).toEqual([{ labels: TEAM, reason: 'audit', until: null }])
    expect(paused.state.job(JOB)?.paused).toBe(null)
  })

  test('holds the job: it waits for nothing and does not fire', () => {
    const there = paused.state.job(JOB)
    expect(there && dueOf(paused.state, there)).toBe(null)
    paused.at(at(60)).when(jobDue()).then()
  })

  test('skips what came due under it when it ends, and counts it', () => {
    const { state } = paused
      .at(at(34))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(34) }))
      .when(jobDue())
      .then(runSkipped('paused', times(at(10), at(20), at(30)), at(40)))
      .at(at(40))
      .when(jobDue())
      .then(runQueued(at(40), { nextFireTime: at(50) }))
    expect(state.job(JOB)?.counts.skipped).toBe(3)
  })

  test('skips what came due under it, and fires what came due after it before anyone looked', () => {
    paused
      .at(at(34))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(34) }))
      .at(at(52))
      .when(jobDue())
      .then(
        runSkipped('paused', times(at(10), at(20), at(30)), at(40)),
        runQueued(at(50), { coalesced: times(at(40)), nextFireTime: at(60) }),
      )
  })

  test('skips nothing when it ends before anything came due', () => {
    paused
      .at(at(9))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(9) }))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
  })

  test('finishes a job whose last time came due under it', () => {
    const trigger = resolved(date(at(10)))
    given(jobAdded({ job: { trigger, labels: TEAM }, nextFireTime: at(10) }), jobsPaused({ labels: TEAM }))
      .at(at(11))
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(11) }))
      .when(jobDue())
      .then(runSkipped('paused', times(at(10)), null), jobFinished())
  })

  test('holds retries, and lets them go with its end', () => {
    const waiting = given(
      job({ retry: retries(2) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(RUN),
      retryScheduled(RUN, { retryAt: at(12) }),
      jobsPaused({ labels: TEAM }),
    )
    const run = waiting.state.run(RUN)
    expect(run && runDueOf(waiting.state, run, SILENT)).toBe(null)
    waiting
      .at(at(15))
      .when(runDue(RUN))
      .then()
      .when(resumeJobs(TEAM))
      .then(jobsResumed({ labels: TEAM, through: at(15) }))
      .when(runDue(RUN))
      .then(retryQueued(RUN))
  })

  test('leaves a run by hand alone', () => {
    paused
      .at(at(3))
      .when(runJob())
      .then(runNowQueued(at(3), { nextFireTime: at(10) }))
  })
})

describe('a rule is for', () => {
  test('jobs that are added after it', () => {
    const added = given(jobsPaused({ labels: TEAM }))
      .when(addJob({ labels: { team: 'a' }, trigger: every('10s') }))
      .then(jobAdded({ job: { labels: TEAM, trigger: every('10s') }, nextFireTime: at(10) }))
    expect(held(added)).toBe(true)
    added.at(at(30)).when(jobDue()).then()
  })

  test('jobs without a trigger that are added after it: they do not run at once', () => {
    given(jobsPaused({ labels: TEAM }))
      .when(addJob({ labels: TEAM }))
      .then(jobAdded({ job: { labels: TEAM } }))
      .when(jobDue())
      .then()
  })

  test('jobs that have all of its labels, and maybe others', () => {
    expect(held(given(job(), jobsPaused({ labels: { team: 'a', env: 'live' } })))).toBe(true)
    expect(held(given(job(), jobsPaused({ labels: { team: 'a', env: 'test' } })))).toBe(false)
    expect(held(given(job(), jobsPaused({ labels: { team: 'a', zone: 'eu' } })))).toBe(false)
    expect(held(given(job({ labels: {} }), jobsPaused({ labels: TEAM })))).toBe(false)
  })

  test('labels of their own, not those that every object inherits', () => {
    expect(held(given(job(), jobsPaused({ labels: { constructor: 'a' } })))).toBe(false)
  })

  test('all jobs when it has no labels, also those without any', () => {
    const all = given(job(), jobAdded({ jobId: 'bare', nextFireTime: at(10) }))
      .when(pauseJobs({}))
      .then(jobsPaused())
    expect([held(all), held(all, 'bare')]).toEqual([true, true])
    const resumed = all
      .at(at(12))
      .when(resumeJobs({}))
      .then(jobsResumed({ through: at(12) }))
    expect([held(resumed), held(resumed, 'bare')]).toEqual([false, false])
  })

  test('jobs that get its labels by a change, and no longer for those that lose them', () => {
    const before = given(job({ labels: {} }), jobsPaused({ labels: TEAM }))
    expect(held(before)).toBe(false)
    const under = before
      .when(modifyJob({ labels: TEAM }))
      .then(jobModified({ job: { trigger: every('10s'), labels: TEAM }, nextFireTime: at(10) }))
    expect(held(under)).toBe(true)
    const free = under
      .when(modifyJob({ labels: null }))
      .then(jobModified({ job: { trigger: every('10s') }, version: 3, nextFireTime: at(10), heldThrough: at(0) }))
    expect(held(free)).toBe(false)
  })
})

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

  test('keep their reason when they are asked for again without one', () => {
    given(job(), jobsPaused({ labels: TEAM, reason: 'audit' }))
      .when(pauseJobs(TEAM))
      .then(applied(ANYBODY))
      .when(pauseJobs(TEAM, { until: at(60) }))
      .then(jobsPaused({ labels: TEAM, reason: 'audit', until: at(60) }))
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

describe('a pause by labels is rejected', () => {
  const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']))

  test.each<[string, unknown, string, string]>([
    ['labels that are no object', null, 'invalid-option', 'labels'],
    ['labels that are a list', ['team'], 'invalid-option', 'labels'],
    ['a label that is no text', { team: 7 }, 'invalid-option', 'labels.team'],
    ['a label without a name', { '': 'a' }, 'invalid-option', 'labels'],
    ['a label whose name is over its limit', { ['x'.repeat(MAX_NAME_CHARS + 1)]: 'a' }, 'invalid-option', 'labels'],
    ['more labels than a job can have', labels(MAX_LABELS + 1), 'limit-exceeded', 'labels'],
  ])('for %s', (_what, given, code, path) => {
    const wrong = given as Readonly<Record<string, string>>
    nothing.when(pauseJobs(wrong)).then(rejected(code as 'invalid-option', path, ANYBODY))
    nothing.when(resumeJobs(wrong)).then(rejected(code as 'invalid-option', path, ANYBODY))
  })

  test('for a reason or an end that no pause can have', () => {
    const long = 'x'.repeat(MAX_DESCRIPTION_CHARS + 1)
    nothing.when(pauseJobs(TEAM, { reason: '' })).then(rejected('invalid-option', 'reason', ANYBODY))
    nothing.when(pauseJobs(TEAM, { reason: long })).then(rejected('limit-exceeded', 'reason', ANYBODY))
    nothing.when(pauseJobs(TEAM, { until: MAX_INSTANT_MS + 1 })).then(rejected('invalid-option', 'until', ANYBODY))
  })

  test('when there are as many rules as there can be, unless it changes one of them', () => {
    const rules = Array.from({ length: MAX_PAUSE_RULES - 1 }, (_, i) => jobsPaused({ labels: { team: `${i}` } }))
    const last = { team: 'last' }
    const full = given(...rules)
      .when(pauseJobs(last))
      .then(jobsPaused({ labels: last }))
    full.when(pauseJobs({ team: 'over' })).then(rejected('limit-exceeded', 'labels', ANYBODY))
    full.when(pauseJobs(last, { reason: 'x' })).then(jobsPaused({ labels: last, reason: 'x' }))
    full
      .when(resumeJobs(last))
      .then(jobsResumed({ labels: last }))
      .when(pauseJobs({ team: 'over' }))
      .then(jobsPaused({ labels: { team: 'over' } }))
  })
})

test('the labels of a rule are kept as the log has them', () => {
  nothing.when(pauseJobs({ 'a\ud800': 'b\ud800' })).then(jobsPaused({ labels: { 'a\ufffd': 'b\ufffd' } }))
})

test('the labels of a rule stay what they were, whatever their owner does to them', () => {
  const mine = { team: 'a' }
  const stage = nothing.when(pauseJobs(mine)).then(jobsPaused({ labels: { team: 'a' } }))
  const asked = nothing.when(pauseJobs(mine))
  mine.team = 'b'
  asked.then(jobsPaused({ labels: { team: 'a' } }))
  expect(stage.state.pauseRules).toHaveLength(1)
})

test('a rule that nobody is under is a rule all the same', () => {
  given(job())
    .when(pauseJobs({ team: 'nobody' }))
    .then(jobsPaused({ labels: { team: 'nobody' } }))
    .at(at(10))
    .when(jobDue())
    .then(runQueued(at(10), { nextFireTime: at(20) }))
})
