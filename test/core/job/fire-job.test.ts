// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import { date, interval } from '../../../src/core/triggers/make-trigger.ts'
import { jobDue as dueOf } from '../../../src/core/timers.ts'
import type { JobDefinition } from '../../../src/core/job/definition.ts'
import {
  jobAdded,
  jobFinished,
  runMissed,
  runNowQueued,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  times,
  timesMissed,
} from '../../support/facts.ts'
import { jobDue, report } from '../../support/inputs.ts'
import { at, every, JOB, resolved, runAt, T0, tens } from '../../support/moments.ts'
import { given, nothing } from '../../support/scenario.ts'

const job = (over: Partial<JobDefinition> = {}) =>
  jobAdded({ job: { trigger: every('10s'), ...over }, nextFireTime: at(10) })

const RUN = runAt(at(10))

describe('a timer', () => {
  test('queues the run of its time', () => {
    given(job())
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
  })

  test('that goes off early decides nothing', () => {
    given(job())
      .at(at(10) - 1)
      .when(jobDue())
      .then()
  })

  test('of a job that is not there decides nothing', () => {
    nothing.when(jobDue()).then()
  })

  test('that goes off twice queues one run', () => {
    given(job())
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
      .when(jobDue())
      .then()
  })

  test('queues nothing again for a decided time after the clock has stepped back', () => {
    given(job())
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(5))
      .when(jobDue())
      .then()
  })

  test('takes the executor and the version of the definition', () => {
    given(
      {
        type: 'ExecutorDeclared',
        executor: 'gpu',
        commandId: null,
        commandGiven: false,
        actor: null,
        commandOffset: null,
      },
      job({ executor: 'gpu' }),
    )
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { runId: runAt(at(10), '1-2-0'), executor: 'gpu', nextFireTime: at(20) }))
  })
})

describe('jitter', () => {
  const jittered = jobAdded({ job: { trigger: every('10s', { jitterMs: 5_000 }) }, nextFireTime: at(10) })

  test('delays a fire by what the job and the time give, and leaves the identity alone', () => {
    const { state } = given(jittered)
    const added = state.job(JOB)
    const due = (added && dueOf(state, added)) ?? 0
    expect(due).toBeGreaterThan(at(10))
    expect(due).toBeLessThanOrEqual(at(15))
    given(jittered)
      .at(due - 1)
      .when(jobDue())
      .then()
    given(jittered)
      .at(due)
      .when(jobDue())
      .then(runQueued(at(10), { dueAt: due, nextFireTime: at(20) }))
  })

  test('counts against the grace time from the delayed moment on', () => {
    const graceful = jobAdded({
      job: { trigger: every('10s', { jitterMs: 5_000 }), misfireGraceMs: 1_000 },
      nextFireTime: at(10),
    })
    const { state } = given(graceful)
    const added = state.job(JOB)
    const due = (added && dueOf(state, added)) ?? 0
    given(graceful)
      .at(due + 1_000)
      .when(jobDue())
      .then(runQueued(at(10), { dueAt: due, startBefore: due + 1_000, nextFireTime: at(20) }))
  })
})

describe('several due times', () => {
  test('run once, for the latest, when nothing else is said', () => {
    given(job())
      .at(at(35))
      .when(jobDue())
      .then(runQueued(at(30), { coalesced: times(at(10), at(20)), nextFireTime: at(40) }))
  })

  test('run once, for the earliest, with coalesce earliest', () => {
    given(job({ coalesce: 'earliest' }))
      .at(at(35))
      .when(jobDue())
      .then(runQueued(at(10), { coalesced: times(at(20), at(30)), nextFireTime: at(40) }))
  })

  test('run one after another with coalesce all', () => {
    given(job({ coalesce: 'all' }))
      .at(at(35))
      .when(jobDue())
      .then(
        runQueued(at(10), { nextFireTime: at(40) }),
        runQueued(at(20), { after: runAt(at(10)), nextFireTime: at(40) }),
        runQueued(at(30), { after: runAt(at(20)), nextFireTime: at(40) }),
      )
  })

  test('run the newest of them with coalesce all and a cap, the older ones are missed', () => {
    given(job({ coalesce: 'all', maxCatchUp: 2 }))
      .at(at(55))
      .when(jobDue())
      .then(
        timesMissed(times(at(10), at(20), at(30)), at(60)),
        runQueued(at(40), { nextFireTime: at(60) }),
        runQueued(at(50), { after: runAt(at(40)), nextFireTime: at(60) }),
      )
  })

  test('of a catch-up do not overlap: the successor is queued when its predecessor is over', () => {
    const { state } = given(job({ coalesce: 'all' }))
      .at(at(25))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(30) }), runQueued(at(20), { after: RUN, nextFireTime: at(30) }))
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN))
    expect(state.run(runAt(at(20)))?.status).toBe('queued')
  })

  test('more than a hundred are counted, and the first hundred listed', () => {
    given(job())
      .at(at(3_005))
      .when(jobDue())
      .then(runQueued(at(3_000), { coalesced: tens(1, 299), nextFireTime: at(3_010) }))
  })
})

