// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, test } from 'vitest'
import type { JobDefinition } from '../../../src/core/job/definition.ts'
import { MAX_TIMES_PER_DECISION, TIMES_LISTED } from '../../../src/core/limits.ts'
import { date, interval } from '../../../src/core/triggers/make-trigger.ts'
import { jobsPaused } from '../../scenarios/outcomes.ts'
import { modifyJob, rescheduleJob } from '../../scenarios/requests.ts'
import {
  jobAdded,
  jobModified,
  rejected,
  runQueued,
  runSkipped,
  schedulePaused,
  times,
  timesMissed,
} from '../../support/facts.ts'
import { addJob, bytes } from '../../support/inputs.ts'
import { at, every, resolved, runAt, T0 } from '../../support/moments.ts'
import { given } from '../../support/scenario.ts'

const TEN = every('10s')
const HOURLY = every('1h')
const job = (over: Partial<JobDefinition> = {}) => jobAdded({ job: { trigger: TEN, ...over }, nextFireTime: at(10) })
/** Its next version fires every hour from `now` on. */
const hourly = (now: number, over: Partial<JobDefinition> = {}) =>
  jobModified({ job: { trigger: HOURLY, ...over }, anchor: now, nextFireTime: now + 3_600_000 })

describe('what came due before the job got another trigger', () => {
  test('runs as it would have run, by the version that it was due for', () => {
    const fired = runQueued(at(30), { coalesced: times(at(10), at(20)), nextFireTime: at(40) })
    const late = given(job()).at(at(35))
    late.when(modifyJob({ trigger: interval('1h') })).then(fired, hourly(at(35)))
    late.when(rescheduleJob(interval('1h'))).then(fired, hourly(at(35)))
    late.when(addJob({ trigger: interval('1h') })).then(fired, hourly(at(35)))
  })

  test('is judged by the grace and the coalescing that held for it', () => {
    given(job({ misfireGraceMs: 10_000, coalesce: 'earliest', maxInstances: 2 }))
      .at(at(35))
      .when(modifyJob({ trigger: interval('1h'), misfireGraceMs: null, coalesce: null, maxInstances: null }))
      .then(
        timesMissed(times(at(10), at(20)), at(30)),
        runQueued(at(30), { startBefore: at(40), nextFireTime: at(40) }),
        hourly(at(35)),
      )
  })

  test('is skipped where the job had no free instance', () => {
    given(job(), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(25))
      .when(rescheduleJob(interval('1h')))
      .then(runSkipped('max-instances', times(at(20)), at(30)), hourly(at(25)))
  })

  test.each([
    ['of its labels', jobsPaused({ labels: { team: 'a' } })],
    ['of the schedule', schedulePaused()],
  ])('is skipped during a pause %s', (_whose, paused) => {
    given(job({ labels: { team: 'a' } }), paused)
      .at(at(25))
      .when(rescheduleJob(interval('1h')))
      .then(runSkipped('paused', times(at(10), at(20)), at(30)), hourly(at(25), { labels: { team: 'a' } }))
  })

  test('is decided by another next fire time as well', () => {
    given(job())
      .at(at(15))
      .when(modifyJob({ nextFireTime: at(50) }))
      .then(runQueued(at(10), { nextFireTime: at(20) }), jobModified({ job: { trigger: TEN }, nextFireTime: at(50) }))
  })

  test('is not its last, however little is left of the old trigger', () => {
    const once = resolved(date(new Date(at(10)).toISOString()))
    given(jobAdded({ job: { trigger: once, misfireGraceMs: 1_000 }, nextFireTime: at(10) }))
      .at(at(60))
      .when(rescheduleJob(interval('1h')))
      .then(timesMissed(times(at(10)), null), hourly(at(60), { misfireGraceMs: 1_000 }))
  })

  test('waits for its timer when the change is refused', () => {
    given(job())
      .at(at(35))
      .when(rescheduleJob({ type: 'crontab', expression: '0 0 30 2 *' }))
      .then(rejected('never-fires', 'job.trigger.expression'))
    given(job())
      .at(at(35))
      .when(modifyJob({ nextFireTime: at(30) }))
      .then(rejected('invalid-option', 'job.nextFireTime'))
  })

  test('waits for its timer when its time stays, and then has the new version', () => {
    given(job())
      .at(at(15))
      .when(modifyJob({ name: 'greeter' }))
      .then(jobModified({ job: { trigger: TEN, name: 'greeter' }, nextFireTime: at(10) }))
  })

  test('and was to run once, now, runs once with what it is added with last', () => {
    given(jobAdded({ job: { payload: bytes('old') } }))
      .at(at(5))
      .when(addJob({ payload: bytes('new') }))
      .then(jobModified({ job: { payload: bytes('new') }, anchor: T0, nextFireTime: T0 }))
  })

  test('is decided first, in decisions of their own, when it is more than one decision looks at', () => {
    const all = MAX_TIMES_PER_DECISION + 1
    const now = at(all * 10 + 1)
    const listed = Array.from({ length: TIMES_LISTED }, (_, i) => at((i + 1) * 10))
    const looked = { first: at(10), last: at(MAX_TIMES_PER_DECISION * 10), count: MAX_TIMES_PER_DECISION, listed }
    const ask = rescheduleJob(interval('1h'))
    given(job())
      .at(now)
      .when(ask)
      .then(runSkipped('coalesced', looked, at(all * 10)))
      .when(ask)
      .then(runQueued(at(all * 10), { nextFireTime: at((all + 1) * 10) }), hourly(now))
  })

  test('is decided first, in a decision of its own, when it is a catch-up of many runs', () => {
    const ask = rescheduleJob(interval('1h'))
    const runs = [10, 20, 30, 40, 50].map((seconds, index) =>
      runQueued(at(seconds), { after: index === 0 ? null : runAt(at(seconds - 10)), nextFireTime: at(60) }),
    )
    given(job({ coalesce: 'all' }))
      .at(at(55))
      .when(ask)
      .then(...runs)
      .when(ask)
      .then(hourly(at(55), { coalesce: 'all' }))
  })
})
