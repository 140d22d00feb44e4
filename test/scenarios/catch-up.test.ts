// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_CATCH_UP, MAX_OPEN_RUNS } from '../../src/core/limits.ts'
import {
  jobAdded,
  jobFinished,
  jobPaused,
  jobRemoved,
  retries,
  retryScheduled,
  runCancelled,
  runFailed,
  runMissed,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  times,
  timesMissed,
} from '../support/facts.ts'
import { jobDue, removeJob, report, runError } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given, type GivenStage } from '../support/scenario.ts'
import { asked, backfilled, backfillOf, BY_ITSELF, statuses } from './outcomes.ts'

const ANY = '*'
const [FIRST, SECOND, THIRD, FOURTH] = [runAt(at(10)), runAt(at(20)), runAt(at(30)), runAt(at(40))] as const

const catchingUp = (over: Partial<JobDefinition> = {}): Partial<JobDefinition> => ({
  trigger: every('10s'),
  coalesce: 'all',
  ...over,
})
const job = (over: Partial<JobDefinition> = {}) => jobAdded({ job: catchingUp(over), nextFireTime: at(10) })

/** The scheduler was down for 35 seconds: three times are caught up with. */
function three(over: Partial<JobDefinition> = {}, before: string | null = null): GivenStage {
  return given(job(over))
    .at(at(35))
    .when(jobDue())
    .then(
      runQueued(at(10), { after: before, nextFireTime: at(40) }),
      runQueued(at(20), { after: FIRST, nextFireTime: at(40) }),
      runQueued(at(30), { after: SECOND, nextFireTime: at(40) }),
    )
}

describe('the runs of one catch-up', () => {
  test('do not overlap each other, however many instances the job may have', () => {
    const stage = three({ maxInstances: 9 })
    expect(statuses(stage)).toEqual(['queued', 'waiting', 'waiting'])
    const when = stage.when(report('succeeded', FIRST))
    const after = when.then(runSucceeded(FIRST))
    expect(statuses(after)).toEqual(['queued', 'waiting'])
    expect(asked(when, after)).toEqual([`dispatch ${SECOND}`])
  })

  test('run oldest first, and each in turn', () => {
    const stage = three()
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
      .when(report('failed', SECOND, { error: runError() }))
      .then(runFailed(SECOND))
    expect(stage.state.job(JOB)?.openRuns).toEqual([THIRD])
    expect(statuses(stage)).toEqual(['queued'])
  })

  test('wait while the one before is tried again', () => {
    const stage = three({ retry: retries(2, { jitter: 0 }) })
      .when(report('failed', FIRST, { error: runError() }))
      .then(retryScheduled(FIRST, { retryAt: at(36) }))
    expect(statuses(stage)).toEqual(['retrying', 'waiting', 'waiting'])
  })

  test('count as one instance: the next time comes beside them when there is a second one', () => {
    const stage = three({ maxInstances: 2 })
      .at(at(40))
      .when(jobDue())
      .then(runQueued(at(40), { nextFireTime: at(50) }))
    expect(statuses(stage)).toEqual(['queued', 'waiting', 'waiting', 'queued'])
  })

  test('of two passes are two rows', () => {
    const stage = three({ maxInstances: 2 })
      .at(at(55))
      .when(jobDue())
      .then(runQueued(at(40), { nextFireTime: at(60) }), runQueued(at(50), { after: FOURTH, nextFireTime: at(60) }))
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
    expect(statuses(stage)).toEqual(['queued', 'waiting', 'queued', 'waiting'])
  })

  test('are missed by waiting, when they are picked up beyond the grace time', () => {
    const { state } = given(job({ misfireGraceMs: 30_000 }))
      .at(at(35))
      .when(jobDue())
      .then(
        runQueued(at(10), { startBefore: at(40), nextFireTime: at(40) }),
        runQueued(at(20), { after: FIRST, startBefore: at(50), nextFireTime: at(40) }),
        runQueued(at(30), { after: SECOND, startBefore: at(60), nextFireTime: at(40) }),
      )
      .at(at(55))
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
      .when(report('missed', SECOND))
      .then(runMissed(at(20)))
    expect(state.run(THIRD)?.status).toBe('queued')
  })

  test('are cancelled from the last to the first when their job is removed', () => {
    const reason = 'the job was removed'
    three()
      .when(removeJob())
      .then(
        runCancelled(THIRD, { executor: null, reason }),
        runCancelled(SECOND, { executor: null, reason }),
        jobRemoved(),
      )
  })

  test('that were decided before a pause stay decided', () => {
    const stage = given(
      job(),
      runQueued(at(10), { nextFireTime: at(30) }),
      runQueued(at(20), { after: FIRST, nextFireTime: at(30) }),
      jobPaused(),
    )
    expect(statuses(stage)).toEqual(['queued', 'waiting'])
    stage.at(at(60)).when(jobDue()).then()
  })

  test('finish the job with the last of them', () => {
    const trigger = every('10s', { repeat: 2 })
    given(jobAdded({ job: catchingUp({ trigger }), nextFireTime: at(10) }))
      .at(at(90))
      .when(jobDue())
      .then(runQueued(at(10)), runQueued(at(20), { after: FIRST }))
      .when(report('missed', FIRST))
      .then(runMissed(at(10)))
      .when(report('succeeded', SECOND))
      .then(runSucceeded(SECOND), jobFinished())
  })
})

