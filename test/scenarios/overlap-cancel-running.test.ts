// oxlint-disable vitest/expect-expect, promise/valid-params -- a scenario asserts with its own `then`, which is no promise's
import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/core/job/definition.ts'
import { TIMEOUT_SLACK_MS } from '../../src/core/limits.ts'
import {
  jobAdded,
  jobFinished,
  jobModified,
  retries,
  retryScheduled,
  runCancelled,
  runFailed,
  runNowQueued,
  runQueued,
  runStarted,
  runSucceeded,
  times,
  timesMissed,
} from '../support/facts.ts'
import { jobDue, report, runDue, runError, runJob } from '../support/inputs.ts'
import { at, every, JOB, runAt } from '../support/moments.ts'
import { given, type GivenStage } from '../support/scenario.ts'
import { asked, BY_ITSELF, statuses } from './outcomes.ts'
import { called, modifyJob } from './requests.ts'

const FIRST = runAt(at(10))
const SECOND = runAt(at(20))
const THIRD = runAt(at(30))
const DISPLACED = 'a later run of the job takes its place'
const OVERTAKEN = 'overtaken by a later run of the job'

const replacing = (over: Partial<JobDefinition> = {}): Partial<JobDefinition> => ({
  trigger: every('10s'),
  overlap: 'cancel-running',
  ...over,
})
const job = (over: Partial<JobDefinition> = {}) => jobAdded({ job: replacing(over), nextFireTime: at(10) })
const toStop = (runId: string) =>
  ({ type: 'RunCancelRequested', ...BY_ITSELF, jobId: JOB, runId, attempt: 1, reason: DISPLACED }) as const

function running(over: Partial<JobDefinition> = {}): GivenStage {
  return given(job(over), runQueued(at(10), { nextFireTime: at(20) }), runStarted(FIRST, { startedAt: at(11) }))
}

/** The first runs and was asked to stop, the second waits for it. */
function displaced(over: Partial<JobDefinition> = {}): GivenStage {
  return running(over)
    .at(at(20))
    .when(jobDue())
    .then(toStop(FIRST), runQueued(at(20), { after: FIRST, nextFireTime: at(30) }))
}

