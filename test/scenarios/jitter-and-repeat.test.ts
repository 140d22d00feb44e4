// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { MAX_TIMES_PER_DECISION } from '../../src/core/limits.ts'
import { jobDue as dueOf } from '../../src/core/timers.ts'
import { date, interval } from '../../src/core/triggers/make-trigger.ts'
import { jitterDelayMs } from '../../src/core/triggers/jitter.ts'
import { parseTrigger } from '../../src/core/triggers/parse-trigger.ts'
import {
  jobAdded,
  jobFinished,
  jobPaused,
  jobResumed,
  runNowQueued,
  runQueued,
  runSkipped,
  runSucceeded,
  times,
  timesMissed,
} from '../support/facts.ts'
import { addJob, jobDue, report, resumeJob, runJob } from '../support/inputs.ts'
import { at, every, JOB, resolved, runAt } from '../support/moments.ts'
import { given, type GivenStage, nothing } from '../support/scenario.ts'

interface Vector {
  readonly jobId: string
  readonly nominalMs: number
  readonly jitterMs: number
  readonly delayMs: number
}
const { vectors } = JSON.parse(
  readFileSync(new URL('../core/triggers/cases/jitter.json', import.meta.url), 'utf8'),
) as { readonly vectors: readonly Vector[] }
/** Those whose job id a job can have. */
const OF_JOBS = vectors.filter(({ jobId }) => /^[\w-]+$/.test(jobId))

function dueAt(stage: GivenStage, jobId: string = JOB): number | null | undefined {
  const job = stage.state.job(jobId)
  return job && dueOf(stage.state, job)
}

describe('jitter', () => {
  test.each(OF_JOBS)('of $jobId for $nominalMs within $jitterMs ms is $delayMs ms', (vector) => {
    const { jobId, nominalMs, jitterMs, delayMs } = vector
    const trigger = resolved(date(nominalMs, { jitterMs }), jobId)
    const added = given(jobAdded({ jobId, job: { trigger }, nextFireTime: nominalMs }))
    const due = nominalMs + delayMs
    expect(dueAt(added, jobId)).toBe(due)
    added
      .at(due - 1)
      .when(jobDue(jobId))
      .then()
    added
      .at(due)
      .when(jobDue(jobId))
      .then(runQueued(nominalMs, { jobId, dueAt: due }))
  })

  const jitterMs = 25_000
  const delay = (seconds: number): number => jitterDelayMs(JOB, at(seconds), jitterMs)
  const jittered = (over = {}) =>
    given(jobAdded({ job: { trigger: every('10s', { jitterMs }), ...over }, nextFireTime: at(10) }))

  test('leaves the run its nominal time: in its id, and as what its handler is told', () => {
    const { state } = jittered()
      .at(at(10) + delay(10))
      .when(jobDue())
      .then(runQueued(at(10), { dueAt: at(10) + delay(10), nextFireTime: at(20) }))
    expect(state.run(runAt(at(10)))).toMatchObject({ scheduledAt: at(10), dueAt: at(10) + delay(10) })
  })

  test('does not move the times after it: they hang on the nominal one', () => {
    const { state } = jittered()
      .at(at(10) + delay(10))
      .when(jobDue())
      .then(runQueued(at(10), { dueAt: at(10) + delay(10), nextFireTime: at(20) }))
    expect(state.job(JOB)?.nextFireTime).toBe(at(20))
  })

  test('larger than the interval keeps the order of the nominal times', () => {
    // The second comes up before the first, and yet is decided after it.
    const [first, second] = pair((a, b) => at(b) + delay(b) < at(a) + delay(a))
    const stage = given(
      jobAdded({
        job: { trigger: every('10s', { jitterMs }), maxInstances: 9, coalesce: 'all' },
        nextFireTime: at(first),
      }),
    )
    stage
      .at(at(second) + delay(second))
      .when(jobDue())
      .then()
    const now = at(first) + delay(first)
    const { events } = stage.at(now).when(jobDue())
    expect(events.slice(0, 2)).toMatchObject([
      { type: 'RunQueued', scheduledAt: at(first), dueAt: now },
      { type: 'RunQueued', scheduledAt: at(second), dueAt: at(second) + delay(second), after: runAt(at(first)) },
    ])
  })

  test('is no lateness: the grace time begins with the delayed moment', () => {
    const due = at(10) + delay(10)
    const graceful = jittered({ misfireGraceMs: 1_000 })
    graceful
      .at(due + 1_000)
      .when(jobDue())
      .then(runQueued(at(10), { dueAt: due, startBefore: due + 1_000, nextFireTime: at(20) }))
    const { events } = graceful.at(due + 1_001).when(jobDue())
    expect(events[0]).toMatchObject({ type: 'RunMissed', runId: null, times: { first: at(10) } })
  })

  test('is not there for a run by hand', () => {
    jittered()
      .at(at(3))
      .when(runJob())
      .then(runNowQueued(at(3), { nextFireTime: at(10) }))
  })

  test('differs from job to job, so that equal schedules spread', () => {
    const dues = ['a', 'b', 'c', 'd'].map((jobId) => {
      const job = { trigger: interval('10s', { jitterMs }) }
      return dueAt(
        nothing
          .when(addJob(job, { jobId }))
          .then(jobAdded({ jobId, job: { trigger: resolved(job.trigger, jobId) }, nextFireTime: at(10) })),
        jobId,
      )
    })
    expect(new Set(dues).size).toBe(dues.length)
  })

  test('waits in a pause for its nominal time like any other', () => {
    const paused = given(
      jobAdded({ job: { trigger: every('10s', { jitterMs }) }, nextFireTime: at(10) }),
      jobPaused(),
    ).at(at(10) + delay(10))
    const { events } = paused.when(resumeJob())
    expect(events).toMatchObject([{ type: 'JobResumed', skipped: { first: at(10) } }])
  })

  /** Two times in a row of the ten-second interval that are in a relation. */
  function pair(related: (a: number, b: number) => boolean): [number, number] {
    for (let seconds = 10; seconds < 10_000; seconds += 10) {
      if (related(seconds, seconds + 10)) return [seconds, seconds + 10]
    }
    throw new Error('no such pair')
  }
})