describe('misfire grace', () => {
  const graceful = job({ misfireGraceMs: 15_000 })

  test('takes a time that is late by exactly the grace', () => {
    given(graceful)
      .at(at(25))
      .when(jobDue())
      .then(runQueued(at(20), { coalesced: times(at(10)), startBefore: at(35), nextFireTime: at(30) }))
  })

  test('drops times beyond it before the others are coalesced', () => {
    given(graceful)
      .at(at(35) + 1)
      .when(jobDue())
      .then(
        timesMissed(times(at(10), at(20)), at(30)),
        runQueued(at(30), { startBefore: at(45), nextFireTime: at(40) }),
      )
  })

  test('drops all of them when all are beyond it', () => {
    const { state } = given(job({ misfireGraceMs: 1_000 }))
      .at(at(38))
      .when(jobDue())
      .then(timesMissed(times(at(10), at(20), at(30)), at(40)))
    expect(state.job(JOB)?.counts.missed).toBe(3)
  })

  test('drops a date that was past when its job was added, and finishes the job', () => {
    const trigger = resolved(date(at(-60)))
    given(jobAdded({ job: { trigger, misfireGraceMs: 1_000 }, nextFireTime: at(-60) }))
      .when(jobDue())
      .then(timesMissed(times(at(-60)), null), jobFinished())
  })

  test('runs a date that was past when its job was added, when there is no grace time', () => {
    const trigger = resolved(date(at(-60)))
    given(jobAdded({ job: { trigger }, nextFireTime: at(-60) }))
      .when(jobDue())
      .then(runQueued(at(-60)))
  })

  test('is kept by the executor as well: what it picks up too late is missed', () => {
    given(graceful)
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { startBefore: at(25), nextFireTime: at(20) }))
      .when(report('missed', RUN))
      .then(runMissed(at(10)))
  })
})

describe('maxInstances', () => {
  test('skips a time while a run is queued, and counts it', () => {
    const { state } = given(job(), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(20)), at(30)))
    expect(state.job(JOB)?.counts.skipped).toBe(1)
  })

  test('skips all due times in one event', () => {
    given(job(), runQueued(at(10), { nextFireTime: at(20) }), runStarted(RUN))
      .at(at(45))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(20), at(30), at(40)), at(50)))
  })

  test('lets as many run as it says', () => {
    given(job({ maxInstances: 2 }), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { nextFireTime: at(30) }))
      .at(at(30))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(30)), at(40)))
  })

  test('counts a run by hand', () => {
    given(job(), runNowQueued(at(5), { nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(10)), at(20)))
  })

  test('does not count runs that wait for their predecessor', () => {
    given(
      job({ coalesce: 'all', maxInstances: 2 }),
      runQueued(at(10), { nextFireTime: at(30) }),
      runQueued(at(20), { after: RUN, nextFireTime: at(30) }),
    )
      .at(at(30))
      .when(jobDue())
      .then(runQueued(at(30), { nextFireTime: at(40) }))
  })

  test('drops what is beyond the grace time first, and skips the rest', () => {
    given(job({ misfireGraceMs: 10_000 }), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(45))
      .when(jobDue())
      .then(timesMissed(times(at(20), at(30)), at(40)), runSkipped('max-instances', times(at(40)), at(50)))
  })
})

describe('a job is finished', () => {
  const once = jobAdded({ job: { trigger: null }, nextFireTime: T0 })

  test('when its trigger has no next time and its last run is over', () => {
    const run = runAt(T0)
    const { state } = given(once)
      .when(jobDue())
      .then(runQueued(T0))
      .when(report('succeeded', run))
      .then(runSucceeded(run), jobFinished())
    expect(state.jobCount).toBe(0)
  })

  test('not before its last run is over', () => {
    const { state } = given(once).when(jobDue()).then(runQueued(T0))
    expect(state.jobCount).toBe(1)
  })

  test('when the run that keeps it is by hand, and the last times were skipped for it', () => {
    const hand = `${runAt(at(5))}/c1`
    const trigger = resolved(date(at(10)))
    given(jobAdded({ job: { trigger }, nextFireTime: at(10) }), runNowQueued(at(5), { nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(10)), null))
      .when(report('succeeded', hand))
      .then(runSucceeded(hand, { scheduledAt: at(5) }), jobFinished())
  })

  test('by the time that was asked for instead of its date', () => {
    const trigger = resolved(date(at(100)))
    given(jobAdded({ job: { trigger }, nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10)))
      .when(report('succeeded', runAt(at(10))))
      .then(runSucceeded(runAt(at(10))), jobFinished())
  })

  test('only by the last of its runs', () => {
    const trigger = resolved(interval('10s', { repeat: 2 }))
    const first = runAt(at(10))
    const second = runAt(at(20))
    given(jobAdded({ job: { trigger, coalesce: 'all' }, nextFireTime: at(10) }))
      .at(at(25))
      .when(jobDue())
      .then(runQueued(at(10)), runQueued(at(20), { after: first }))
      .when(report('succeeded', first))
      .then(runSucceeded(first))
      .when(report('succeeded', second))
      .then(runSucceeded(second), jobFinished())
  })

  test('after as many times as repeat says, those that one run stands for counted each', () => {
    const trigger = every('10s', { repeat: 4 })
    const run = runAt(at(30))
    given(jobAdded({ job: { trigger }, nextFireTime: at(10) }))
      .at(at(35))
      .when(jobDue())
      .then(runQueued(at(30), { coalesced: times(at(10), at(20)), nextFireTime: at(40) }))
      .when(report('succeeded', run))
      .then(runSucceeded(run))
      .at(at(40))
      .when(jobDue())
      .then(runQueued(at(40)))
  })

  test('after as many times as repeat says, whatever became of them', () => {
    const trigger = every('10s', { repeat: 3 })
    given(jobAdded({ job: { trigger, misfireGraceMs: 1_000 }, nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { startBefore: at(11), nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(20)), at(30)))
      .at(at(95))
      .when(jobDue())
      .then(timesMissed(times(at(30)), null))
      .when(report('succeeded', RUN))
      .then(runSucceeded(RUN), jobFinished())
  })
})