describe('maxCatchUp', () => {
  test('1 is the latest of them, and the others are missed, not coalesced', () => {
    const { state } = given(job({ maxCatchUp: 1 }))
      .at(at(35))
      .when(jobDue())
      .then(timesMissed(times(at(10), at(20)), at(40)), runQueued(at(30), { nextFireTime: at(40) }))
    expect(state.job(JOB)?.counts.missed).toBe(2)
  })

  test('as many as are due misses none', () => {
    three({ maxCatchUp: 3 })
  })

  test('counts after the grace time: what is beyond it is missed first', () => {
    given(job({ maxCatchUp: 2, misfireGraceMs: 25_000 }))
      .at(at(55))
      .when(jobDue())
      .then(
        timesMissed(times(at(10), at(20)), at(30)),
        timesMissed(times(at(30)), at(60)),
        runQueued(at(40), { startBefore: at(65), nextFireTime: at(60) }),
        runQueued(at(50), { after: FOURTH, startBefore: at(75), nextFireTime: at(60) }),
      )
  })

  test(`of ${MAX_CATCH_UP} is one decision`, () => {
    const { events } = given(job({ maxCatchUp: MAX_CATCH_UP }))
      .at(at((MAX_CATCH_UP + 7) * 10))
      .when(jobDue())
    expect(events.map(({ type }) => type).filter((type) => type === 'RunQueued')).toHaveLength(MAX_CATCH_UP)
    expect(events[0]).toMatchObject({ type: 'RunMissed', times: { count: 7 } })
  })

  test(`is less where the job would have more than ${MAX_OPEN_RUNS} runs without an outcome`, () => {
    const [first, ...others] = Array.from({ length: MAX_OPEN_RUNS - 2 }, (_, i) => at(-MAX_OPEN_RUNS + i))
    const filled = others.map((time) => backfilled(time, { after: backfillOf(first ?? 0), nextFireTime: at(10) }))
    given(job({ maxInstances: 2 }), backfilled(first ?? 0, { nextFireTime: at(10) }), ...filled)
      .at(at(35))
      .when(jobDue())
      .then(
        timesMissed(times(at(10)), at(40)),
        runQueued(at(20), { nextFireTime: at(40) }),
        runQueued(at(30), { after: SECOND, nextFireTime: at(40) }),
      )
      .at(at(40))
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(40)), at(50)))
  })
})

