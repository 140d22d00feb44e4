// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, test } from 'vitest'
import { MAX_TIMES_PER_DECISION } from '../../../src/core/limits.ts'
import type { JobDefinition } from '../../../src/core/job/definition.ts'
import {
  jobAdded,
  jobModified,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  timesMissed,
} from '../../support/facts.ts'
import { modifyJob } from '../../scenarios/requests.ts'
import { jobDue, report } from '../../support/inputs.ts'
import { at, every, runAt, tens } from '../../support/moments.ts'
import { given } from '../../support/scenario.ts'

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(10) })

const RUN = runAt(at(10))

describe('a backlog larger than one decision looks at', () => {
  const MORE = 5
  const ALL = MAX_TIMES_PER_DECISION + MORE
  const now = at(ALL * 10 + 1)
  const firstLeft = at((MAX_TIMES_PER_DECISION + 1) * 10)
  const next = at((ALL + 1) * 10)

  test('runs the very latest with coalesce latest, and the rest are skipped as coalesced', () => {
    given(job())
      .at(now)
      .when(jobDue())
      .then(runSkipped('coalesced', tens(1, MAX_TIMES_PER_DECISION), firstLeft))
      .when(jobDue())
      .then(runQueued(at(ALL * 10), { coalesced: tens(MAX_TIMES_PER_DECISION + 1, ALL - 1), nextFireTime: next }))
  })

  const firstOfAll = runQueued(at(10), {
    coalesced: tens(2, MAX_TIMES_PER_DECISION),
    coalescesThrough: now,
    nextFireTime: firstLeft,
  })

  test('runs the very first with coalesce earliest, once, also when there is room for more', () => {
    given(job({ coalesce: 'earliest', maxInstances: 3 }))
      .at(now)
      .when(jobDue())
      .then(firstOfAll)
      .at(now + 1)
      .when(jobDue())
      .then(runSkipped('coalesced', tens(MAX_TIMES_PER_DECISION + 1, ALL), next))
  })

  test('runs the very first with coalesce earliest, once, also when that run is over before the rest is looked at', () => {
    given(job({ coalesce: 'earliest' }))
      .at(now)
      .when(jobDue())
      .then(firstOfAll)
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN))
      .when(jobDue())
      .then(runSkipped('coalesced', tens(MAX_TIMES_PER_DECISION + 1, ALL), next))
  })

  test('and what comes due after it fires as ever', () => {
    given(job({ coalesce: 'earliest', maxInstances: 3 }))
      .at(now)
      .when(jobDue())
      .then(firstOfAll)
      .at(next)
      .when(jobDue())
      .then(
        runSkipped('coalesced', tens(MAX_TIMES_PER_DECISION + 1, ALL), next),
        runQueued(next, { nextFireTime: next + 10_000 }),
      )
  })

  test('that a run stands for already is judged anew when the job gets another next time', () => {
    given(job({ coalesce: 'earliest', maxInstances: 3 }))
      .at(now)
      .when(jobDue())
      .then(firstOfAll)
      .when(modifyJob({ trigger: null }))
      .then(
        runSkipped('coalesced', tens(MAX_TIMES_PER_DECISION + 1, ALL), next),
        jobModified({ job: { coalesce: 'earliest', maxInstances: 3 }, anchor: now, nextFireTime: now }),
      )
      .when(jobDue())
      .then(runQueued(now, { jobVersion: 2 }))
  })

  test('runs the newest with coalesce all, and misses the others', () => {
    const kept = MAX_TIMES_PER_DECISION - 1
    given(job({ coalesce: 'all', maxCatchUp: 2 }))
      .at(now)
      .when(jobDue())
      .then(timesMissed(tens(1, MAX_TIMES_PER_DECISION - 2), at(kept * 10)))
      .when(jobDue())
      .then(
        timesMissed(tens(kept, ALL - 2), next),
        runQueued(at((ALL - 1) * 10), { nextFireTime: next }),
        runQueued(at(ALL * 10), { after: runAt(at((ALL - 1) * 10)), nextFireTime: next }),
      )
  })

  test('loses none of the times that are within the grace of a catch-up', () => {
    // The first decision looks at times of which the last three are within the grace time.
    const graceful = job({ coalesce: 'all', misfireGraceMs: (MORE + 2) * 10_000 + 1_000 })
    const kept = MAX_TIMES_PER_DECISION - 2
    given(graceful)
      .at(now)
      .when(jobDue())
      .then(timesMissed(tens(1, kept - 1), at(kept * 10)))
  })

  test('is skipped as a whole while the job has no free instance', () => {
    given(job({ maxInstances: 1 }), runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
      .at(now)
      .when(jobDue())
      .then(runSkipped('coalesced', tens(2, MAX_TIMES_PER_DECISION + 1), firstLeft + 10_000))
      .when(jobDue())
      .then(runSkipped('max-instances', tens(MAX_TIMES_PER_DECISION + 2, ALL), next))
  })
})
