// oxlint-disable vitest/expect-expect -- a scenario asserts with its own `then`
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { MAX_OPEN_RUNS } from '../../src/core/limits.ts'
import {
  jobAdded,
  jobFinished,
  jobModified,
  rejected,
  retries,
  retryScheduled,
  runCancelled,
  runFailed,
  runMissed,
  runNowQueued,
  runQueued,
  runSkipped,
  runStarted,
  runSucceeded,
  times,
} from '../support/facts.ts'
import { jobDue, report, runError, runJob } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given, type GivenStage } from '../support/scenario.ts'
import { asked, backfilled, by, statuses } from './outcomes.ts'
import { called, cancelRun, modifyJob } from './requests.ts'

const ANY = '*'
const FIRST = runAt(at(10))
const SECOND = runAt(at(20))
const THIRD = runAt(at(30))

const queueing = (over: Partial<JobDefinition> = {}): Partial<JobDefinition> => ({
  trigger: every('10s'),
  overlap: 'queue',
  ...over,
})
const job = (over: Partial<JobDefinition> = {}) => jobAdded({ job: queueing(over), nextFireTime: at(10) })

/** One run has its place, and two wait. */
function full(over: Partial<JobDefinition> = {}): GivenStage {
  return given(job(over), runQueued(at(10), { nextFireTime: at(20) }))
    .at(at(20))
    .when(jobDue())
    .then(runQueued(at(20), { after: ANY, nextFireTime: at(30) }))
    .at(at(30))
    .when(jobDue())
    .then(runQueued(at(30), { after: ANY, nextFireTime: at(40) }))
}

describe('a fire over maxInstances', () => {
  test('waits for a place and is not dispatched', () => {
    const stage = given(job(), runQueued(at(10), { nextFireTime: at(20) })).at(at(20))
    const when = stage.when(jobDue())
    const after = when.then(runQueued(at(20), { after: ANY, nextFireTime: at(30) }))
    expect(statuses(after)).toEqual(['queued', 'waiting'])
    expect(asked(when, after)).toEqual([])
  })

  test('gets the place when the run before it is over, first come first served', () => {
    const when = full().when(report('succeeded', FIRST))
    const second = when.then(runSucceeded(FIRST))
    expect(statuses(second)).toEqual(['queued', 'waiting'])
    expect(asked(when, second)).toEqual([`dispatch ${SECOND}`])
    const then = second.when(report('succeeded', SECOND))
    const third = then.then(runSucceeded(SECOND))
    expect(asked(then, third)).toEqual([`dispatch ${THIRD}`])
  })

  test.each([
    ['fails', report('failed', FIRST, { error: runError() }), [runFailed(FIRST)]],
    ['is picked up too late', report('missed', FIRST), [runMissed(at(10))]],
    [
      'is cancelled',
      cancelRun(FIRST),
      [runCancelled(FIRST, { ...by(), executor: null, reason: 'cancelled on request' })],
    ],
  ] as const)('gets the place as well when the run before it %s', (_how, input, events) => {
    const when = full().when(input)
    const after = when.then(...events)
    expect(statuses(after)).toEqual(['queued', 'waiting'])
    expect(asked(when, after)).toContain(`dispatch ${SECOND}`)
  })

  test('does not get the place while the run before it waits for its next attempt', () => {
    const stage = full({ retry: retries(2, { jitter: 0 }) })
      .when(report('failed', FIRST, { error: runError() }))
      .then(retryScheduled(FIRST, { retryAt: at(31) }))
    expect(statuses(stage)).toEqual(['retrying', 'waiting', 'waiting'])
  })

  test('stands for all times of its pass, as coalesce says', () => {
    given(job(), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(45))
      .when(jobDue())
      .then(runQueued(at(40), { after: ANY, coalesced: times(at(20), at(30)), nextFireTime: at(50) }))
  })

  test('keeps the time that it must start before, and may be missed by waiting', () => {
    const { state } = given(
      job({ misfireGraceMs: 5_000 }),
      runQueued(at(10), { startBefore: at(15), nextFireTime: at(20) }),
    )
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { after: ANY, startBefore: at(25), nextFireTime: at(30) }))
      .at(at(40))
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
      .when(report('missed', SECOND))
      .then(runMissed(at(20)))
    expect(state.job(JOB)?.counts).toMatchObject({ succeeded: 1, missed: 1 })
  })

  test('is taken out of the queue by a cancel, and the others close up', () => {
    const stage = full()
      .when(cancelRun(SECOND))
      .then(runCancelled(SECOND, { ...by(), executor: null, reason: 'cancelled on request' }))
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
    expect(stage.state.job(JOB)?.openRuns).toEqual([THIRD])
    expect(statuses(stage)).toEqual(['queued'])
  })

  test('keeps its job there until it is over', () => {
    const trigger = every('10s', { repeat: 2 })
    given(jobAdded({ job: queueing({ trigger }), nextFireTime: at(10) }), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { after: ANY }))
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
      .when(report('succeeded', SECOND))
      .then(runSucceeded(SECOND), jobFinished())
  })
})