describe('a fire over maxInstances', () => {
  test('asks the run that runs to stop, and waits for its outcome', () => {
    const when = running().at(at(20)).when(jobDue())
    const after = when.then(toStop(FIRST), runQueued(at(20), { after: FIRST, nextFireTime: at(30) }))
    expect(statuses(after)).toEqual(['running', 'waiting'])
    expect(asked(when, after)).toEqual([`cancel ${FIRST}`])
  })

  test.each([
    [
      'is cancelled',
      report('cancelled', FIRST),
      runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled by its executor' }),
    ],
    ['succeeds all the same', report('succeeded', FIRST), runSucceeded(FIRST, { startedAt: at(11) })],
    ['fails', report('failed', FIRST), runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled on request' })],
  ] as const)('begins when that run %s', (_how, input, event) => {
    const when = displaced().when(input)
    const after = when.then(event)
    expect(statuses(after)).toEqual(['queued'])
    expect(asked(when, after)).toContain(`dispatch ${SECOND}`)
  })

  test('begins when that run, which never obeys, is ended by its time-out', () => {
    const when = displaced({ timeoutMs: 60_000 })
      .at(at(71) + TIMEOUT_SLACK_MS)
      .when(runDue(FIRST))
    const after = when.then(runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled on request' }))
    expect(asked(when, after)).toEqual([`cancel ${FIRST}`, `dispatch ${SECOND}`])
  })

  test('cancels a run that is queued, and begins at once', () => {
    const when = given(job(), runQueued(at(10), { nextFireTime: at(20) }))
      .at(at(20))
      .when(jobDue())
    const after = when.then(
      runCancelled(FIRST, { executor: null, reason: DISPLACED }),
      runQueued(at(20), { nextFireTime: at(30) }),
    )
    expect(statuses(after)).toEqual(['queued'])
    expect(asked(when, after)).toContain(`dispatch ${SECOND}`)
  })

  test('cancels a run that waits for its next attempt, and begins at once', () => {
    given(
      job({ retry: retries(5) }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(FIRST, { startedAt: at(11) }),
      retryScheduled(FIRST, { retryAt: at(60) }),
    )
      .at(at(20))
      .when(jobDue())
      .then(runCancelled(FIRST, { startedAt: at(11), reason: DISPLACED }), runQueued(at(20), { nextFireTime: at(30) }))
      .at(at(60))
      .when(runDue(FIRST))
      .then()
  })

  test('does not try the displaced run again, whatever its retries', () => {
    displaced({ retry: retries(5) })
      .when(report('failed', FIRST, { error: runError() }))
      .then(runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled on request' }))
  })

  test('stands for all times of its pass', () => {
    running()
      .at(at(45))
      .when(jobDue())
      .then(toStop(FIRST), runQueued(at(40), { after: FIRST, coalesced: times(at(20), at(30)), nextFireTime: at(50) }))
  })

  test('drops what is beyond the grace time first', () => {
    running({ misfireGraceMs: 5_000 })
      .at(at(42))
      .when(jobDue())
      .then(
        timesMissed(times(at(20), at(30)), at(40)),
        toStop(FIRST),
        runQueued(at(40), { after: FIRST, startBefore: at(45), nextFireTime: at(50) }),
      )
  })

  test('cancels nothing when there is room', () => {
    running({ maxInstances: 2 })
      .at(at(20))
      .when(jobDue())
      .then(runQueued(at(20), { nextFireTime: at(30) }))
  })

  test('cancels the oldest of several', () => {
    const both = given(
      job({ maxInstances: 2 }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(FIRST),
      runQueued(at(20), { nextFireTime: at(30) }),
      runStarted(SECOND),
    )
      .at(at(30))
      .when(jobDue())
      .then(toStop(FIRST), runQueued(at(30), { after: FIRST, nextFireTime: at(40) }))
    expect(statuses(both)).toEqual(['running', 'running', 'waiting'])
    const after = both
      .when(report('cancelled', FIRST))
      .then(runCancelled(FIRST, { startedAt: at(0), reason: 'cancelled by its executor' }))
    expect(statuses(after)).toEqual(['running', 'queued'])
  })
})

describe('a later fire', () => {
  test('overtakes the one that waits for the same run, and does not ask that run again', () => {
    const when = displaced().at(at(30)).when(jobDue())
    const after = when.then(
      runCancelled(SECOND, { executor: null, reason: OVERTAKEN }),
      runQueued(at(30), { after: FIRST, nextFireTime: at(40) }),
    )
    expect(statuses(after)).toEqual(['running', 'waiting'])
    const then = after.when(report('cancelled', FIRST))
    const begun = then.then(runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled by its executor' }))
    expect(asked(then, begun)).toContain(`dispatch ${THIRD}`)
  })

  test('displaces the one that has begun in the meantime', () => {
    displaced()
      .when(report('cancelled', FIRST))
      .then(runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled by its executor' }))
      .when(report('started', SECOND, { startedAt: at(21) }))
      .then(runStarted(SECOND, { startedAt: at(21) }))
      .at(at(30))
      .when(jobDue())
      .then(toStop(SECOND), runQueued(at(30), { after: SECOND, nextFireTime: at(40) }))
  })

  test('of several instances asks the next oldest, and overtakes who waits', () => {
    given(
      job({ maxInstances: 2 }),
      runQueued(at(10), { nextFireTime: at(20) }),
      runStarted(FIRST),
      runQueued(at(20), { nextFireTime: at(30) }),
      runStarted(SECOND),
      toStop(FIRST),
      runQueued(at(30), { after: FIRST, nextFireTime: at(40) }),
    )
      .at(at(40))
      .when(jobDue())
      .then(
        runCancelled(THIRD, { executor: null, reason: OVERTAKEN }),
        toStop(SECOND),
        runQueued(at(40), { after: SECOND, nextFireTime: at(50) }),
      )
  })
})

describe('a run by hand', () => {
  test('takes the place of what runs as well', () => {
    const hand = called('hand')
    running()
      .at(at(15))
      .when(runJob({ envelope: hand }))
      .then(toStop(FIRST), runNowQueued(at(15), { after: FIRST, nextFireTime: at(20) }, hand))
  })

  test('is displaced like any other', () => {
    const hand = `${runAt(at(5))}/c1`
    given(job(), runNowQueued(at(5), { nextFireTime: at(10) }))
      .at(at(10))
      .when(jobDue())
      .then(runCancelled(hand, { executor: null, reason: DISPLACED }), runQueued(at(10), { nextFireTime: at(20) }))
  })
})

describe('a new version that allows fewer runs than are open', () => {
  const three = given(
    job({ maxInstances: 3 }),
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(FIRST),
    runQueued(at(20), { nextFireTime: at(30) }),
    runStarted(SECOND),
    runQueued(at(30), { nextFireTime: at(40) }),
  )
    .when(modifyJob({ maxInstances: 1 }))
    .then(jobModified({ job: replacing(), nextFireTime: at(40) }))
  const fourth = runAt(at(40))

  test('makes the next fire displace all of them, and wait for a free place', () => {
    const after = three
      .at(at(40))
      .when(jobDue())
      .then(
        toStop(FIRST),
        toStop(SECOND),
        runCancelled(THIRD, { executor: null, reason: DISPLACED }),
        runQueued(at(40), { jobVersion: 2, after: '*', nextFireTime: at(50) }),
      )
    expect(statuses(after)).toEqual(['running', 'running', 'waiting'])
    const one = after.when(report('succeeded', FIRST)).then(runSucceeded(FIRST, { startedAt: at(0) }))
    expect(statuses(one)).toEqual(['running', 'waiting'])
    const when = one.when(report('succeeded', SECOND))
    const none = when.then(runSucceeded(SECOND, { startedAt: at(0) }))
    expect(asked(when, none)).toEqual([`dispatch ${fourth}`])
  })
})

test('the last fire of a trigger finishes the job when its run is over, not with the run that it displaced', () => {
  const trigger = every('10s', { repeat: 2 })
  given(
    jobAdded({ job: replacing({ trigger }), nextFireTime: at(10) }),
    runQueued(at(10), { nextFireTime: at(20) }),
    runStarted(FIRST, { startedAt: at(11) }),
  )
    .at(at(20))
    .when(jobDue())
    .then(toStop(FIRST), runQueued(at(20), { after: FIRST }))
    .when(report('cancelled', FIRST))
    .then(runCancelled(FIRST, { startedAt: at(11), reason: 'cancelled by its executor' }))
    .when(report('failed', SECOND, { error: runError() }))
    .then(runFailed(SECOND), jobFinished())
})
