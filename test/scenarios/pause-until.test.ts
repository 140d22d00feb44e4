// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_DESCRIPTION_CHARS, MAX_INSTANT_MS } from '../../src/core/limits.ts'
import { jobDue as dueOf, runDue as runDueOf } from '../../src/core/timers.ts'
import { jitterDelayMs } from '../../src/core/triggers/jitter.ts'
import { date } from '../../src/core/triggers/make-trigger.ts'
import {
  applied,
  jobAdded,
  jobFinished,
  jobPaused,
  jobResumed,
  rejected,
  retries,
  retryQueued,
  retryScheduled,
  runQueued,
  runStarted,
  runSucceeded,
  schedulePaused,
  times,
  timesMissed,
} from '../support/facts.ts'
import { jobDue, report, resumeJob, runDue } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt } from '../support/moments.ts'
import { given } from '../support/scenario.ts'
import { BY_ITSELF, scheduleResumed, SILENT } from './outcomes.ts'
import { pauseUntil, resumeSchedule } from './requests.ts'

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(10) })
const RUN = runAt(at(10))

describe('a pause until a time', () => {
  const paused = given(job())
    .when(pauseUntil(at(30), 'night'))
    .then(jobPaused({ reason: 'night', until: at(30) }))
  const over = jobResumed({ ...BY_ITSELF, through: at(30) - 1, skipped: times(at(10), at(20)), nextFireTime: at(30) })

  test('waits for that time, and for nothing before', () => {
    const there = paused.state.job(JOB)
    expect(there && dueOf(paused.state, there)).toBe(at(30))
    paused
      .at(at(30) - 1)
      .when(jobDue())
      .then()
  })

  test('ends by itself: what came due before is skipped, what is due then fires', () => {
    paused
      .at(at(30))
      .when(jobDue())
      .then(over)
      .when(jobDue())
      .then(runQueued(at(30), { nextFireTime: at(40) }))
  })

  test('skips nothing of what came due after it, however late its end is found', () => {
    const { state } = paused
      .at(at(65))
      .when(jobDue())
      .then(over)
      .when(jobDue())
      .then(runQueued(at(60), { coalesced: times(at(30), at(40), at(50)), nextFireTime: at(70) }))
    expect(state.job(JOB)?.counts.skipped).toBe(2)
  })

  test('leaves what came due after it to the grace time', () => {
    given(job({ misfireGraceMs: 10_000 }), jobPaused({ until: at(30) }))
      .at(at(65))
      .when(jobDue())
      .then(over)
      .when(jobDue())
      .then(
        timesMissed(times(at(30), at(40), at(50)), at(60)),
        runQueued(at(60), { startBefore: at(70), nextFireTime: at(70) }),
      )
  })

  test('is resumed late by hand as if it had ended in time', () => {
    paused
      .at(at(65))
      .when(resumeJob())
      .then(jobResumed({ through: at(30) - 1, skipped: times(at(10), at(20)), nextFireTime: at(30) }))
  })

  test('can be ended by hand before its time', () => {
    paused
      .at(at(15))
      .when(resumeJob())
      .then(jobResumed({ through: at(15), skipped: times(at(10)), nextFireTime: at(20) }))
  })

  test('that is past ends with the next timer, and nothing is skipped', () => {
    given(job())
      .at(at(5))
      .when(pauseUntil(at(2)))
      .then(jobPaused({ until: at(2) }))
      .when(jobDue())
      .then(jobResumed({ ...BY_ITSELF, through: at(2) - 1, nextFireTime: at(10) }))
  })

  test('can be moved, taken back, and said again without effect', () => {
    paused
      .when(pauseUntil(at(30), 'night'))
      .then(applied())
      .when(pauseUntil(at(60), 'night'))
      .then(jobPaused({ reason: 'night', until: at(60) }))
      .when(pauseUntil(null, 'night'))
      .then(jobPaused({ reason: 'night' }))
      .at(at(60))
      .when(jobDue())
      .then()
  })

  test('finishes the job when its only time came due in it', () => {
    const trigger = resolved(date(at(20)))
    given(jobAdded({ job: { trigger }, nextFireTime: at(20) }), jobPaused({ until: at(30) }))
      .at(at(30))
      .when(jobDue())
      .then(
        jobResumed({ ...BY_ITSELF, through: at(30) - 1, skipped: times(at(20)), nextFireTime: null }),
        jobFinished(),
      )
  })

  test('does not finish the job while a run is open; that run does', () => {
    const trigger = every('10s', { repeat: 2 })
    given(
      jobAdded({ job: { trigger }, nextFireTime: at(10) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      jobPaused({ until: at(30) }),
    )
      .at(at(30))
      .when(jobDue())
      .then(jobResumed({ ...BY_ITSELF, through: at(30) - 1, skipped: times(at(20)), nextFireTime: null }))
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN), jobFinished())
  })

  test('holds retries until it ends', () => {
    const held = given(
      job({ retry: retries(2) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(RUN),
      retryScheduled(RUN, { retryAt: at(12) }),
      jobPaused({ until: at(20) }),
    )
    held.at(at(15)).when(runDue(RUN)).then()
    const ended = held
      .at(at(20))
      .when(jobDue())
      .then(jobResumed({ ...BY_ITSELF, through: at(20) - 1, nextFireTime: at(20) }))
    const run = ended.state.run(RUN)
    expect(run && runDueOf(ended.state, run, SILENT)).toBe(at(12))
    ended.when(runDue(RUN)).then(retryQueued(RUN))
  })

  test('that ends while the whole schedule is paused is looked at when that goes on', () => {
    const held = given(job(), jobPaused({ until: at(30) }), schedulePaused())
    held.at(at(30)).when(jobDue()).then()
    held
      .at(at(55))
      .when(resumeSchedule())
      .then(scheduleResumed())
      .when(jobDue())
      .then(over)
      .when(jobDue())
      .then(runQueued(at(50), { coalesced: times(at(30), at(40)), nextFireTime: at(60) }))
  })

  describe('with jitter is judged by the moment at which a time comes due:', () => {
    const trigger = every('10s', { jitterMs: 9_000 })
    const due = at(10) + jitterDelayMs(JOB, at(10), 9_000)
    const jittered = (until: number) =>
      given(jobAdded({ job: { trigger }, nextFireTime: at(10) }), jobPaused({ until }))
        .at(until)
        .when(jobDue())

    test('one that comes after it fires, although it is nominally in it', () => {
      expect(due).toBeGreaterThan(at(10))
      jittered(due)
        .then(jobResumed({ ...BY_ITSELF, through: due - 1, nextFireTime: at(10) }))
        .when(jobDue())
        .then(runQueued(at(10), { dueAt: due, nextFireTime: at(20) }))
    })

    test('one that comes in it is skipped', () => {
      jittered(due + 1).then(jobResumed({ ...BY_ITSELF, through: due, skipped: times(at(10)), nextFireTime: at(20) }))
    })
  })
})

describe('a pause is rejected', () => {
  test.each([
    ['an empty reason', '', null, 'invalid-option', 'reason'],
    ['a reason over its limit', 'x'.repeat(MAX_DESCRIPTION_CHARS + 1), null, 'limit-exceeded', 'reason'],
    ['an end before 1970', null, -1, 'invalid-option', 'until'],
    ['an end after 9999', null, MAX_INSTANT_MS + 1, 'invalid-option', 'until'],
    ['half a millisecond', null, 0.5, 'invalid-option', 'until'],
  ] as const)('for %s', (_what, reason, until, code, path) => {
    given(job()).when(pauseUntil(until, reason)).then(rejected(code, path))
  })

  test('but not for a reason at its limit, or the last instant there is', () => {
    const reason = 'x'.repeat(MAX_DESCRIPTION_CHARS)
    given(job())
      .when(pauseUntil(MAX_INSTANT_MS, reason))
      .then(jobPaused({ reason, until: MAX_INSTANT_MS }))
  })
})
