// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_LABELS, MAX_NAME_CHARS, MAX_PAUSE_RULES } from '../../src/core/limits.ts'
import { date } from '../../src/core/triggers/make-trigger.ts'
import { jobAdded, jobFinished, jobModified, rejected, runQueued, runSkipped, times } from '../support/facts.ts'
import { addJob, jobDue } from '../support/inputs.ts'
import { at, every, JOB, resolved } from '../support/moments.ts'
import { given, held, nothing } from '../support/scenario.ts'
import { jobsPaused, jobsResumed } from './outcomes.ts'
import { modifyJob, pauseJobs, resumeJobs } from './requests.ts'

const TEAM = { team: 'a' }
const ANYBODY = { jobId: null }

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), labels: { team: 'a', env: 'live' }, ...over }, nextFireTime: at(10) })

describe('a pause by labels', () => {
  const paused = given(job())
    .when(pauseJobs(TEAM, { reason: 'audit' }))
    .then(jobsPaused({ labels: TEAM, reason: 'audit' }))

  test('is one event and a rule, and the job itself is as it was', () => {
    expect(paused.state.pauseRules).toEqual([{ labels: TEAM, reason: 'audit', until: null }])
    expect(paused.state.job(JOB)?.paused).toBe(null)
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