describe('the queue is bounded:', () => {
  test('what comes when it is full is skipped as queue-full, and counted', () => {
    const { state } = full({ queueLimit: 2 })
      .at(at(55))
      .when(jobDue())
      .then(runSkipped('queue-full', times(at(40), at(50)), at(60)))
    expect(state.job(JOB)?.counts.skipped).toBe(2)
  })

  test('a place in it is free again when one of them begins', () => {
    full({ queueLimit: 2 })
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
      .at(at(40))
      .when(jobDue())
      .then(runQueued(at(40), { after: ANY, nextFireTime: at(50) }))
  })

  test('a run by hand waits in it, and is rejected when it is full', () => {
    const hand = called('hand')
    full({ queueLimit: 3 })
      .at(at(35))
      .when(runJob({ envelope: hand }))
      .then(runNowQueued(at(35), { after: ANY, nextFireTime: at(40) }, hand))
      .when(runJob({ envelope: called('more') }))
      .then(rejected('limit-exceeded', 'jobId', called('more')))
  })

  test('runs of a backfill that wait for their predecessor take no place in it', () => {
    given(
      job({ queueLimit: 1 }),
      backfilled(at(-20), { nextFireTime: at(10) }),
      backfilled(at(-10), { after: `${runAt(at(-20))}/c1`, nextFireTime: at(10) }),
    )
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { after: ANY, nextFireTime: at(20) }))
  })

  test(`and so are the runs of a job without an outcome, to ${MAX_OPEN_RUNS}`, () => {
    const [first, ...others] = Array.from({ length: MAX_OPEN_RUNS - 1 }, (_, i) => at(-MAX_OPEN_RUNS + i))
    const waiting = others.map((time) => backfilled(time, { after: `${runAt(first ?? 0)}/c1`, nextFireTime: at(10) }))
    given(job(), backfilled(first ?? 0, { nextFireTime: at(10) }), ...waiting)
      .at(at(10))
      .when(jobDue())
      .then(runQueued(at(10), { after: ANY, nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
      .then(runSkipped('queue-full', times(at(20)), at(30)))
  })
})

describe('a change of maxInstances', () => {
  const change = (maxInstances: number, over: Partial<JobDefinition> = {}) =>
    jobModified({ job: queueing({ maxInstances, ...over }), nextFireTime: at(40) })

  test('that allows more lets as many go as have a place, oldest first', () => {
    const when = full().when(modifyJob({ maxInstances: 2 }))
    const after = when.then(change(2))
    expect(statuses(after)).toEqual(['queued', 'queued', 'waiting'])
    expect(asked(when, after)).toContain(`dispatch ${SECOND}`)
    expect(asked(when, after)).not.toContain(`dispatch ${THIRD}`)
  })

  test('that allows many lets all go', () => {
    const after = full()
      .when(modifyJob({ maxInstances: 9 }))
      .then(change(9))
    expect(statuses(after)).toEqual(['queued', 'queued', 'queued'])
  })

  test('that allows fewer lets none begin until enough are over', () => {
    const fewer = given(
      job({ maxInstances: 2 }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runQueued(at(20), { nextFireTime: at(30) }),
      runQueued(at(30), { nextFireTime: at(40), after: ANY }),
    )
      .when(modifyJob({ maxInstances: 1 }))
      .then(change(1))
      .when(report('succeeded', FIRST))
      .then(runSucceeded(FIRST))
    expect(statuses(fewer)).toEqual(['queued', 'waiting'])
    expect(statuses(fewer.when(report('succeeded', SECOND)).then(runSucceeded(SECOND)))).toEqual(['queued'])
  })
})

test('runs that wait keep waiting when the job is changed to skip', () => {
  const stage = full()
    .when(modifyJob({ overlap: 'skip' }))
    .then(jobModified({ job: queueing({ overlap: 'skip' }), nextFireTime: at(40) }))
    .at(at(40))
    .when(jobDue())
    .then(runSkipped('max-instances', times(at(40)), at(50)))
    .when(report('succeeded', FIRST))
    .then(runSucceeded(FIRST))
  expect(statuses(stage)).toEqual(['queued', 'waiting'])
})

test('with two instances two run and the third waits', () => {
  const stage = given(job({ maxInstances: 2 }), runQueued(at(10), { nextFireTime: at(20) }), runStarted(FIRST))
    .at(at(20))
    .when(jobDue())
    .then(runQueued(at(20), { nextFireTime: at(30) }))
    .at(at(30))
    .when(jobDue())
    .then(runQueued(at(30), { after: ANY, nextFireTime: at(40) }))
  expect(statuses(stage)).toEqual(['running', 'queued', 'waiting'])
  expect(statuses(stage.when(report('succeeded', SECOND)).then(runSucceeded(SECOND)))).toEqual(['running', 'queued'])
})