describe('a catch-up with overlap', () => {
  const running = (over: Partial<JobDefinition>) =>
    given(job(over), runQueued(at(10), { nextFireTime: at(20) }), runStarted(FIRST, { startedAt: at(11) })).at(at(45))

  test('skip is skipped as a whole while a run has the place', () => {
    running({})
      .when(jobDue())
      .then(runSkipped('max-instances', times(at(20), at(30), at(40)), at(50)))
  })

  test('queue waits for a place with its first run, the others for the one before', () => {
    const stage = running({ overlap: 'queue' })
      .when(jobDue())
      .then(
        runQueued(at(20), { after: ANY, nextFireTime: at(50) }),
        runQueued(at(30), { after: SECOND, nextFireTime: at(50) }),
        runQueued(at(40), { after: THIRD, nextFireTime: at(50) }),
      )
    const when = stage.when(report('succeeded', FIRST))
    const after = when.then(runSucceeded(FIRST, { startedAt: at(11) }))
    expect(statuses(after)).toEqual(['queued', 'waiting', 'waiting'])
    expect(asked(when, after)).toEqual([`dispatch ${SECOND}`])
  })

  test('queue takes one place in the queue, whatever its length', () => {
    running({ overlap: 'queue', queueLimit: 1 })
      .when(jobDue())
      .then(
        runQueued(at(20), { after: ANY, nextFireTime: at(50) }),
        runQueued(at(30), { after: SECOND, nextFireTime: at(50) }),
        runQueued(at(40), { after: THIRD, nextFireTime: at(50) }),
      )
      .at(at(50))
      .when(jobDue())
      .then(runSkipped('queue-full', times(at(50)), at(60)))
  })

  const toStop = { type: 'RunCancelRequested', ...BY_ITSELF, jobId: JOB, runId: FIRST, attempt: 1 } as const
  const displaced = { ...toStop, reason: 'a later run of the job takes its place' }

  test('cancel-running displaces what runs by its first run, the others wait for the one before', () => {
    const stage = running({ overlap: 'cancel-running' })
      .when(jobDue())
      .then(
        displaced,
        runQueued(at(20), { after: FIRST, nextFireTime: at(50) }),
        runQueued(at(30), { after: SECOND, nextFireTime: at(50) }),
        runQueued(at(40), { after: THIRD, nextFireTime: at(50) }),
      )
    expect(statuses(stage)).toEqual(['running', 'waiting', 'waiting', 'waiting'])
  })

  test('cancel-running lets a later fire overtake all that wait', () => {
    const reason = 'overtaken by a later run of the job'
    given(
      job({ overlap: 'cancel-running' }),
      runQueued(at(10), { nextFireTime: at(40) }),
      runStarted(FIRST, { startedAt: at(11) }),
      runQueued(at(20), { after: FIRST, nextFireTime: at(40) }),
      runQueued(at(30), { after: SECOND, nextFireTime: at(40) }),
    )
      .at(at(40))
      .when(jobDue())
      .then(
        runCancelled(SECOND, { executor: null, reason }),
        runCancelled(THIRD, { executor: null, reason }),
        displaced,
        runQueued(at(40), { after: FIRST, nextFireTime: at(50) }),
      )
  })

  test('cancel-running has room for one at least, however many have to go for it', () => {
    const [first, ...others] = Array.from({ length: MAX_OPEN_RUNS }, (_, i) => at(-MAX_OPEN_RUNS + i))
    const filled = others.map((time, i) =>
      backfilled(time, { after: backfillOf(at(-MAX_OPEN_RUNS + i)), nextFireTime: at(10) }),
    )
    const { events } = given(
      job({ overlap: 'cancel-running' }),
      backfilled(first ?? 0, { nextFireTime: at(10) }),
      ...filled,
    )
      .at(at(10))
      .when(jobDue())
    expect(events).toHaveLength(MAX_OPEN_RUNS + 1)
    expect(events.at(-1)).toEqual(runQueued(at(10), { nextFireTime: at(20) }))
  })

  test('cancel-running cancels what is queued and goes on at once', () => {
    given(job({ overlap: 'cancel-running' }), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(35))
      .when(jobDue())
      .then(
        runCancelled(FIRST, { executor: null, reason: 'a later run of the job takes its place' }),
        runQueued(at(20), { nextFireTime: at(40) }),
        runQueued(at(30), { after: SECOND, nextFireTime: at(40) }),
      )
  })
})