describe('repeat', () => {
  const repeated = (repeat: number, over = {}) =>
    jobAdded({ job: { trigger: every('10s', { repeat }), ...over }, nextFireTime: at(10) })

  test('1 is one fire, and the job is finished with its run', () => {
    given(repeated(1))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10)))
      .when(report('succeeded', runAt(at(10))))
      .then(runSucceeded(runAt(at(10))), jobFinished())
  })

  test('counts a time that was coalesced into another', () => {
    given(repeated(3))
      .at(at(25))
      .when(jobDue())
      .then(runQueued(at(20), { coalesced: times(at(10)), nextFireTime: at(30) }))
      .when(report('succeeded', runAt(at(20))))
      .then(runSucceeded(runAt(at(20))))
      .at(at(30))
      .when(jobDue())
      .then(runQueued(at(30)))
  })

  test('counts a time that was missed, and finishes a job of which nothing else is left', () => {
    given(repeated(2, { misfireGraceMs: 1_000 }))
      .at(at(60))
      .when(jobDue())
      .then(timesMissed(times(at(10), at(20)), null), jobFinished())
  })

  test('counts a time that was skipped because a run had the place', () => {
    given(repeated(2))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(20)), null))
      .when(report('succeeded', runAt(at(10))))
      .then(runSucceeded(runAt(at(10))), jobFinished())
  })

  test('counts a time that came due in a pause', () => {
    given(repeated(3), jobPaused())
      .at(at(25))
      .when(resumeJob())
      .then(jobResumed({ through: at(25), skipped: times(at(10), at(20)), nextFireTime: at(30) }))
      .at(at(30))
      .when(jobDue())
      .then(runQueued(at(30)))
  })

  test('does not count a run by hand', () => {
    given(repeated(2, { maxInstances: 9 }))
      .at(at(5))
      .when(runJob())
      .then(runNowQueued(at(5), { nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { nextFireTime: at(20) }))
  })

  test('ends a backlog in the middle', () => {
    given(repeated(3, { coalesce: 'all' }))
      .at(at(600))
      .when(jobDue())
      .then(runQueued(at(10)), runQueued(at(20), { after: runAt(at(10)) }), runQueued(at(30), { after: runAt(at(20)) }))
  })

  test('is counted across the decisions of a long backlog', () => {
    const repeat = MAX_TIMES_PER_DECISION + 2
    const last = at(repeat * 10)
    const stage = given(repeated(repeat)).at(last + 3_600_000)
    const first = stage.when(jobDue())
    expect(first.events).toMatchObject([
      { type: 'RunSkipped', why: 'coalesced', times: { count: MAX_TIMES_PER_DECISION }, nextFireTime: last - 10_000 },
    ])
    first
      .then(...first.events)
      .when(jobDue())
      .then(runQueued(last, { coalesced: times(last - 10_000) }))
  })

  test('stands on any trigger, also on a combination', () => {
    const trigger = parseTrigger({ type: 'or', triggers: [interval('10s'), interval('25s')], repeat: 3 })
    given(jobAdded({ job: { trigger: resolved(trigger), maxInstances: 9 }, nextFireTime: at(10) }))
      .at(at(27))
      .when(jobDue())
      .then(runQueued(at(25), { coalesced: times(at(10), at(20)) }))
  })
})
